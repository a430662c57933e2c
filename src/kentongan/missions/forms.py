"""Forms of the staff screens and of the answers; they parse, the actions decide."""

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kentongan.core.actor import Actor
from kentongan.core.sniff import IMAGES
from kentongan.missions.models import Audience, Evidence
from kentongan.missions.queries import instructions as queries
from kentongan.missions.queries import missions as mission_queries
from kentongan.registry.fields import UnitField
from kentongan.registry.models import Unit

STARTERS = 4


class MomentInput(forms.DateTimeInput):
    """The browser's own field for day and time."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class InstructionForm(forms.Form):
    """What is to be done, by whom, until when."""

    unit = UnitField(label=_("From"))
    scope = UnitField(label=_("To all under"))
    title = forms.CharField(label=_("Title"), max_length=200)
    text = forms.CharField(
        label=_("What is to be done"),
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("What, why, and how you will see that it is done."),
    )
    due_at = forms.DateTimeField(label=_("Due by"), widget=MomentInput())
    audience = forms.ChoiceField(
        label=_("Who answers"), choices=Audience.choices, widget=forms.RadioSelect, initial=Audience.UNITS
    )
    level = forms.ChoiceField(
        label=_("Only units of this level"), required=False, choices=[("", _("All levels")), *Unit.Level.choices]
    )
    title_filter = forms.CharField(
        label=_("Only people with this title"),
        required=False,
        max_length=100,
        help_text=_("For example: Ketua. Counts only when people answer; empty means everybody."),
    )
    evidence = forms.ChoiceField(
        label=_("Evidence wanted"), choices=Evidence.choices, widget=forms.RadioSelect, initial=Evidence.NONE
    )
    issue = forms.IntegerField(required=False, widget=forms.HiddenInput)
    item = forms.IntegerField(required=False, widget=forms.HiddenInput)
    form_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"form_key": uuid.uuid4()} | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        units = queries.issuing_units(actor)
        self.fields["unit"].offer(units)  # type: ignore[attr-defined]
        self.fields["scope"].offer(units)  # type: ignore[attr-defined]


class AnswerForm(forms.Form):
    """Done, with whatever evidence there is, or declined with a reason."""

    note = forms.CharField(
        label=_("Short report"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    link = forms.URLField(label=_("Link to the result"), required=False, max_length=500, assume_scheme="https")
    proof = forms.FileField(label=_("Photo or file"), required=False)
    reason = forms.CharField(
        label=_("Why not"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )


class ReasonForm(forms.Form):
    """Why something ends."""

    reason = forms.CharField(required=False, max_length=300)


class MissionForm(forms.Form):
    """What people are asked to share, and how they may begin."""

    unit = UnitField(label=_("From"))
    scope = UnitField(label=_("To all under"))
    title = forms.CharField(label=_("What you ask for, in one line"), max_length=120)
    text = forms.CharField(
        label=_("What it is about"),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Two or three sentences with the facts. People do not copy this; they tell it in their own words."),
    )
    purpose = forms.ChoiceField(label=_("Purpose"), widget=forms.RadioSelect)
    link = forms.URLField(label=_("Link to share"), required=False, max_length=500, assume_scheme="https")
    image = forms.FileField(
        label=_("Picture"), required=False, widget=forms.ClearableFileInput(attrs={"accept": ",".join(sorted(IMAGES))})
    )
    image_alt = forms.CharField(label=_("Description of the picture"), required=False, max_length=500)
    starters = forms.CharField(
        label=_("Ways to begin"),
        required=False,
        widget=forms.Textarea(attrs={"rows": STARTERS}),
        help_text=_("One a line, each different: a beginning that people finish in their own words."),
    )
    title_filter = forms.CharField(
        label=_("Only people with this title"),
        required=False,
        max_length=100,
        help_text=_("For example: Ketua. Empty means everybody."),
    )
    closes_at = forms.DateTimeField(label=_("Closes"), widget=MomentInput())
    item = forms.IntegerField(required=False, widget=forms.HiddenInput)
    form_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"form_key": uuid.uuid4()} | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        units = queries.issuing_units(actor)
        self.fields["unit"].offer(units)  # type: ignore[attr-defined]
        self.fields["scope"].offer(units)  # type: ignore[attr-defined]
        purposes = mission_queries.purposes()
        field = self.fields["purpose"]
        field.choices = purposes  # type: ignore[attr-defined]
        if len(purposes) == 1:  # a neutral organisation: there is nothing to choose, and no word about campaigns
            field.initial, field.widget = purposes[0][0], forms.HiddenInput()

    def clean_starters(self) -> tuple[str, ...]:
        """Return one starter a line."""
        lines = [line.strip() for line in self.cleaned_data["starters"].splitlines() if line.strip()]
        if any(len(line) > 120 for line in lines):
            raise forms.ValidationError(_("A beginning has at most 120 characters."))
        return tuple(lines[:8])


class CaptionForm(forms.Form):
    """A member's own words."""

    caption = forms.CharField(required=False, max_length=4000, strip=True)


class SharedForm(forms.Form):
    """Where it was shared."""

    via = forms.SlugField(required=False, max_length=20)
    proof_link = forms.URLField(required=False, max_length=500, assume_scheme="https")
