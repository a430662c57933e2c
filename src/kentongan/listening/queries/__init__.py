"""All reads of listening."""

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
    "Period",
    "accounts",
    "board",
    "curve",
    "districts_of",
    "merge_choices",
    "period_of",
    "quarantine",
    "ranked",
    "samples",
    "search",
    "segments_count",
    "sources",
    "units_behind",
]
