"""Forms for mandates."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from kentongan.channels import registry as channels
from kentongan.registry.actions.mandates import NewMandate, known_platforms
from kentongan.registry.forms.common import DayInput
from kentongan.registry.forms.letters import LetterFields
from kentongan.registry.models import Mandate, Unit

TICKS = forms.CheckboxSelectMultiple


class MandateForm(LetterFields):
    """What a unit tells its subtree to have, by when."""

    name = forms.CharField(
        label=_("Name"), max_length=200, help_text=_("For example: every officer has Facebook, X and Instagram.")
    )
    subject = forms.ChoiceField(label=_("Who must have accounts"), choices=Mandate.Subject.choices)
    platforms = forms.MultipleChoiceField(label=_("On which platforms"), widget=TICKS)
    counts = forms.ChoiceField(
        label=_("What counts"),
        choices=Mandate.Counts.choices,
        initial=Mandate.Counts.PROVEN,
        help_text=_("A member's own account counts only after the member agreed to have it listed."),
    )
    due_on = forms.DateField(label=_("Due"), widget=DayInput())
    levels = forms.MultipleChoiceField(
        label=_("Only these levels"),
        choices=Unit.Level.choices,
        required=False,
        widget=TICKS,
        help_text=_("None: all."),
    )
    kinds = forms.MultipleChoiceField(
        label=_("Only these kinds of units"),
        choices=Unit.Kind.choices,
        required=False,
        widget=TICKS,
        help_text=_("None: all."),
    )
    titles = forms.CharField(
        label=_("Only these positions"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One on each line; “Ketua” covers “Ketua RT 05” too. Only for people. None: everyone."),
    )

    field_order = ("name", "subject", "platforms", "counts", "due_on", "levels", "kinds", "titles")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = sorted((channels.label(kind), kind) for kind in known_platforms())
        cast("forms.MultipleChoiceField", self.fields["platforms"]).choices = [(kind, label) for label, kind in labels]

    def wanted(self) -> NewMandate:
        """Return what the form asks for."""
        data = self.cleaned_data
        return NewMandate(
            name=data["name"],
            subject=data["subject"],
            platforms=tuple(data["platforms"]),
            due_on=data["due_on"],
            counts=data["counts"],
            levels=tuple(data["levels"]),
            kinds=tuple(data["kinds"]),
            titles=tuple(data["titles"].splitlines()),
        )


class MandateChangeForm(LetterFields):
    """What of a mandate can be corrected."""

    name = forms.CharField(label=_("Name"), max_length=200)
    due_on = forms.DateField(label=_("Due"), widget=DayInput())

    field_order = ("name", "due_on")
