"""Forms for contacts outside the tree."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kentongan.registry import coverage
from kentongan.registry.fields import UnitField
from kentongan.registry.models import Contact

TEXT = {"rows": 3}


class NotedForm(forms.Form):
    """What is noted about a contact, as they themselves may correct it."""

    full_name = forms.CharField(
        label=_("Name"), max_length=200, help_text=_("Of the person, or of the community or agency itself.")
    )
    organisation = forms.CharField(label=_("Organisation or outlet"), max_length=200, required=False)
    phone = forms.CharField(
        label=_("Phone"), max_length=30, required=False, widget=forms.TextInput({"inputmode": "tel"})
    )
    email = forms.EmailField(label=_("E-mail"), required=False)
    topics = forms.CharField(
        label=_("Topics"), max_length=600, required=False, help_text=_("With commas between them: health, traffic.")
    )
    areas = forms.CharField(
        label=_("Areas"),
        max_length=600,
        required=False,
        help_text=_("Which areas they cover, by name or code, with semicolons between them: Kab. Bekasi; 32.16.09."),
    )
    notes = forms.CharField(label=_("Notes"), max_length=2000, required=False, widget=forms.Textarea(TEXT))

    def given(self) -> dict[str, Any]:
        """Return what the form holds, as `contacting.clean` reads it."""
        data = dict(self.cleaned_data)
        return {**data, "topics": _lines(data["topics"], ","), "areas": coverage.split(data["areas"])}


class ContactForm(NotedForm):
    """A contact as a unit notes it, with where it was found."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Contact.Kind.choices)
    accounts = forms.CharField(
        label=_("Public accounts"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(TEXT | {"autocapitalize": "none", "spellcheck": "false"}),
        help_text=_("One address on each line, as the app copies it: https://www.instagram.com/kabar.bekasi"),
    )
    source = forms.ChoiceField(label=_("How you have this"), choices=Contact.Source.choices)
    basis = forms.CharField(
        label=_("From where exactly"),
        max_length=200,
        help_text=_("The address of the page, or the meeting, card or list with its date. They see it."),
    )
    notes = forms.CharField(
        label=_("Notes"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(TEXT),
        help_text=_("They see them on their own page."),
    )
    field_order = (
        "kind",
        "full_name",
        "organisation",
        "phone",
        "email",
        "accounts",
        "topics",
        "areas",
        "source",
        "basis",
        "notes",
    )

    def given(self) -> dict[str, Any]:
        """Return what the form holds, as `contacting.clean` reads it."""
        return {**super().given(), "accounts": _lines(self.cleaned_data["accounts"], "\n")}


class NewContactForm(ContactForm):
    """A contact who is new; who left before comes back only by their own word."""

    asked_back = forms.BooleanField(
        label=_("They asked for it themselves"),
        required=False,
        help_text=_("Needed only for somebody who had themselves removed here before."),
    )


class HandOnForm(forms.Form):
    """Which unit keeps a contact from now on."""

    unit = UnitField(label=_("Unit"))


def _lines(text: str, between: str) -> list[str]:
    return [part.strip() for part in text.split(between) if part.strip()]


def initial(contact: Contact) -> dict[str, Any]:
    """Return a contact as the fields show it; accounts are added there, never repeated."""
    person = contact.person
    return {
        "full_name": person.full_name,
        "phone": person.phone,
        "email": person.email,
        "basis": person.basis,
        "kind": contact.kind,
        "source": contact.source,
        "organisation": contact.organisation,
        "notes": contact.notes,
        "topics": ", ".join(contact.topics),
        "areas": coverage.spoken(contact.areas, contact.unit.area_code),
    }
