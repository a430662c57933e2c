"""Forms of publishing; what they mean is decided by the actions."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kentongan.channels import registry as channels
from kentongan.channels.contract import Manifest
from kentongan.core import clock
from kentongan.publishing.actions.resolving import Resolution
from kentongan.publishing.actions.scheduling import LATE_MINUTES
from kentongan.publishing.spreading import MOST, Spread
from kentongan.registry.fields import UnitField
from kentongan.registry.models import Account, Unit

LATE = (
    (0, _("not late at all")),
    (30, _("up to 30 minutes")),
    (LATE_MINUTES, _("up to 2 hours")),
    (1_440, _("up to one day")),
)
UNSPELT = {"autocomplete": "off", "spellcheck": "false"}
RESOLUTIONS = (
    (Resolution.PUBLISHED.value, _("It is there: I give its address")),
    (Resolution.SEND_AGAIN.value, _("It is not there: send it again")),
    (Resolution.GIVE_UP.value, _("Give it up")),
)


def moment_field(**options: Any) -> forms.DateTimeField:
    """Return a field for a time in the viewer's zone, which its label names."""
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(widget=widget, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], **options)


def zone_name() -> str:
    """Return how people call the viewer's zone."""
    return clock.abbreviation(timezone.get_current_timezone_name())


def _account_choices(accounts: Iterable[Account]) -> list[tuple[int, str]]:
    return [
        (account.pk, f"{channels.label(account.platform)} · {account.known_as} ({account.unit.name})")
        for account in accounts
    ]


class BookForm(forms.Form):
    """To which accounts something goes once it is approved; none at all is an answer too."""

    accounts = forms.TypedMultipleChoiceField(
        label=_("Accounts"), coerce=int, widget=forms.CheckboxSelectMultiple, required=False
    )

    def __init__(self, *args: Any, accounts: Iterable[Account], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["accounts"].choices = _account_choices(accounts)  # type: ignore[attr-defined]


class ScheduleForm(forms.Form):
    """To which accounts, when, and how late it may be."""

    accounts = forms.TypedMultipleChoiceField(
        label=_("Accounts"), coerce=int, widget=forms.CheckboxSelectMultiple, required=True
    )
    due_at = moment_field(label=_("When"))
    late_minutes = forms.TypedChoiceField(
        label=_("If something delays it, it may go out"),
        coerce=int,
        choices=LATE,
        initial=LATE_MINUTES,
        help_text=_("Later than that it is not published; you are asked instead."),
    )

    def __init__(self, *args: Any, accounts: Iterable[Account], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["accounts"].choices = _account_choices(accounts)  # type: ignore[attr-defined]
        self.fields["due_at"].help_text = _("In %(zone)s.") % {"zone": zone_name()}


def _from_the_top(account: Account) -> tuple[int, int]:
    return account.unit.path.count("."), account.pk


class RepostForm(ScheduleForm):
    """As `ScheduleForm`; and for each platform whose accounts can repost, which one posts it, if not each for itself.

    `posted` are the accounts that have it already; `wished` says for platforms which one somebody wants to post it,
    None for the one of the highest unit.
    """

    def __init__(
        self,
        *args: Any,
        accounts: Iterable[Account],
        posted: Iterable[Account] = (),
        wished: Mapping[str, int | None] | None = None,
        **kwargs: Any,
    ) -> None:
        offered = list(accounts)
        super().__init__(*args, accounts=offered, **kwargs)
        every = {one.pk: one for one in [*offered, *posted]}.values()
        self.wished = wished or {}
        self.origin_names: list[str] = []
        self.offered = {one.pk: one.platform for one in offered}
        for kind in dict.fromkeys(account.platform for account in offered):
            mine = sorted((one for one in every if one.platform == kind), key=_from_the_top)
            if len(mine) > 1 and channels.get(kind).reposter is not None:
                self._ask(kind, mine)

    def _ask(self, kind: str, mine: Sequence[Account]) -> None:
        """Ask who posts there; where the platform forbids the same text, the highest unit's account is suggested."""
        manifest, name = channels.get(kind).manifest, f"origin_{kind}"
        names = [
            (str(one.pk), _("%(account)s posts it, the others repost that") % {"account": one.known_as}) for one in mine
        ]
        self.fields[name] = forms.ChoiceField(
            label=_("Who posts on %(platform)s") % {"platform": manifest.label},
            choices=[("", _("each account posts it itself")), *names],
            initial=str(self.wished.get(kind) or mine[0].pk) if manifest.forbids_alike or kind in self.wished else "",
            required=False,
            help_text=_("The same text from several accounts is refused there: let one post it.")
            if manifest.forbids_alike
            else _("A repost looks less like a machine than the same text again."),
        )
        self.origin_names.append(name)

    def reposting(self) -> set[int]:
        """Return which of the offered accounts repost what another one posts, as it is chosen or suggested so far."""
        origins = {name.removeprefix("origin_"): str(self[name].value() or "") for name in self.origin_names}
        return {pk for pk, kind in self.offered.items() if origins.get(kind) and origins[kind] != str(pk)}

    def origins(self) -> list[int]:
        """Return the accounts whose posts the others repost."""
        return [int(self.cleaned_data[name]) for name in self.origin_names if self.cleaned_data.get(name)]


class SpreadForm(forms.Form):
    """Over which units, between which times, and how."""

    EVENLY, WAVES = "evenly", "waves"

    unit = UnitField(label=_("Unit and all below it"))
    waiting = forms.TypedChoiceField(
        label=_("Which posts"),
        coerce=lambda value: value == "waiting",
        choices=(
            ("new", _("accounts that have not got it yet")),
            ("waiting", _("what waits already: give it new times")),
        ),
        initial="new",
        widget=forms.RadioSelect,
    )
    start = moment_field(label=_("From"))
    end = moment_field(label=_("Until"))
    how = forms.ChoiceField(
        label=_("How"),
        choices=((EVENLY, _("evenly")), (WAVES, _("so many at once"))),
        initial=EVENLY,
        widget=forms.RadioSelect,
    )
    each = forms.IntegerField(label=_("How many at once"), min_value=1, max_value=MOST, required=False)
    minutes = forms.IntegerField(label=_("Every how many minutes"), min_value=1, max_value=10_080, required=False)
    jitter = forms.IntegerField(
        label=_("Up to how many minutes earlier or later, by chance"), min_value=0, max_value=720, initial=0
    )
    seed = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, units: QuerySet[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unit = self.fields["unit"]
        assert isinstance(unit, UnitField)
        unit.offer(units)
        for name in ("start", "end"):
            self.fields[name].help_text = _("In %(zone)s.") % {"zone": zone_name()}

    def spread(self) -> Spread:
        """Return how to spread; the form has to be valid."""
        given = self.cleaned_data
        waves = given["how"] == self.WAVES
        each, minutes = (given["each"] or 0, given["minutes"] or 0) if waves else (None, None)
        return Spread(given["start"], given["end"], each, minutes, given["jitter"], given["seed"])


class TimeForm(forms.Form):
    """Another time."""

    due_at = moment_field(label=_("New time"))

    def __init__(self, *args: Any, due_at: datetime | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["due_at"] = due_at
        self.fields["due_at"].help_text = _("In %(zone)s.") % {"zone": zone_name()}


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class ResolveForm(forms.Form):
    """What a person found out about a delivery of unknown fate."""

    how = forms.ChoiceField(label=_("What did you find?"), choices=RESOLUTIONS, widget=forms.RadioSelect)
    url = forms.URLField(
        label=_("Address of the post"), required=False, assume_scheme="https", help_text=_("Only if it is there.")
    )
    note = forms.CharField(label=_("Note"), max_length=300, required=False)


class PauseForm(ReasonForm):
    """Which unit, which platform there, and why."""

    unit = UnitField(label=_("Stop publishing in"), help_text=_("And in everything below it."))
    platform = forms.ChoiceField(label=_("Platform"), required=False)
    campaign = forms.TypedChoiceField(
        label=_("Campaign"),
        coerce=int,
        required=False,
        empty_value=None,
        help_text=_("At its own unit all of it stops, wherever it goes out."),
    )

    field_order = ("campaign", "unit", "platform", "reason")

    def __init__(
        self,
        *args: Any,
        units: QuerySet[Unit],
        platforms: Mapping[str, str],
        campaigns: Sequence[tuple[int, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        unit = self.fields["unit"]
        assert isinstance(unit, UnitField)
        unit.offer(units)
        self.fields["platform"].choices = [("", _("All of them")), *platforms.items()]  # type: ignore[attr-defined]
        self.fields["campaign"].choices = [("", _("Everything")), *campaigns]  # type: ignore[attr-defined]
        if not campaigns:
            self.fields["campaign"].widget = forms.HiddenInput()


class AppForm(forms.Form):
    """The organisation's app at a platform; its secret is never shown again."""

    client_id = forms.CharField(label=_("Client id"), max_length=300, widget=forms.TextInput(attrs=UNSPELT))
    client_secret = forms.CharField(
        label=_("Client secret"),
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs=UNSPELT),
        help_text=_("Leave it empty to keep the stored one, or where the platform gave you none."),
    )
    service = forms.CharField(
        label=_("Server address"),
        max_length=300,
        widget=forms.TextInput(attrs={**UNSPELT, "type": "url"}),
        help_text=_("Leave it as it is, unless your network reaches the platform by another address."),
    )
    posts_a_day = forms.IntegerField(
        label=_("Posts a day"),
        min_value=1,
        max_value=1_000_000,
        required=False,
        help_text=_("Only where the platform granted your app another number than the usual one."),
    )
    month_usd = forms.DecimalField(
        label=_("Money for a month (USD)"),
        min_value=0,
        max_value=1_000_000,
        max_digits=9,
        decimal_places=2,
        required=False,
        help_text=_("What would cost more in a month (UTC) is held until somebody decides. Empty: no limit of ours."),
    )


class ConnectForm(forms.Form):
    """What a channel asks for, built from its manifest; secrets are never shown again."""

    def __init__(self, *args: Any, manifest: Manifest, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = {"handle": account.handle, "name": account.display_name}
        if hasattr(account, "connection"):
            known["service"] = account.connection.service_url
        for setting in manifest.settings:
            attrs = {"type": setting.type, **UNSPELT}
            widget = forms.PasswordInput(attrs=attrs) if setting.secret else forms.TextInput(attrs=attrs)
            self.fields[setting.name] = forms.CharField(
                label=str(setting.label),
                help_text=str(setting.help),
                required=setting.required,
                initial=known.get(setting.name) or setting.initial,
                max_length=500,
                widget=widget,
            )
