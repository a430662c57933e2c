"""Which function does which kind of job."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from kentongan.core.models.jobs import Job

Work = Callable[..., Mapping[str, Any] | None]
F = TypeVar("F", bound=Work)


@dataclass(frozen=True, slots=True)
class Handler:
    """A kind of job.

    `resumable` promises that running it again from its beginning does no harm, so a killed worker's job is simply run
    again. Of a kind that is `alone` one job runs at a time, however many workers there are: one that takes hours leaves
    their other places to what people wait for. `on_end` is called once, in the transaction that writes the final state,
    however the job ended.
    """

    kind: str
    work: Work
    resumable: bool
    on_end: Callable[[Job], None] | None = None
    alone: bool = False


_handlers: dict[str, Handler] = {}


def handler(
    kind: str, *, resumable: bool = False, on_end: Callable[[Job], None] | None = None, alone: bool = False
) -> Callable[[F], F]:
    """Make `work(progress, **args)` the handler of `kind`; what it returns (plain JSON) becomes the job's result."""

    def decorate(work: F) -> F:
        known = _handlers.get(kind)
        if known is not None and known.work.__qualname__ != work.__qualname__:
            raise ValueError(f"Two handlers for {kind}.")
        _handlers[kind] = Handler(kind, work, resumable, on_end, alone)
        return work

    return decorate


def find(kind: str) -> Handler | None:
    """Return the handler of `kind`, or None when the app that had it is gone."""
    return _handlers.get(kind)
