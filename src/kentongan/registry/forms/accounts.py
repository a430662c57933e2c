"""Forms for accounts."""

from django import forms
from django.utils.translation import gettext_lazy as _

from kentongan.channels import registry as channels


class AccountForm(forms.Form):
    """An official account of the unit on screen."""

    handle = forms.CharField(
        label=_("Address or handle"),
        max_length=500,
        help_text=_("Paste the link that the app copies, or type the handle and choose the platform."),
    )
    platform = forms.ChoiceField(label=_("Platform"), required=False)
    display_name = forms.CharField(label=_("Name shown"), max_length=200, required=False)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["platform"].choices = [("", _("As the address says")), *channels.choices()]  # type: ignore[attr-defined]
