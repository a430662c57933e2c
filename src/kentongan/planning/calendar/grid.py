"""Reading the calendar: a month by days, a week by hours, a list by days. The number of queries is constant."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import CharField, Count, F, QuerySet, Value, Window
from django.db.models.functions import RowNumber, TruncDay, TruncHour
from django.utils import timezone

from kentongan.core.actor import Actor
from kentongan.planning.calendar.contract import Entry, Period, Wanted, source, sources_for
from kentongan.safeguards import queries as safeguards

IN_A_DAY, IN_AN_HOUR = 3, 2
"""How many entries a cell of the month and of the week shows before it says how many more there are."""
HOURS = 24


@dataclass(frozen=True, slots=True)
class Cell:
    """The first entries of a day or of an hour, and how many there are in all."""

    entries: tuple[Entry, ...] = ()
    total: int = 0

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.total - len(self.entries)


@dataclass(frozen=True, slots=True)
class Day:
    """A day: what is on it, the stages that begin (on the first day shown: run), its quiet periods, its hours."""

    date: date
    marks: tuple[Any, ...] = ()
    quiet: tuple[Any, ...] = ()
    cell: Cell = Cell()
    hours: tuple[Cell, ...] = ()


def period(start: date, days: int) -> Period:
    """Return the days from `start` as moments in the viewer's zone."""
    zone = timezone.get_current_timezone()
    return Period(datetime.combine(start, time(), zone), datetime.combine(start + timedelta(days=days), time(), zone))


def days(of: Period) -> list[Day]:
    """Return the days of a period with their stages and quiet periods, nothing on them yet: two queries."""
    first, last = of.start.date(), of.end.date() - timedelta(days=1)
    stages, spans = safeguards.dated_between(first, last)
    return [
        Day(
            day,
            tuple(stage for stage in stages if max(stage.starts_on, first) == day),
            tuple(span for span in spans if span.starts_on <= day <= span.ends_on),
        )
        for day in (first + timedelta(days=n) for n in range((last - first).days + 1))
    ]


def month(actor: Actor, wanted: Wanted) -> list[Day]:
    """Return the days of the period, each with its first entries."""
    cells = {moment.date(): cell for moment, cell in _cells(actor, wanted, TruncDay, IN_A_DAY).items()}
    return [replace(day, cell=cells.get(day.date, Cell())) for day in days(wanted.period)]


def week(actor: Actor, wanted: Wanted) -> list[Day]:
    """Return the days of the period, each with its 24 hours and the first entries of each hour."""
    found = {(at.date(), at.hour): cell for at, cell in _cells(actor, wanted, TruncHour, IN_AN_HOUR).items()}
    shown = []
    for day in days(wanted.period):
        hours = tuple(found.get((day.date, hour), Cell()) for hour in range(HOURS))
        shown.append(replace(day, cell=Cell(total=sum(hour.total for hour in hours)), hours=hours))
    return shown


def _cells(actor: Actor, wanted: Wanted, trunc: type[TruncDay | TruncHour], few: int) -> dict[datetime, Cell]:
    """Return the cells that are not empty by their beginning; the database counts, and gives the first few only."""
    zone = timezone.get_current_timezone()
    entries: dict[datetime, list[Entry]] = defaultdict(list)
    totals: dict[datetime, int] = defaultdict(int)
    for one in sources_for(actor):
        rows = one.rows(actor, wanted).annotate(cell=trunc("at", tzinfo=zone))
        place = Window(RowNumber(), partition_by=F("cell"), order_by=[F("at"), F("pk")])
        counted = rows.annotate(place=place, total=Window(Count("pk"), partition_by=F("cell")))
        first = counted.filter(place__lte=few).values_list("pk", "cell", "total")
        placed = {pk: (cell, total) for pk, cell, total in first}
        for entry in one.entries(actor, placed):
            entries[placed[entry.pk][0]].append(entry)
        for cell, total in set(placed.values()):
            totals[cell] += total
    return {cell: Cell(tuple(_in_order(entries[cell])[:few]), total) for cell, total in totals.items()}


def _in_order(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (entry.at, entry.source, entry.pk))


def listed(actor: Actor, wanted: Wanted) -> QuerySet[Any, dict[str, Any]]:
    """Return (`at`, `source`, `number`) of everything in the period, in the order of time, for `entries_of`."""
    parts = [
        one.rows(actor, wanted)
        .order_by()
        .annotate(number=F("pk"), source=Value(one.name, CharField()))
        .values("at", "source", "number")
        for one in sources_for(actor)
    ]
    found: QuerySet[Any, dict[str, Any]] = parts[0].union(*parts[1:], all=True).order_by("at", "source", "number")
    return found


def entries_of(actor: Actor, rows: Iterable[dict[str, Any]]) -> list[Entry]:
    """Return the entries of a part of `listed`, in its order: a constant number of queries."""
    by_source: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        by_source[row["source"]].append(row["number"])
    found: list[Entry] = []
    for name, pks in by_source.items():
        found += source(name).entries(actor, pks)
    return _in_order(found)


def moved_to(entry_at: datetime, day: date, hour: int | None) -> datetime:
    """Return the moment on another day (and hour) of the viewer's zone; what is not said stays as it is."""
    zone = timezone.get_current_timezone()
    local = entry_at.astimezone(zone)
    return local.replace(year=day.year, month=day.month, day=day.day, hour=local.hour if hour is None else hour)
