"""What the audit log calls the acts of this app."""

from django.utils.translation import gettext_lazy as _

from kentongan.core import verbs

verbs.name(
    {
        "web.profile.change": _("changed their own profile"),
    }
)
