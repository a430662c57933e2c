"""Forms of the room Temu; they parse, the actions decide."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kentongan.core.actor import Actor
from kentongan.gatherings import queries
from kentongan.gatherings.actions import Plan
from kentongan.missions.forms import MomentInput
from kentongan.registry.fields import UnitField


class GatheringForm(forms.Form):
    """What, where and when."""

    unit = UnitField(label=_("Unit"))
    title = forms.CharField(label=_("Theme"), max_length=200)
    aim = forms.CharField(label=_("What we want to reach"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
    place = forms.CharField(label=_("Place"), max_length=200)
    starts_at = forms.DateTimeField(label=_("Begins"), widget=MomentInput())
    ends_at = forms.DateTimeField(label=_("Ends"), widget=MomentInput())
    issue = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, actor: Actor, *args: Any, changing: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if changing:
            del self.fields["unit"], self.fields["issue"]
        else:
            self.fields["unit"].offer(queries.planning_units(actor))  # type: ignore[attr-defined]

    def plan(self) -> Plan:
        """Return what the form says."""
        data = self.cleaned_data
        return Plan(data["title"], data["place"], data["starts_at"], data["ends_at"], data["aim"])


class GuestForm(forms.Form):
    """A guest who is not in the registry."""

    name = forms.CharField(label=_("Guest's name"), max_length=200)
    community = forms.CharField(label=_("Community or office"), required=False, max_length=200)
    contact = forms.EmailField(label=_("E-mail"), required=False)
    consent_note = forms.CharField(
        label=_("How they agreed to be listed"),
        max_length=300,
        help_text=_("For example: agreed by telephone on 20 November."),
    )


class QuestionForm(forms.Form):
    """A question from the floor."""

    text = forms.CharField(label=_("Question"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))
    asked_by = forms.IntegerField(required=False)


class AnswerForm(forms.Form):
    """An answer with its source."""

    answer = forms.CharField(label=_("The answer"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    source = forms.CharField(label=_("Source"), max_length=300, help_text=_("An office, a letter, a regulation."))
    source_url = forms.URLField(label=_("Link to the source"), required=False, max_length=500, assume_scheme="https")


class NoteForm(forms.Form):
    """What came of it, and what follows."""

    note = forms.CharField(label=_("Note of the meeting"), widget=forms.Textarea(attrs={"rows": 6}))
    follow_up = forms.CharField(
        label=_("What follows"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Who does what by when."),
    )
