"""Ticks: called again and again, at once while there is work, later after a failure, and never given up."""

import threading
from collections.abc import Callable

import pytest
from django.db import OperationalError

from kentongan.core import ticks
from kentongan.core.ticks import Tick
from named_cast import Cast


class Repeating:
    """A tick that does what it is told, call by call, and then sets the event."""

    def __init__(self, *results: int | Exception) -> None:
        self.results = list(results)
        self.calls = 0
        self.done = threading.Event()

    def __call__(self) -> int:
        self.calls += 1
        result = self.results.pop(0) if self.results else 0
        if not self.results:
            self.done.set()
        if isinstance(result, Exception):
            raise result
        return result


@pytest.fixture
def repeat() -> Callable[..., list[threading.Thread]]:
    """Return a function that runs a tick until it has had all its results."""

    def run(work: Repeating, seconds: float) -> list[threading.Thread]:
        stop = threading.Event()
        threads = ticks.run_ticks(stop, [Tick("test", seconds, work)])
        assert work.done.wait(30)
        stop.set()
        for thread in threads:
            thread.join(30)
        return threads

    return run


def test_more_work_is_fetched_at_once(repeat: Callable[..., list[threading.Thread]]) -> None:
    # An hour between calls: only "call me again at once" lets all five happen.
    work = Repeating(1, 1, 1, 1, 0)
    threads = repeat(work, 3600)
    assert work.calls == 5
    assert not any(thread.is_alive() for thread in threads)


def test_a_failure_is_not_the_end(
    repeat: Callable[..., list[threading.Thread]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ticks, "LONGEST_BACK_OFF", 0.01)
    work = Repeating(ValueError("no"), OperationalError("server closed the connection\nmore"), 1, 0)
    repeat(work, 0.01)
    assert work.calls == 4
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        "The tick test failed.",
        "The tick test has no database (2 tries): server closed the connection",
        "The tick test works again.",
    ]
    # The trace of the unforeseen one is there, once.
    assert [bool(record.exc_info) for record in caplog.records] == [True, False, False]


def test_two_ticks_do_not_share_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticks, "_ticks", {})
    ticks.every(seconds=1, name="test")(Repeating(3))
    assert ticks.run_once("test") == 3
    with pytest.raises(ValueError, match="two ticks called test"):
        ticks.every(seconds=1, name="test")(Repeating())


def test_every_registered_tick_is_named_after_its_room() -> None:
    for tick in ticks.registered():
        room, _, what = tick.name.partition(".")
        assert room
        assert what
        assert tick.seconds > 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", [tick.name for tick in ticks.registered()])
def test_each_tick_runs_as_in_a_worker_outside_of_a_transaction(name: str, cast: Cast) -> None:
    assert ticks.run_once(name) >= 0
