"""Forms of alert rules."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kentongan.core.models import User
from kentongan.listening import actions, queries, taxonomy
from kentongan.listening.models import AlertRule
from kentongan.registry.models import Unit


class RuleForm(forms.Form):
    """What a unit wants to be told of."""

    name = forms.CharField(label=_("Name"), min_length=3, max_length=80)
    watches = forms.ChoiceField(
        label=_("What is watched"), choices=AlertRule.Watches.choices, initial=AlertRule.Watches.ISSUES
    )
    topic = forms.ChoiceField(label=_("Topic"), required=False, choices=[("", _("All topics")), *taxonomy.CHOICES])
    area_code = forms.ChoiceField(label=_("Area"), required=False)
    complaints_only = forms.BooleanField(label=_("Count complaints only"), required=False)
    least = forms.IntegerField(
        label=_("From how many posts in an hour"),
        min_value=3,
        max_value=1_000_000,
        initial=20,
        help_text=_("With fewer nobody is told, however unusual they are."),
    )
    sensitivity = forms.ChoiceField(
        label=_("Sensitivity"), choices=AlertRule.Sensitivity.choices, initial=AlertRule.Sensitivity.USUAL
    )
    readers = forms.TypedMultipleChoiceField(
        label=_("Told by e-mail"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Everybody who listens here sees the alert on the screen."),
    )

    def __init__(self, *args: Any, unit: Unit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choose("area_code", [("", _("All areas")), *queries.area_choices(unit)])
        self._choose("readers", [(user.pk, _named(user)) for user in queries.possible_readers(unit)])

    def _choose(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    def rule(self) -> actions.AlertWish:
        """Return what was entered, without the readers."""
        return actions.AlertWish(**{name: value for name, value in self.cleaned_data.items() if name != "readers"})


def _named(user: User) -> str:
    return f"{user.name} ({user.email})"
