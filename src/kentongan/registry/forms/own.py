"""Forms of the pages on which people see what is kept about them."""

from django import forms
from django.utils.translation import gettext_lazy as _

from kentongan.channels import addresses
from kentongan.channels import registry as channels


class CorrectForm(forms.Form):
    """One's own name and how to be reached."""

    full_name = forms.CharField(label=_("Full name"), max_length=200)
    phone = forms.CharField(
        label=_("Phone"), max_length=30, required=False, widget=forms.TextInput({"inputmode": "tel"})
    )
    email = forms.EmailField(label=_("E-mail"), required=False)


class OwnAccountForm(forms.Form):
    """An account of one's own, pasted as it comes."""

    account = forms.CharField(
        label=_("Address or handle"),
        max_length=1000,
        help_text=_("In the app choose “Share profile” or “Copy link” and paste it here."),
        widget=forms.TextInput({"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}),
    )
    platform = forms.ChoiceField(label=_("Platform"), required=False)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        known = [(kind, channels.label(kind)) for kind in addresses.platforms() if kind in channels.kinds()]
        self.fields["platform"].choices = [("", _("As the address says")), *known]  # type: ignore[attr-defined]
