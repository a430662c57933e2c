"""What is known of WhatsApp without calling it (developers.facebook.com, Cloud API; November 2026)."""

from django.utils.translation import gettext_lazy as _

from kentongan.channels import counting
from kentongan.channels.contract import Counting, Limits, Manifest, Setting
from kentongan.core.ids import public_id

TEXT = 4_096
SERVICE = "https://graph.facebook.com/v24.0"

MANIFEST = Manifest(
    kind="whatsapp",
    label="WhatsApp",
    icon="brand-whatsapp",
    limits=Limits(TEXT),
    count=counting.counter(counting.utf16, TEXT, Counting.CHARACTERS),
    new_key=public_id,
    note=_(
        "People share content to WhatsApp from their own phones; a business number only writes to those who agreed."
    ),
    neutral_only=True,
    rehearsed_only=True,
    settings=(
        Setting(
            "number_id",
            _("Phone number ID"),
            help=_("From WhatsApp Manager, API Setup: a number of some 15 digits, not the phone number itself."),
        ),
        Setting("business_id", _("WhatsApp Business Account ID"), help=_("It stands beside the phone number ID.")),
        Setting(
            "token",
            _("Token of the system user"),
            secret=True,
            type="password",
            help=_("One that does not expire, with whatsapp_business_messaging and whatsapp_business_management."),
        ),
        Setting(
            "app_secret",
            _("App secret"),
            secret=True,
            type="password",
            help=_("From the app's settings, Basic: with it we know that a receipt comes from Meta."),
        ),
        Setting(
            "template",
            _("Name of the template"),
            help=_("An approved template whose body has {{1}} for the message and {{2}} for how to end such messages."),
        ),
        Setting("language", _("Language of the template"), initial="id"),
        Setting(
            "service",
            _("Server address"),
            initial=SERVICE,
            type="url",
            help=_("Leave it as it is; it names the version of the Graph API."),
        ),
    ),
)
