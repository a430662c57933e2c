"""A lock by name: one at a time, others by other names, and nothing left of a session that was killed."""

import threading
from collections.abc import Callable

import pytest
from django.db import OperationalError, connection

from kentongan.core import advisory

WAIT = 20


def elsewhere(work: Callable[[], None]) -> threading.Thread:
    """Do it on a thread of its own, with a connection of its own."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
def test_the_second_waits_for_the_first_and_others_do_not():
    done: list[str] = []
    other, same = threading.Event(), threading.Event()

    def take(name: str, entered: threading.Event) -> None:
        with advisory.alone(name):
            done.append(name)
            entered.set()

    with advisory.alone("satu"):
        threads = [elsewhere(lambda: take("dua", other))]
        assert other.wait(WAIT)
        threads.append(elsewhere(lambda: take("satu", same)))
        assert not same.wait(0.3)
        done.append("selesai")
    for thread in threads:
        thread.join(WAIT)
    assert done == ["dua", "selesai", "satu"]


@pytest.mark.django_db(transaction=True)
def test_it_is_given_back_after_an_error():
    with pytest.raises(ZeroDivisionError), advisory.alone("satu"):
        _unused = 1 // 0
    free = threading.Event()

    def take() -> None:
        with advisory.alone("satu"):
            free.set()

    elsewhere(take).join(WAIT)
    assert free.is_set()


@pytest.mark.django_db(transaction=True)
def test_it_goes_with_the_session_of_a_process_that_is_killed():
    held, killed, free = threading.Event(), threading.Event(), threading.Event()
    pid: list[int] = []

    def hold() -> None:
        lock = advisory.alone("satu")
        lock.__enter__()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pid.append(cursor.fetchone()[0])
        held.set()
        killed.wait(WAIT)
        with pytest.raises(OperationalError):
            lock.__exit__(None, None, None)

    def take() -> None:
        with advisory.alone("satu"):
            free.set()

    holder = elsewhere(hold)
    assert held.wait(WAIT)
    waiting = elsewhere(take)
    assert not free.wait(0.3)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", pid)
    assert free.wait(WAIT)
    killed.set()
    for thread in (holder, waiting):
        thread.join(WAIT)
