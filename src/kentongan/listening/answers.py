"""Which issues have an answer, besides being handed to a unit: later rooms know what was said about them.

A room writes an Answers and calls `register` in its AppConfig.ready.
"""

from collections.abc import Collection
from typing import Protocol


class Answers(Protocol):
    """Tells which of some issues were answered there, whoever asks: it says that, not what or by whom."""

    def answered(self, issue_ids: Collection[int]) -> Collection[int]:
        """Return those of `issue_ids` that have an answer, in one query."""
        ...


_known: dict[str, Answers] = {}


def register(name: str, answers: Answers) -> None:
    """Ask this room too."""
    _known[name] = answers


def answered(issue_ids: Collection[int]) -> set[int]:
    """Return those of `issue_ids` that any room has answered."""
    return {pk for answers in _known.values() for pk in answers.answered(issue_ids)} if issue_ids else set()
