"""All reads of missions, one file a noun; `summary` is what the wall shows."""

from kentongan.missions.queries.summary import Summary, summary

__all__ = ["Summary", "summary"]
