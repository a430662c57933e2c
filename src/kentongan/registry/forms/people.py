"""Forms for people and colleagues."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kentongan.core.permissions import Role
from kentongan.registry.fields import UnitField
from kentongan.registry.forms.common import DayInput


class ColleagueForm(forms.Form):
    """Somebody who is to sign in, and their role here."""

    name = forms.CharField(label=_("Name"), max_length=150)
    email = forms.EmailField(label=_("E-mail"), help_text=_("They sign in with a code that is sent to this address."))
    title = forms.CharField(label=_("Position"), max_length=120, required=False)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class CorrectionForm(forms.Form):
    """How somebody is called and reached."""

    full_name = forms.CharField(label=_("Full name"), max_length=200)
    phone = forms.CharField(label=_("Phone"), max_length=30, required=False)
    email = forms.EmailField(label=_("E-mail"), required=False)


class PostForm(forms.Form):
    """A position and its term."""

    title = forms.CharField(label=_("Position"), max_length=120)
    starts_on = forms.DateField(label=pgettext_lazy("day", "From"), required=False, widget=DayInput())
    ends_on = forms.DateField(label=_("Until"), required=False, widget=DayInput())


class NewPostForm(PostForm):
    """A position at a unit, which is chosen from those that the person at the screen administers."""

    unit = UnitField(label=_("Unit"))
    field_order = ("unit", "title", "starts_on", "ends_on")


class PersonForm(forms.Form):
    """Somebody of the organisation who need not sign in."""

    full_name = forms.CharField(label=_("Full name"), max_length=200)
    title = forms.CharField(label=_("Position"), max_length=120)
    basis = forms.CharField(
        label=_("Basis"), max_length=200, help_text=_("The list or letter this record rests on, with its date.")
    )
    phone = forms.CharField(label=_("Phone"), max_length=30, required=False)
    email = forms.EmailField(label=_("E-mail"), required=False)
