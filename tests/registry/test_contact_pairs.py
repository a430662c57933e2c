"""Contacts who may be one: the pairs are those that a comparison of each with each gives, and cost no more for many."""

import json
import random
from itertools import combinations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kentongan.registry import queries
from kentongan.registry.models import Account, Contact, KeptApart, Person, Unit
from kentongan.registry.queries.contacts import LIKE
from named_cast import Cast

SHARED = "+6281230000001"


def keep(unit: Unit, name: str, phone: str = "", accounts: tuple[str, ...] = (), state: str = "invited") -> Contact:
    person = Person.objects.create(full_name=name, phone=phone, basis="Uji", state=state)
    for handle in accounts:
        Account.objects.create(
            unit=unit, person=person, kind="organic", platform="x", handle=handle, identity=handle, state="claimed"
        )
    return Contact.objects.create(person=person, unit=unit, kind="journalist", source="list")


def reason(one: Contact, other: Contact) -> str:
    """Return why these two may be one, each compared with the other; empty for no reason."""
    handles = [set(each.person.accounts.values_list("platform", "identity")) for each in (one, other)]
    if one.person.phone and one.person.phone == other.person.phone:
        return "1phone"
    if handles[0] & handles[1]:
        return "2account"
    return "3name" if (one.unit, one.person.name_key) == (other.unit, other.person.name_key) else ""


@pytest.mark.parametrize("seed", range(6))
def test_pairs_are_those_of_a_comparison_of_each_with_each(cast: Cast, seed: int) -> None:
    chance = random.Random(seed)
    units, names = [cast.root, cast.sukamahi, cast.tambun_selatan], ["Ratna", "Budi", "Citra", "Ratna, S.Sos."]
    there = [
        keep(
            chance.choice(units),
            chance.choice(names),
            phone=chance.choice(["", "", SHARED, "+6281230000002"]),
            accounts=tuple(chance.sample(["a", "b", "c", "d", "e"], chance.choice([0, 0, 1, 2]))),
            state=chance.choice(["invited", "invited", "confirmed", "withdrawn"]),
        )
        for _number in range(16)
    ]
    for one, other in chance.sample(list(combinations(there, 2)), 20):
        KeptApart.objects.create(one=one.person, other=other.person)
    apart = set(KeptApart.objects.values_list("one", "other"))
    for scope in (cast.root, cast.tambun_selatan):
        inside = [one for one in there if one.unit == scope or scope == cast.root]
        wanted = sorted(
            (why, one.person_id, other.person_id)
            for one, other in combinations(inside, 2)
            if (why := reason(one, other)) and "withdrawn" not in (one.person.state, other.person.state)
            and (one.person_id, other.person_id) not in apart
        )  # fmt: skip
        for limit in (1, 5, 400):
            found = queries.alike_contacts(cast.actor("arif"), scope, limit)
            assert [(pair.why, pair.one.person_id, pair.other.person_id) for pair in found] == wanted[:limit]


def rows_touched(unit: Unit) -> int:
    """Return how many rows the busiest step of the statement makes."""
    with connection.cursor() as cursor:
        statement = f"EXPLAIN (ANALYZE, FORMAT JSON) {LIKE}"
        cursor.execute(statement, {"path": str(unit.path), "limit": 50})
        plan = cursor.fetchone()[0]
    steps = [json.loads(plan)[0]["Plan"] if isinstance(plan, str) else plan[0]["Plan"]]
    most = 0
    while steps:
        step = steps.pop()
        most = max(most, step["Actual Rows"] * step["Actual Loops"])
        steps += step.get("Plans", [])
    return int(most)


def test_a_phone_that_hundreds_share_makes_no_pair_of_each_with_each(cast: Cast) -> None:
    for number in range(600):
        keep(cast.root, f"Kontak {number}", SHARED)
    assert rows_touched(cast.root) <= 600 * 51
    with CaptureQueriesContext(connection) as many:
        assert len(queries.alike_contacts(cast.actor("arif"), cast.root)) == 50
    Contact.objects.filter(pk__in=Contact.objects.order_by("-pk")[:597].values("pk")).delete()
    with CaptureQueriesContext(connection) as few:
        assert len(queries.alike_contacts(cast.actor("arif"), cast.root)) == 3
    assert len(many) == len(few)
