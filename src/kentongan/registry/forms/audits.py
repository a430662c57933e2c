"""Forms of audits and routine checks."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kentongan.registry import rules
from kentongan.registry.forms.common import DayInput
from kentongan.registry.models import AuditResult


class AuditForm(forms.Form):
    """What an audit is called."""

    title = forms.CharField(
        label=_("Title"), max_length=120, required=False, help_text=_("For example “Before the training, wave 1”.")
    )


class RuleForm(forms.Form):
    """Whether a rule is in use, and its days."""

    enabled = forms.BooleanField(label=_("In use"), required=False)
    days = forms.IntegerField(label=_("Days"), min_value=1, max_value=3650, required=False)

    def __init__(self, *args: Any, rule: rules.Rule, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if rule.days is None:
            del self.fields["days"]


class FindingForm(forms.Form):
    """What a person saw about one rule, with evidence."""

    verdict = forms.ChoiceField(label=_("Verdict"), choices=AuditResult.Verdict.choices)
    link = forms.URLField(label=_("Link to what you saw"), max_length=500, required=False, assume_scheme="https")
    file = forms.FileField(label=_("Screenshot"), required=False, help_text=_("Picture or PDF."))
    note = forms.CharField(label=_("Note"), max_length=500, required=False)


class RoutineForm(forms.Form):
    """How often superiors look at the accounts below a unit, by which rules, and when a late check rises."""

    every_days = forms.IntegerField(label=_("Every … days"), min_value=1, max_value=730, initial=30)
    rises_days = forms.IntegerField(
        label=_("A late check rises a level every … days"), min_value=1, max_value=365, initial=7
    )
    starts_on = forms.DateField(label=_("First check due"), widget=DayInput())
    rules = forms.MultipleChoiceField(label=_("Rules"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rules"].choices = [(rule.id, rule.title) for rule in rules.live()]  # type: ignore[attr-defined]


class SignOffForm(forms.Form):
    """The superior's remarks."""

    remarks = forms.CharField(
        label=_("Remarks"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What the unit is to mend; needed where something is not met."),
    )
