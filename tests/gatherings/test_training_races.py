"""Several at once: the last seat, two waves that reach for one person, two phones at the door."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from kentongan.core import clock
from kentongan.core.errors import KentonganError
from kentongan.core.models import AuditEntry
from kentongan.gatherings import actions
from kentongan.gatherings.actions import Plan, Syllabus, WavePlan
from kentongan.gatherings.models import Participant, Training, Wave
from kentongan.registry import actions as registry
from kentongan.registry.actions.people import NewPerson
from named_cast import SYSTEM, Cast

pytestmark = pytest.mark.django_db(transaction=True)


def together(*works: Callable[[], object]) -> list[object]:
    """Run all at the same instant, each on a connection of its own; return what each gave or its refusal."""
    gate = threading.Barrier(len(works))
    outcomes: list[object] = [None] * len(works)

    def run(place: int, work: Callable[[], object]) -> None:
        gate.wait()
        try:
            outcomes[place] = work()
        except KentonganError as refusal:
            outcomes[place] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.fixture
def people(transactional_db: None, make_cast: Callable[..., Cast]) -> tuple[Cast, Training, list[int]]:
    cast = make_cast()
    ids = [
        registry.add_person(SYSTEM, NewPerson(f"Petugas {n}", cast.tambun_selatan.pk, "Pengelola", "SK 1")).pk
        for n in range(6)
    ]
    syllabus = Syllabus("Akun", "Isi", "position", "Pengelola", ("district",), per_unit=6)
    return cast, actions.open_training(cast.actor("dewi"), cast.root.pk, syllabus), ids


def wave(cast: Cast, training: Training, capacity: int) -> Wave:
    start = clock.now() + timedelta(days=3)
    plan = Plan("Gelombang", "Aula", start, start + timedelta(hours=2))
    return actions.plan_wave(cast.actor("dewi"), training.pk, WavePlan(plan, capacity, 6, (cast.tambun_selatan.pk,)))


def test_the_last_seats_go_once(people: tuple[Cast, Training, list[int]]) -> None:
    cast, training, ids = people
    found = wave(cast, training, 2)
    outcomes = together(*[lambda pk=pk: actions.add_person(cast.actor("dewi"), found.pk, pk) for pk in ids])
    assert sum(isinstance(one, Participant) for one in outcomes) == 2
    assert Participant.objects.count() == 2
    assert all(isinstance(one, Participant | KentonganError) for one in outcomes)


def test_two_waves_at_one_time_never_hold_the_same_person(people: tuple[Cast, Training, list[int]]) -> None:
    cast, training, _ids = people
    one, two = wave(cast, training, 4), wave(cast, training, 4)
    given = together(
        lambda: actions.fill_wave(cast.actor("dewi"), one.pk), lambda: actions.fill_wave(cast.actor("dewi"), two.pk)
    )
    seated = list(Participant.objects.values_list("person", flat=True))
    assert len(seated) == len(set(seated)) == sum(one for one in given if isinstance(one, int))
    assert len(seated) >= 4


def test_two_phones_at_the_door_check_in_once(people: tuple[Cast, Training, list[int]]) -> None:
    cast, training, ids = people
    found = wave(cast, training, 4)
    seat = actions.add_person(cast.actor("dewi"), found.pk, ids[0])
    together(*[lambda: actions.check_in(cast.actor("dewi"), seat.pk)] * 4)
    assert AuditEntry.objects.filter(verb="gatherings.participant.attend").count() == 1
    assert Participant.objects.get().state == "attended"
