"""All reads of gatherings, one file a noun."""

from kentongan.gatherings.queries.gatherings import (
    Attendance,
    attendance,
    begins_soon,
    by_day,
    candidates,
    listed,
    may_see_names,
    of_issue,
    participants,
    planning_units,
    questions,
    upcoming,
    zone_of,
)

__all__ = [
    "Attendance",
    "attendance",
    "begins_soon",
    "by_day",
    "candidates",
    "listed",
    "may_see_names",
    "of_issue",
    "participants",
    "planning_units",
    "questions",
    "upcoming",
    "zone_of",
]
