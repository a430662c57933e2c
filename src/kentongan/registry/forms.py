"""Forms of the registry; what they hold is checked again by the actions."""

from django import forms
from django.utils.translation import gettext_lazy as _

from kentongan.channels import registry as channels
from kentongan.core.permissions import Role
from kentongan.registry.models import Unit


class UnitForm(forms.Form):
    """A new unit below the one on screen."""

    name = forms.CharField(label=_("Name"), max_length=200)
    code = forms.CharField(label=_("Code"), max_length=40, help_text=_("Unique here, for example 32.16.20."))
    level = forms.ChoiceField(label=_("Area level"), choices=Unit.Level.choices)
    kind = forms.ChoiceField(label=_("Kind"), choices=Unit.Kind.choices)


class ColleagueForm(forms.Form):
    """Somebody who is to sign in, and their role here."""

    name = forms.CharField(label=_("Name"), max_length=150)
    email = forms.EmailField(label=_("E-mail"), help_text=_("They sign in with a code that is sent to this address."))
    title = forms.CharField(label=_("Position"), max_length=120, required=False)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class PersonForm(forms.Form):
    """Somebody of the organisation who need not sign in."""

    full_name = forms.CharField(label=_("Full name"), max_length=200)
    title = forms.CharField(label=_("Position"), max_length=120)
    basis = forms.CharField(
        label=_("Basis"), max_length=200, help_text=_("The list or letter this record rests on, with its date.")
    )
    phone = forms.CharField(label=_("Phone"), max_length=30, required=False)
    email = forms.EmailField(label=_("E-mail"), required=False)


class AccountForm(forms.Form):
    """An official account of the unit on screen."""

    platform = forms.ChoiceField(label=_("Platform"))
    handle = forms.CharField(label=_("Handle"), max_length=200)
    display_name = forms.CharField(label=_("Name shown"), max_length=200, required=False)
    url = forms.URLField(label=_("Address"), required=False, assume_scheme="https")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["platform"].choices = channels.choices()  # type: ignore[attr-defined]
