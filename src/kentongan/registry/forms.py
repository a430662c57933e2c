"""Forms of the registry; what they hold is checked again by the actions."""

from typing import cast

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from kentongan.channels import registry as channels
from kentongan.core.permissions import Role
from kentongan.registry import trees
from kentongan.registry.fields import UnitField
from kentongan.registry.models import Unit


class DayInput(forms.DateInput):
    """The browser's own field for a day."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


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

    handle = forms.CharField(
        label=_("Address or handle"),
        max_length=500,
        help_text=_("Paste the link that the app copies, or type the handle and choose the platform."),
    )
    platform = forms.ChoiceField(label=_("Platform"), required=False)
    display_name = forms.CharField(label=_("Name shown"), max_length=200, required=False)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["platform"].choices = [("", _("As the address says")), *channels.choices()]  # type: ignore[attr-defined]


def _basis() -> forms.CharField:
    return forms.CharField(
        label=_("Basis"),
        max_length=200,
        required=False,
        help_text=_("The law or letter it rests on, with its number and date."),
    )


class RenameForm(forms.Form):
    """What a unit is called from now on."""

    name = forms.CharField(label=_("Name"), max_length=200)
    code = forms.CharField(label=_("Code"), max_length=40, help_text=_("The old name and code still find the unit."))
    label = forms.CharField(label=_("What you call it"), max_length=60, required=False)
    basis = _basis()


class OtherUnitForm(forms.Form):
    """The other unit of a move or a merge."""

    other = UnitField(label=_("Unit"))
    basis = _basis()

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
    basis = _basis()

    def __init__(self, data: QueryDict | None, units: QuerySet[Unit]) -> None:
        super().__init__(data)
        cast("forms.ModelMultipleChoiceField[Unit]", self.fields["children"]).queryset = units


class CloseForm(forms.Form):
    """Why a unit works no longer."""

    basis = _basis()


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
