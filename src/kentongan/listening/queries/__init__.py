"""All reads of listening."""

from kentongan.listening.queries.alerts import (
    Judged,
    alerts,
    area_choices,
    judged,
    open_alerts,
    possible_readers,
    rule_units,
    rules,
    watched_units,
)
from kentongan.listening.queries.board import Board, Filters, IssueRow, board, ranked
from kentongan.listening.queries.issue import Curve, curve, districts_of, merge_choices, samples
from kentongan.listening.queries.lake import Found, search, segments_count, units_behind
from kentongan.listening.queries.period import PERIODS, Period, period_of
from kentongan.listening.queries.sources import accounts, quarantine, sources

__all__ = [
    "PERIODS",
    "Board",
    "Curve",
    "Filters",
    "Found",
    "IssueRow",
    "Judged",
    "Period",
    "accounts",
    "alerts",
    "area_choices",
    "board",
    "curve",
    "districts_of",
    "judged",
    "merge_choices",
    "open_alerts",
    "period_of",
    "possible_readers",
    "quarantine",
    "ranked",
    "rule_units",
    "rules",
    "samples",
    "search",
    "segments_count",
    "sources",
    "units_behind",
    "watched_units",
]
