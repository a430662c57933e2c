"""All reads of safeguards: the verdicts that publishing and missions ask for, and what the screens show."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils import timezone as zones
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kentongan.core import authority, clock
from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.safeguards import quiet
from kentongan.safeguards.models import AccountCap, ContentRule, Election, QuietPeriod, Release, Stage
from kentongan.safeguards.purposes import Purpose
from kentongan.safeguards.zones import zone_of

HORIZON = timedelta(days=90)
Text = str | Promise


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a safeguard says: allowed, or held for `reason`, by `period` until `until` (None: for good)."""

    allowed: bool
    reason: Text = ""
    period: quiet.Span | None = None
    until: datetime | None = None

    @property
    def held(self) -> bool:
        """Whether it must not go out now."""
        return not self.allowed


ALLOWED = Verdict(True)


def check_purpose(purpose: str, *, neutral: bool) -> Verdict:
    """Say whether content of that purpose may exist at all in an organisation."""
    if neutral and purpose != Purpose.SERVICE:
        return Verdict(False, _("This organisation is neutral by law: it has no electioneering."))
    return ALLOWED


@dataclass(frozen=True, slots=True)
class QuietCalendar:
    """The quiet periods around a moment, read once, to ask about many things."""

    spans: tuple[quiet.Span, ...]

    def check(self, purpose: str, at: datetime, area_code: str, neutral: bool, timezone: str = "") -> Verdict:
        """Say whether something of that purpose may go out at `at` (aware) at that place; see `check_firing`."""
        verdict = check_purpose(purpose, neutral=neutral)
        if verdict.held or purpose == Purpose.SERVICE:
            return verdict
        hold = quiet.holding(self.spans, at, area_code, timezone)
        if hold is None:
            return ALLOWED
        reason = _("%(period)s of %(election)s: no campaigning in any form.") % {
            "period": hold.span.name,
            "election": hold.span.election,
        }
        return Verdict(False, reason, hold.span, hold.until)


def quiet_calendar(around: datetime) -> QuietCalendar:
    """Read the quiet periods in force from the day before `around` to three months after it: one query."""
    day = around.date()
    rows = QuietPeriod.objects.filter(
        active=True, ends_on__gte=day - timedelta(days=1), starts_on__lte=day + HORIZON
    ).select_related("election")
    return QuietCalendar(tuple(_span(row) for row in rows))


def check_firing(purpose: str, at: datetime, area_code: str, neutral: bool, timezone: str = "") -> Verdict:
    """Say whether something of that purpose may go out at `at` (aware) at that place.

    `timezone` is the unit's own zone (IANA name); without it the zone of the province holds. Callers that ask about
    many things at once read `quiet_calendar` first and ask that.
    """
    verdict = check_purpose(purpose, neutral=neutral)
    if verdict.held or purpose == Purpose.SERVICE:
        return verdict
    return quiet_calendar(at).check(purpose, at, area_code, neutral, timezone)


def _span(row: QuietPeriod) -> quiet.Span:
    return quiet.Span(row.pk, row.name, row.election.name, row.starts_on, row.ends_on, row.area_code)


@dataclass(frozen=True, slots=True)
class Countdown:
    """A dated day of an election: `days` from today, negative when it is past."""

    name: str
    election: str
    on: date
    days: int
    kind: str
    verified: bool

    @property
    def label(self) -> str:
        """How people say it: D-12, D, D+3."""
        if self.days == 0:
            return gettext("D-day")
        shape = gettext("D-%(days)s") if self.days > 0 else gettext("D+%(days)s")
        return shape % {"days": abs(self.days)}


@dataclass(frozen=True, slots=True)
class Clock:
    """The election clock at a place: what holds, what runs, what comes next, what the last vote was."""

    today: date
    hold: quiet.Hold | None
    running: tuple[Stage, ...]
    ahead: tuple[Countdown, ...]
    last_vote: Countdown | None

    @property
    def next(self) -> Countdown | None:
        """The nearest day ahead."""
        return self.ahead[0] if self.ahead else None


def election_clock(at: datetime, area_code: str = "", timezone: str = "", ahead: int = 6) -> Clock:
    """Read the clock at a place: three queries, whatever is in the tables."""
    timezone = timezone or zone_of(area_code)
    today = at.astimezone(clock.zone(timezone)).date()
    stages = list(Stage.objects.filter(ends_on__gte=today).select_related("election").order_by("starts_on", "id"))
    coming = [_countdown(stage, today) for stage in stages if stage.starts_on > today][:ahead]
    last = Election.objects.filter(vote_on__lt=today).order_by("-vote_on").first()
    return Clock(
        today=today,
        hold=quiet.holding(quiet_calendar(at).spans, at, area_code, timezone),
        running=tuple(stage for stage in stages if stage.starts_on <= today),
        ahead=tuple(coming),
        last_vote=_last_vote(last, today),
    )


def _countdown(stage: Stage, today: date) -> Countdown:
    days = (stage.starts_on - today).days
    return Countdown(stage.name, stage.election.name, stage.starts_on, days, stage.kind, stage.verified)


def _last_vote(election: Election | None, today: date) -> Countdown | None:
    if election is None or election.vote_on is None:
        return None
    days = (election.vote_on - today).days
    return Countdown(str(_("Vote")), election.name, election.vote_on, days, Stage.Kind.VOTE, election.verified)


def elections() -> QuerySet[Election]:
    """Return every election with its stages and quiet periods, the latest vote first: three queries."""
    return Election.objects.prefetch_related(
        Prefetch("stages", Stage.objects.order_by("starts_on", "id")),
        Prefetch("quiet_periods", QuietPeriod.objects.order_by("starts_on", "id")),
    ).order_by("-vote_on", "name")


def quiet_periods() -> QuerySet[QuietPeriod]:
    """Return every quiet period with its election, the latest first."""
    return QuietPeriod.objects.select_related("election").order_by("-starts_on", "id")


def dated_between(start: date, end: date) -> tuple[list[Stage], list[QuietPeriod]]:
    """Return the stages and the quiet periods in force that touch the days from `start` to `end`, both included."""
    stages = Stage.objects.filter(starts_on__lte=end, ends_on__gte=start).exclude(kind=Stage.Kind.QUIET)
    periods = QuietPeriod.objects.filter(active=True, starts_on__lte=end, ends_on__gte=start)
    return (
        list(stages.select_related("election").order_by("starts_on", "id")),
        list(periods.select_related("election").order_by("starts_on", "id")),
    )


def account_caps() -> QuerySet[AccountCap]:
    """Return every account cap with its election, the latest vote first."""
    return AccountCap.objects.select_related("election").order_by("-election__vote_on", "id")


def content_rules() -> QuerySet[ContentRule]:
    """Return every content rule, those of campaigns first."""
    return ContentRule.objects.order_by("purpose", "position", "id")


def checklist(purpose: str) -> list[ContentRule]:
    """Return what a reviewer has to look at before approving content of that purpose."""
    return list(ContentRule.objects.filter(purpose=purpose, active=True).order_by("position", "id"))


def releases(actor: Actor) -> QuerySet[Release]:
    """Return the releases of the units that the actor may audit, newest first."""
    rows = Release.objects.select_related("by", "period__election")
    return rows.filter(unit_id__in=authority.unit_ids(actor, Capability.AUDIT))


def verification() -> dict[str, int]:
    """Return how many rows of law there are and how many somebody verified."""
    counts = [
        model._default_manager.aggregate(rows=Count("pk"), checked=Count("pk", filter=Q(verified=True)))
        for model in (Election, Stage, QuietPeriod, AccountCap, ContentRule)
    ]
    return {"rows": sum(one["rows"] for one in counts), "checked": sum(one["checked"] for one in counts)}


@dataclass(frozen=True, slots=True)
class Overview:
    """What the first screen of safeguards shows."""

    clock: Clock
    current: tuple[QuietPeriod, ...]
    coming: tuple[QuietPeriod, ...]
    caps: tuple[AccountCap, ...]
    rows: int
    checked: int

    @property
    def share_checked(self) -> float | None:
        """The part of the rows that somebody verified; None without rows."""
        return self.checked / self.rows if self.rows else None


def overview(at: datetime) -> Overview:
    """Return the state of the safeguards at an instant, in the zone of the screen."""
    shown = election_clock(at, timezone=zones.get_current_timezone_name())
    periods = list(quiet_periods().filter(active=True, ends_on__gte=shown.today).order_by("starts_on", "id"))
    tally = verification()
    return Overview(
        clock=shown,
        current=tuple(period for period in periods if period.starts_on <= shown.today),
        coming=tuple(period for period in periods if period.starts_on > shown.today)[:3],
        caps=tuple(account_caps()[:3]),
        rows=tally["rows"],
        checked=tally["checked"],
    )
