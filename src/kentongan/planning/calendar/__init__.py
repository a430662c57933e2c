"""The calendar: everything that is wanted, due or scheduled, whichever room it belongs to."""

from kentongan.planning.calendar.contract import Entry, Period, Source, Wanted, covered, register, source, sources
from kentongan.planning.calendar.grid import Cell, Day, days, entries_of, listed, month, moved_to, period, week

__all__ = [
    "Cell",
    "Day",
    "Entry",
    "Period",
    "Source",
    "Wanted",
    "covered",
    "days",
    "entries_of",
    "listed",
    "month",
    "moved_to",
    "period",
    "register",
    "source",
    "sources",
    "week",
]
