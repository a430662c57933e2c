"""Forms of training and its waves."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from kentongan.core.actor import Actor
from kentongan.gatherings.actions import Outcome, Plan, Syllabus, WavePlan
from kentongan.gatherings.models import Training
from kentongan.gatherings.models.trainings import MOST_PER_UNIT, MOST_SEATS
from kentongan.gatherings.queries import trainings as queries
from kentongan.missions.forms import MomentInput
from kentongan.registry.fields import UnitField
from kentongan.registry.models import Unit


class TrainingForm(forms.Form):
    """What a training teaches, whom, and how many a unit needs."""

    unit = UnitField(label=_("Unit that gives it"), help_text=_("It is for this unit and all units below it."))
    title = forms.CharField(label=_("Title"), max_length=160)
    teaches = forms.CharField(
        label=_("What it teaches"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=4000,
        help_text=_("Where a check of the accounts found something amiss, say so here."),
    )
    wanted = forms.ChoiceField(
        label=_("Who is trained"), choices=Training.Wanted.choices, widget=forms.RadioSelect, initial="custodians"
    )
    position = forms.CharField(
        label=_("Position"),
        required=False,
        max_length=120,
        help_text=_("How it begins in the registry, for example: Pengelola. Only for people with a certain position."),
    )
    levels = forms.MultipleChoiceField(
        label=_("Units of these levels"),
        choices=Unit.Level.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("None chosen means all levels."),
    )
    per_unit = forms.IntegerField(
        label=_("Trained people a unit needs"), min_value=1, max_value=MOST_PER_UNIT, initial=1
    )

    def __init__(self, actor: Actor, *args: Any, changing: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if changing:
            del self.fields["unit"]
        else:
            self.fields["unit"].offer(queries.organising_units(actor))  # type: ignore[attr-defined]

    def syllabus(self) -> Syllabus:
        """Return what the form says."""
        data = self.cleaned_data
        return Syllabus(
            data["title"], data["teaches"], data["wanted"], data["position"], tuple(data["levels"]), data["per_unit"]
        )


class WaveForm(forms.Form):
    """When and where a wave is, for whom, and with how many seats."""

    title = forms.CharField(label=_("Title"), max_length=200)
    place = forms.CharField(label=_("Place"), max_length=200, help_text=_("Where it is held online: “online”."))
    link = forms.URLField(
        label=_("Link of the meeting"),
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text=_("Shown to participants only."),
    )
    starts_at = forms.DateTimeField(label=_("Begins"), widget=MomentInput())
    ends_at = forms.DateTimeField(label=_("Ends"), widget=MomentInput())
    groups = forms.TypedMultipleChoiceField(
        label=_("Groups of units"), coerce=int, widget=forms.CheckboxSelectMultiple, help_text=_("Their units follow.")
    )
    capacity = forms.IntegerField(label=_("Seats"), min_value=1, max_value=MOST_SEATS)
    seats_per_unit = forms.IntegerField(label=_("Seats a unit has at most"), min_value=1, max_value=MOST_PER_UNIT)
    fill = forms.BooleanField(
        label=_("Give the seats at once to those who lack it"),
        required=False,
        help_text=_("You see the list before anybody is invited."),
    )

    def __init__(self, training: Training, *args: Any, changing: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lacks = queries.lacking_by_group(training)
        groups = self.fields["groups"]
        groups.choices = [  # type: ignore[attr-defined]
            (group.pk, _group_label(group, lacks[group.pk])) for group in queries.groups_to_choose(training)
        ]
        if changing:
            del self.fields["fill"]

    def plan(self) -> WavePlan:
        """Return what the form says."""
        data = self.cleaned_data
        gathering = Plan(data["title"], data["place"], data["starts_at"], data["ends_at"])
        return WavePlan(gathering, data["capacity"], data["seats_per_unit"], tuple(data["groups"]), data["link"])


def _group_label(group: Unit, lacks: int) -> str:
    text = ngettext("%(unit)s: %(n)s person lacks it", "%(unit)s: %(n)s people lack it", lacks)
    return text % {"unit": group.name, "n": lacks}


class ResultForm(forms.Form):
    """What one participant came out with."""

    participant = forms.IntegerField(widget=forms.HiddenInput)
    passed = forms.ChoiceField(
        label=_("Result"), choices=(("", "–"), ("yes", _("Passed")), ("no", _("Not passed"))), required=False
    )
    score = forms.DecimalField(
        label=_("Score"), min_value=0, max_value=100, max_digits=5, decimal_places=2, required=False
    )
    certificate = forms.CharField(label=_("Number of the certificate"), max_length=60, required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse a score or a certificate without a result."""
        data = super().clean() or {}
        if not data.get("passed") and (data.get("score") is not None or data.get("certificate")):
            self.add_error("passed", _("Passed or not?"))
        if data.get("passed") == "no" and data.get("certificate"):
            self.add_error("certificate", _("Only who passed has a certificate."))
        return data

    def outcome(self) -> Outcome:
        """Return what the form says."""
        data = self.cleaned_data
        passed = {"yes": True, "no": False}.get(data["passed"])
        return Outcome(data["participant"], passed, data["score"], data["certificate"])


ResultSet = forms.formset_factory(ResultForm, extra=0, max_num=100, validate_max=True)
