"""Forms for units and the tree."""

from typing import cast

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from kentongan.registry import trees
from kentongan.registry.fields import UnitField
from kentongan.registry.forms.common import DayInput, basis_field
from kentongan.registry.models import Unit


class UnitForm(forms.Form):
    """A new unit below the one on screen."""

    name = forms.CharField(label=_("Name"), max_length=200)
    code = forms.CharField(label=_("Code"), max_length=40, help_text=_("Unique here, for example 32.16.20."))
    kind = forms.ChoiceField(label=_("Kind"), choices=Unit.Kind.choices)
    level = forms.ChoiceField(
        label=_("Area level"),
        choices=Unit.Level.choices,
        help_text=_("“Beside the areas” for bodies, wings and teams."),
    )
    label = forms.CharField(
        label=_("What you call it"), max_length=60, required=False, help_text=_("For example DPC, Badan, Sayap, Tim.")
    )
    constituency = forms.CharField(
        label=_("Electoral district"), max_length=80, required=False, help_text=_("Only for a legislator's office.")
    )
    starts_on = forms.DateField(label=_("Works from"), required=False, widget=DayInput())
    ends_on = forms.DateField(
        label=_("Works until"),
        required=False,
        widget=DayInput(),
        help_text=_("Only for a temporary body: it closes by itself after that day."),
    )


class RenameForm(forms.Form):
    """What a unit is called from now on."""

    name = forms.CharField(label=_("Name"), max_length=200)
    code = forms.CharField(label=_("Code"), max_length=40, help_text=_("The old name and code still find the unit."))
    label = forms.CharField(label=_("What you call it"), max_length=60, required=False)
    basis = basis_field()


class OtherUnitForm(forms.Form):
    """The other unit of a move or a merge."""

    other = UnitField(label=_("Unit"))
    basis = basis_field()

    def __init__(self, data: QueryDict | None, units: QuerySet[Unit], label: str) -> None:
        super().__init__(data)
        cast("UnitField", self.fields["other"]).offer(units)
        self.fields["other"].label = label


class SplitForm(forms.Form):
    """A new unit beside this one, and which units go along."""

    name = forms.CharField(label=_("Name of the new unit"), max_length=200)
    code = forms.CharField(label=_("Code of the new unit"), max_length=40)
    children = forms.ModelMultipleChoiceField(
        label=_("These units go along"), queryset=Unit.objects.none(), widget=forms.CheckboxSelectMultiple
    )
    basis = basis_field()

    def __init__(self, data: QueryDict | None, units: QuerySet[Unit]) -> None:
        super().__init__(data)
        cast("forms.ModelMultipleChoiceField[Unit]", self.fields["children"]).queryset = units


class CloseForm(forms.Form):
    """Why a unit works no longer."""

    basis = basis_field()


class TreeForm(forms.Form):
    """Which part of the organisation's template to make, and what its levels are called."""

    scope = forms.CharField(
        label=_("Only this area"), max_length=13, required=False, help_text=_("An area code such as 32.16; empty: all.")
    )
    down_to = forms.ChoiceField(label=_("Down to"), required=False)
    starts_on = forms.DateField(label=_("Temporary bodies work from"), required=False, widget=DayInput())
    ends_on = forms.DateField(label=_("Temporary bodies work until"), required=False, widget=DayInput())

    def __init__(self, data: QueryDict | None, template: str) -> None:
        super().__init__(data)
        self.template = template
        tiers = trees.TEMPLATES[template]
        levels = [(tier.level.value, tier.level.label) for tier in tiers]
        cast("forms.ChoiceField", self.fields["down_to"]).choices = [("", _("The lowest level")), *levels]
        for tier in tiers:
            self.fields[f"label_{tier.level}"] = forms.CharField(
                label=_("What you call the level “%(level)s”") % {"level": tier.level.label},
                max_length=60,
                required=False,
                widget=forms.TextInput(attrs={"placeholder": tier.label}),
            )
        if not any(tier.temporary for tier in tiers):
            del self.fields["starts_on"], self.fields["ends_on"]

    def wanted(self) -> trees.Wanted:
        """Return what the form asks for."""
        data = self.cleaned_data
        labels = {name.removeprefix("label_"): data[name] for name in data if name.startswith("label_") and data[name]}
        return trees.Wanted(
            template=self.template,
            scope=data["scope"].strip(),
            down_to=data["down_to"],
            labels=labels or None,
            starts_on=data.get("starts_on"),
            ends_on=data.get("ends_on"),
        )
