"""What the wall shows: the loop at a glance, gathered from the rooms' own queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Exists, OuterRef
from django.db.models.functions import TruncDate
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.insights import queries as insights
from kentongan.listening import queries as listening
from kentongan.missions import queries as missions
from kentongan.planning import access as planning_access
from kentongan.planning import queries as planning
from kentongan.planning.models import ContentItem
from kentongan.planning.states import ItemState
from kentongan.publishing import queries as publishing
from kentongan.publishing.models import Delivery
from kentongan.registry import access as rights
from kentongan.registry import queries as registry
from kentongan.registry.models import Account, Unit
from kentongan.safeguards import queries as safeguards
from kentongan.web import formatting
from kentongan.web.rising import Rising, rising

BAR_DAYS = 7
DAY = timedelta(days=1)
NAMED = 3
NEAR = 60  # days ahead that a dated stage is shown


@dataclass(frozen=True, slots=True)
class Mark:
    """A chip below the heading: what holds now, what comes, what needs a person."""

    text: str
    tone: str


@dataclass(frozen=True, slots=True)
class Row:
    """A name and a count."""

    label: str
    value: int
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: its name, its figure, and its bar in a box of 100 units."""

    label: str
    value: int
    height: float

    @property
    def y(self) -> str:
        """Where it begins, from the top."""
        return f"{100 - self.height:.1f}"


@dataclass(frozen=True, slots=True)
class Production:
    """What was made today; `before` compares it with yesterday up to the same hour."""

    made: int
    before: str
    sentence: str
    bars: Sequence[Bar]
    bars_label: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Ledger:
    """What became of everything that was planned for today; the rows add up to `planned`.

    `before` says the same of yesterday."""

    published: int
    planned: int
    before: str
    sentence: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure at the foot; None is “not reported yet”."""

    label: str
    value: str | None
    note: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Wall:
    """Everything on the wall, read at one moment."""

    unit: Unit
    as_of: str
    marks: Sequence[Mark]
    issues: Sequence[Rising]
    production: Production
    ledger: Ledger
    tiles: Sequence[Tile]


def wall(actor: Actor, unit: Unit) -> Wall:
    """Read the wall of someone whose screens begin at `unit`."""
    now = clock.now()
    today = timezone.localdate(now)
    lines = publishing.days(actor, publishing.Filter(since=today - DAY, until=today, timezone=unit.timezone))
    by_day = {line.day: line for line in lines}
    return Wall(
        unit=unit,
        as_of=formatting.clock(timezone.localtime(now), seconds=True),
        marks=_marks(actor, unit, now),
        issues=rising(actor, now),
        production=_production(actor, now),
        ledger=_ledger(by_day.get(today, publishing.Sum()), by_day.get(today - DAY, publishing.Sum())),
        tiles=[_active(actor, now), *_missions(actor), _reach(actor)],
    )


def _marks(actor: Actor, unit: Unit, now: datetime) -> list[Mark]:
    clocks = safeguards.election_clock(now, unit.area_code, unit.timezone)
    marks = []
    if clocks.hold:
        until = formatting.short_when(clocks.hold.until, formatting.zone_of(unit), now)
        marks.append(
            Mark(_("%(name)s holds until %(until)s") % {"name": clocks.hold.span.name, "until": until}, "amber")
        )
    marks += [Mark(f"{ahead.label} · {ahead.name}", "plain") for ahead in clocks.ahead[:2] if ahead.days <= NEAR]
    if noticed := listening.open_alerts(actor):
        text = ngettext("%(n)s alert of the unusual", "%(n)s alerts of the unusual", noticed)
        marks.append(Mark(text % {"n": formatting.number(noticed)}, "amber"))
    alarm = publishing.alarm(actor)
    if alarm.unknown:
        text = ngettext("%(n)s delivery of unknown fate", "%(n)s deliveries of unknown fate", alarm.unknown)
        marks.append(Mark(text % {"n": formatting.number(alarm.unknown)}, "signal"))
    if alarm.late:
        text = ngettext("%(n)s delivery is late", "%(n)s deliveries are late", alarm.late)
        marks.append(Mark(text % {"n": formatting.number(alarm.late)}, "signal"))
    if alarm.twice:
        text = ngettext("%(n)s post is there twice, or may be", "%(n)s posts are there twice, or may be", alarm.twice)
        marks.append(Mark(text % {"n": formatting.number(alarm.twice)}, "signal"))
    return marks


def _bars(by_day: Mapping[date, int], today: date) -> list[Bar]:
    days = [today - DAY * ago for ago in range(BAR_DAYS - 1, -1, -1)]
    top = max(by_day.values(), default=0) or 1
    return [Bar(formats.date_format(day, "D"), by_day.get(day, 0), by_day.get(day, 0) / top * 100) for day in days]


def _compared(made: int, before: int) -> str:
    if made == before:
        return _("as many as yesterday at this hour")
    shape = _("▲ %(n)s on yesterday at this hour") if made > before else _("▼ %(n)s on yesterday at this hour")
    return shape % {"n": formatting.number(abs(made - before))}


def _production(actor: Actor, now: datetime) -> Production:
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    mine = rights.scope(ContentItem.objects.all(), actor, planning_access.READ)
    recent = mine.filter(created_at__gte=midnight - DAY * (BAR_DAYS - 1)).order_by()
    counts = recent.annotate(day=TruncDate("created_at")).values_list("day").annotate(Count("pk"))
    by_day: dict[date, int] = dict(counts)
    before = recent.filter(created_at__gte=midnight - DAY, created_at__lt=now - DAY).count()
    made = by_day.get(midnight.date(), 0)
    approved = mine.filter(approved_at__gte=midnight).count()
    waiting = planning.state_counts(actor)
    review = waiting.get(ItemState.IN_REVIEW, 0)
    text = ngettext("%(n)s item waits for approval.", "%(n)s items wait for approval.", review)
    return Production(
        made=made,
        before=_compared(made, before),
        sentence=text % {"n": formatting.number(review)} if review else _("Nothing waits for approval."),
        bars=_bars(by_day, midnight.date()),
        bars_label=_("Made each day, the last %(n)s days") % {"n": BAR_DAYS},
        rows=[
            Row(pgettext("items", "In the making"), waiting.get(ItemState.DRAFT, 0)),
            Row(_("Waiting for approval"), review, "amber" if review else ""),
            Row(_("Approved today"), approved, "leaf" if approved else ""),
        ],
    )


def _ledger(today: publishing.Sum, yesterday: publishing.Sum) -> Ledger:
    rows = [
        Row(pgettext("deliveries", "Published"), today.published, "leaf" if today.published else ""),
        Row(_("To come"), today.to_come),
        Row(_("Held by a safeguard"), today.held, "amber" if today.held else ""),
        Row(_("Refused by the channel"), today.rejected, "signal" if today.rejected else ""),
        Row(_("Unknown, being looked for"), today.unknown, "signal" if today.unknown else ""),
        Row(_("Missed"), today.missed, "signal" if today.missed else ""),
        Row(_("Recalled"), today.recalled),
    ]
    sentence = _("of %(n)s planned; every one is accounted for.") % {"n": formatting.number(today.planned)}
    if not today.planned:
        sentence = _("Nothing is planned for today.")
    before = _("(nothing yesterday)")
    if yesterday.planned:
        numbers = {"n": formatting.number(yesterday.published), "all": formatting.number(yesterday.planned)}
        before = _("(yesterday %(n)s of %(all)s)") % numbers
    return Ledger(today.published, today.planned, before, sentence, rows)


def _active(actor: Actor, now: datetime) -> Tile:
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    able = Account.objects.filter(unit=OuterRef("pk"), kind=Account.Kind.OFFICIAL, connection__isnull=False)
    out = Delivery.objects.filter(unit=OuterRef("pk"), published_at__gte=midnight)
    units = rights.units_for(actor, Capability.LISTEN).filter(Exists(able))
    total = units.count()
    silent = units.exclude(Exists(out)).order_by("path")
    names = list(silent.values_list("name", flat=True)[: NAMED + 1])
    quiet = silent.count() if len(names) > NAMED else len(names)
    if not total:
        return Tile(_("Units active today"), None, _("no unit has a connected account"))
    if not names:
        return Tile(_("Units active today"), f"{total} / {total}", _("all of them published"), "leaf")
    note = _("silent: %(names)s") % {"names": ", ".join(names[:NAMED])}
    if quiet > NAMED:
        note = _("%(names)s and %(n)s more") % {"names": note, "n": formatting.number(quiet - NAMED)}
    return Tile(_("Units active today"), f"{formatting.number(total - quiet)} / {formatting.number(total)}", note)


def _missions(actor: Actor) -> list[Tile]:
    figures = missions.summary(actor)
    share = figures.answered_share
    asked = ngettext("%(n)s instruction running", "%(n)s instructions running", figures.instructions)
    note = asked % {"n": formatting.number(figures.instructions)}
    if figures.overdue:
        note = _("%(note)s, %(n)s answers overdue") % {"note": note, "n": formatting.number(figures.overdue)}
    invited = _("people shared, of %(n)s invited") % {"n": formatting.number(figures.invited)}
    return [
        Tile(_("Instructions answered"), None if share is None else formatting.percent(share), note),
        Tile(_("Share missions"), formatting.number(figures.shared) if figures.invited else None, invited),
    ]


def _reach(actor: Actor) -> Tile:
    found = insights.reach(actor, insights.last_days(1))
    views = found.sums.views
    quiet = [row.label for row in found.platforms if row.sums.views is None]
    if not found.sums.live:
        note = _("nothing is out yet")
    elif quiet:
        note = _("not reported: %(names)s") % {"names": ", ".join(quiet)}
    else:
        note = _("all channels have reported")
    return Tile(_("Reach, 24 hours"), None if views is None else formatting.compact(views), note)


def home(actor: Actor) -> Unit | None:
    """Return the unit whose wall the actor sees; None before they see any."""
    return registry.home_unit(actor)
