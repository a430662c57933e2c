"""The moves are data, and the database forbids all others."""

import random
import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict
from kentongan.publishing import queries, states
from kentongan.publishing.models import Attempt, Delivery
from kentongan.publishing.states import CLAIMS, MOVES, STARTS, State
from publishing.desk import Desk

SYSTEM = Actor.system("tests")
TOKEN = uuid.uuid4()


def _values(state: State) -> dict[str, object]:
    now, claimed = clock.now(), state in CLAIMS
    return {
        "state": state,
        "reason": "x",
        "claim_token": TOKEN if claimed else None,
        "claimed_until": now if claimed else None,
        "remote_id": uuid.uuid4().hex if state == State.PUBLISHED else "",
        "published_at": now,
        "look_at": now,
        "settled_at": now,
    }


def _force(delivery: Delivery, state: State) -> None:
    """Put a row into a state without asking the guard; only an owner of the schema can."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE publishing_delivery DISABLE TRIGGER publishing_delivery_guard")
        Delivery.objects.filter(pk=delivery.pk).update(**_values(state))
        cursor.execute("ALTER TABLE publishing_delivery ENABLE TRIGGER publishing_delivery_guard")


@pytest.mark.django_db
def test_the_database_allows_exactly_the_declared_moves(desk: Desk):
    delivery = desk.schedule(desk.account())
    wrong = []
    for before in State:
        for after in State:
            if before == after:
                continue
            _force(delivery, before)
            try:
                with transaction.atomic():
                    Delivery.objects.filter(pk=delivery.pk).update(**_values(after))
                done = True
            except IntegrityError:
                done = False
            if done != (after in MOVES[before]):
                wrong.append((before, after, done))
    assert wrong == []


@pytest.mark.django_db
@pytest.mark.parametrize("state", sorted(set(State) - STARTS))
def test_nothing_begins_in_the_middle(desk: Desk, state: State):
    delivery = desk.schedule(desk.account())
    copy = Delivery.objects.get(pk=delivery.pk)
    other = desk.account(handle="lain")
    copy.pk, copy.key, copy.account = None, "another", other
    for name, value in _values(state).items():
        setattr(copy, name, value)
    with pytest.raises(IntegrityError, match="cannot begin"), transaction.atomic():
        copy.save(force_insert=True)


@pytest.mark.django_db
@pytest.mark.parametrize("values", [{"content": {"text": "lain"}}, {"key": "lain"}])
def test_what_a_delivery_sends_is_fixed(desk: Desk, values: dict[str, object]):
    delivery = desk.schedule(desk.account())
    with pytest.raises(IntegrityError, match="fixed"), transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk).update(**values)


@pytest.mark.django_db
def test_attempts_end_once_and_stay(desk: Desk):
    delivery = desk.schedule(desk.account())
    now = clock.now()
    attempt = Attempt.objects.create(delivery=delivery, kind="find", started_at=now, ended_at=now, outcome="absent")
    with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
        Attempt.objects.filter(pk=attempt.pk).update(outcome="found")
    with pytest.raises(IntegrityError, match="never removed"), transaction.atomic():
        Attempt.objects.filter(pk=attempt.pk).delete()


def test_an_illegal_move_is_a_conflict_in_words():
    with pytest.raises(Conflict):
        states.check_move(State.RECALLED, State.READY)


@given(st.dictionaries(st.sampled_from(list(State)), st.frozensets(st.sampled_from(list(State)))))
def test_a_table_of_moves_with_a_hole_is_refused(moves: dict[State, frozenset[State]]):
    if set(moves) == set(State) and moves == MOVES:
        return
    reached, frontier = set(STARTS), list(STARTS)
    while frontier and set(moves) == set(State):
        steps = moves[frontier.pop()] - reached
        reached |= steps
        frontier.extend(steps)
    if set(moves) == set(State) and reached == set(State):
        states.check(moves)
    else:
        with pytest.raises(ValueError, match=r"declared|reached"):
            states.check(moves)


@pytest.mark.django_db
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), days=st.integers(1, 4))
def test_the_ledger_always_adds_up(desk: Desk, seed: int, days: int):
    chance = random.Random(seed)
    with transaction.atomic():
        account = desk.account(handle=f"kabar{seed}-{uuid.uuid4().hex[:6]}")
        for _number in range(chance.randrange(1, 9)):
            due = clock.now() + timedelta(days=chance.randrange(days), seconds=5)
            delivery = desk.schedule(account, item=desk.item(), due_at=due)
            _force(delivery, chance.choice(list(State)))
        actor = desk.cast.actor("wulan")
        total, lines = queries.ledger(actor), queries.days(actor)
        parts = total.as_dict()
        assert parts.pop("planned") == Delivery.objects.count() == sum(parts.values())
        assert sum(line.planned for line in lines) == total.planned
        for name, value in parts.items():
            assert sum(line.as_dict()[name] for line in lines) == value
        transaction.set_rollback(True)
