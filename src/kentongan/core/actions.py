"""The only writers.

An action checks access, writes, audits and queues work in one transaction. The decorator opens the transaction, tells
the audit log which verb is being done, and refuses to commit a write that left no trace.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.db import transaction

from kentongan.core.actor import Actor

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(slots=True)
class Running:
    """The action that runs now: its verb, and how many audit entries it has written."""

    verb: str
    entries: int = 0


_running: ContextVar[Running | None] = ContextVar("running_action", default=None)


class UnauditedAction(RuntimeError):
    """An action ended without an audit entry: a mistake in our code, so the transaction is rolled back."""


def current() -> Running | None:
    """Return the action that runs now, if any."""
    return _running.get()


@contextmanager
def _enter(verb: str) -> Iterator[Running]:
    running = Running(verb)
    mark = _running.set(running)
    try:
        yield running
    finally:
        _running.reset(mark)


def action(
    verb: str, *, may_do_nothing: bool = False
) -> Callable[[Callable[Concatenate[Actor, P], R]], Callable[Concatenate[Actor, P], R]]:
    """Make `function(actor, ...)` an action called `verb` (`room.noun.verb`).

    `may_do_nothing` is for actions that are allowed to find nothing to do (an idempotent load, say).
    """

    def decorate(function: Callable[Concatenate[Actor, P], R]) -> Callable[Concatenate[Actor, P], R]:
        @wraps(function)
        def run(actor: Actor, /, *args: P.args, **kwargs: P.kwargs) -> R:
            outer = _running.get()
            with transaction.atomic(), _enter(verb) as running:
                result = function(actor, *args, **kwargs)
                if not running.entries and not may_do_nothing:
                    raise UnauditedAction(verb)
            if outer is not None:
                outer.entries += running.entries
            return result

        return run

    return decorate
