"""Forms of sources."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kentongan.channels.hearing import Listener, Needs
from kentongan.listening.actions import NewSource, Pace

EVERY = (
    (5, _("5 minutes")),
    (15, _("15 minutes")),
    (30, _("30 minutes")),
    (60, _("hour")),
    (360, _("6 hours")),
    (1440, _("day")),
)


class PaceForm(forms.Form):
    """How often a source is read, and what it may read and keep."""

    every_minutes = forms.TypedChoiceField(label=_("Read every"), coerce=int, choices=EVERY, initial=15)
    retention_days = forms.IntegerField(
        label=_("Keep posts for (days)"),
        min_value=1,
        max_value=36_500,
        required=False,
        help_text=_("Older posts are deleted with their files. Empty: they are kept."),
    )
    budget_posts = forms.IntegerField(
        label=_("Posts a day at most"),
        min_value=1,
        max_value=10_000_000,
        initial=20_000,
        help_text=_("Once that many were read, the source rests until midnight."),
    )
    budget_requests = forms.IntegerField(
        label=_("Requests a day at most"), min_value=1, max_value=10_000_000, initial=2_000
    )

    def pace(self) -> Pace:
        """Return what was entered."""
        data = self.cleaned_data
        return Pace(data["every_minutes"], data["retention_days"], data["budget_posts"], data["budget_requests"])


class SourceForm(PaceForm):
    """A new source of one kind: only the fields that this kind needs."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("Under which name it is listed."))
    query = forms.CharField(max_length=500)
    service = forms.CharField(
        label=_("Server"), max_length=300, help_text=_("The server's address, such as https://mastodon.social")
    )
    account = forms.TypedChoiceField(
        label=_("Account"), coerce=int, help_text=_("One of your connected accounts, with which we sign in to read.")
    )
    field_order = ("service", "account", "query", "name", *PaceForm.base_fields)

    def __init__(self, *args: Any, kind: str, listener: Listener, accounts: list[tuple[int, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.kind = kind
        self.fields["retention_days"].initial = listener.way.keep_days
        self.fields["query"].label = listener.way.asks  # type: ignore[assignment]
        self.fields["query"].help_text = listener.way.help  # type: ignore[assignment]
        self.fields["account"].choices = accounts  # type: ignore[attr-defined]
        for name, needed in (
            ("query", bool(listener.way.asks)),
            ("service", listener.way.needs == Needs.SERVER),
            ("account", listener.way.needs == Needs.ACCOUNT),
        ):
            if not needed:
                del self.fields[name]

    @property
    def main_fields(self) -> list[Any]:
        """The fields that everybody fills."""
        return [self[name] for name in self.fields if name not in PaceForm.base_fields]

    @property
    def pace_fields(self) -> list[Any]:
        """The fields that mostly stay as they are."""
        return [self[name] for name in PaceForm.base_fields]

    def new(self) -> NewSource:
        """Return what was entered."""
        data = self.cleaned_data
        return NewSource(
            self.kind, data["name"], data.get("query", ""), data.get("service", ""), data.get("account"), self.pace()
        )


class NamedForm(forms.Form):
    """A source that needs no more than a name: a watched folder, a form for complaints."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("Under which name it is listed."))
    retention_days = forms.IntegerField(
        label=_("Keep posts for (days)"),
        min_value=1,
        max_value=36_500,
        required=False,
        help_text=_("Older posts are deleted with their files. Empty: they are kept."),
    )

    def pace(self) -> Pace:
        """Return what was entered; the rest of a pace has no meaning for what we do not read ourselves."""
        return Pace(retention_days=self.cleaned_data["retention_days"])


class ChangeForm(PaceForm):
    """A source's name and pace."""

    name = forms.CharField(label=_("Name"), max_length=120)
    field_order = ("name", *PaceForm.base_fields)
