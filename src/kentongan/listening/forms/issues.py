"""Forms of listening."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kentongan.core.clock import Zone
from kentongan.listening import taxonomy


class ImportForm(forms.Form):
    """A file of another tool, and what it does not say itself."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV, Excel or JSON, as the other tool exports it."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.xls,.json,.jsonl,.ndjson"}),
    )
    source = forms.CharField(
        label=_("Source"),
        max_length=120,
        help_text=_("Under which name these posts are listed, for example the tool or the campaign."),
    )
    timezone = forms.ChoiceField(
        label=_("Time zone of the file"),
        choices=[*Zone.choices, ("UTC", _("UTC"))],
        help_text=_("Used where a time in the file names no zone of its own."),
    )


class TitleForm(forms.Form):
    """A title of one's own."""

    title = forms.CharField(label=_("Title"), min_length=3, max_length=160)


class AssignForm(forms.Form):
    """Which unit answers."""

    def __init__(self, *args: Any, units: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"] = forms.TypedChoiceField(label=_("Unit that answers"), coerce=int, choices=units)


class MergeForm(forms.Form):
    """Into which issue."""

    def __init__(self, *args: Any, issues: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["into"] = forms.TypedChoiceField(label=_("Other issue"), coerce=int, choices=issues)


class CloseForm(forms.Form):
    """Why it is closed."""

    note = forms.CharField(label=_("Note"), max_length=500, required=False)


class ForgetForm(forms.Form):
    """Why a post is taken out."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class SearchForm(forms.Form):
    """Words, days, a topic."""

    q = forms.CharField(label=_("Words"), max_length=200, required=False)
    first = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    last = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    topic = forms.ChoiceField(label=_("Topic"), required=False, choices=[("", _("All topics")), *taxonomy.CHOICES])

    def clean(self) -> dict[str, Any]:
        """Put the days in order."""
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and first > last:
            cleaned["first"], cleaned["last"] = last, first
        return cleaned

    def days(self, newest: date) -> tuple[date, date]:
        """Return the first and the last day: what was entered, else the week up to `newest`."""
        last = self.cleaned_data.get("last") or newest
        return self.cleaned_data.get("first") or last - timedelta(days=6), last
