"""The form for complaints."""

from datetime import datetime, time
from typing import Any
from uuid import uuid4

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kentongan.core import clock
from kentongan.listening.actions.complaints import LONGEST, SHORTEST, Complaint, Heard, places_of
from kentongan.listening.models import Source


class ComplaintForm(forms.Form):
    """What somebody brings; its hidden key lets it come in once, however often it is sent."""

    text = forms.CharField(
        label=_("What is wrong?"),
        min_length=SHORTEST,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("What happened, and where exactly. Leave names and numbers of people out."),
    )
    place = forms.ChoiceField(label=_("In which area?"), required=False)
    day = forms.DateField(
        label=_("When was it?"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), required=False
    )
    heard = forms.ChoiceField(label=_("How do you know of it?"), choices=Heard.choices)
    said_by = forms.CharField(
        label=_("Who brings it?"),
        max_length=100,
        required=False,
        help_text=_("Your community or your name, so that two voices count as two. It is kept as a code only."),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, source: Source, **more: Any) -> None:
        more["initial"] = {"key": uuid4(), "heard": Heard.SEEN}
        super().__init__(*args, **more)
        self.zone = clock.zone(source.unit.timezone)
        self.fields["place"].choices = [("", _("Not one of them, or I do not know")), *places_of(source)]  # type: ignore[attr-defined]

    def complaint(self) -> Complaint:
        """Return what was entered; a day before today is taken at noon."""
        data, day = self.cleaned_data, self.cleaned_data["day"]
        past = day is not None and day != timezone.localtime(clock.now(), self.zone).date()
        at = datetime.combine(day, time(12), self.zone) if past else None
        return Complaint(str(data["key"]), data["text"], data["heard"], data["place"], at, data["said_by"])
