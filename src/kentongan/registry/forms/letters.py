"""The part of a form that asks for the letter on which a decision rests."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kentongan.core.actor import Actor
from kentongan.core.models import StoredFile
from kentongan.core.permissions import Capability
from kentongan.registry.actions.letters import keep_scan
from kentongan.registry.forms.common import DayInput


class LetterFields(forms.Form):
    """Number, date and scan of a letter; mixed into the form of what rests on it."""

    letter_number = forms.CharField(
        label=_("Number of the letter"), max_length=120, required=False, help_text=_("For example 012/SK/DPC/XI/2026.")
    )
    letter_dated = forms.DateField(label=_("Date of the letter"), required=False, widget=DayInput())
    letter_file = forms.FileField(label=_("Scan of the letter"), required=False, help_text=_("PDF or picture."))

    def clean(self) -> dict[str, Any]:
        """Mark the field that is missing: a letter has a number and a date, and a scan is one of a letter."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        number, dated = values.get("letter_number"), values.get("letter_dated")
        if number and not dated and "letter_dated" not in self.errors:
            self.add_error("letter_dated", _("Which date does the letter bear?"))
        if not number and (dated or values.get("letter_file")) and "letter_number" not in self.errors:
            self.add_error("letter_number", _("Which number does the letter have?"))
        return values

    def letter(self, actor: Actor, unit_id: int, capability: Capability = Capability.ADMINISTER) -> dict[str, Any]:
        """Return what `note_letter` takes; the scan is kept first, outside any transaction."""
        upload = self.cleaned_data.pop("letter_file", None)
        file: StoredFile | None = keep_scan(actor, unit_id, upload, upload.name, capability) if upload else None
        return {
            "number": self.cleaned_data.pop("letter_number", ""),
            "dated": self.cleaned_data.pop("letter_dated", None),
            "file": file,
            "capability": capability,
        }
