"""The tallies equal a recount by hand, whatever is changed, by how many at once, and however often a fold dies."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from kentongan.core import clock
from kentongan.core.errors import KentonganError
from kentongan.registry import actions, counting
from kentongan.registry.actions.mandates import NewMandate
from kentongan.registry.actions.people import NewPerson
from kentongan.registry.models import (
    Account,
    Connection,
    Consent,
    Mandate,
    Membership,
    Person,
    Recount,
    Tally,
    TallyDay,
    Unit,
)
from named_cast import SYSTEM, Cast

PLATFORMS = ("facebook", "instagram", "x")
GONE = (Account.State.LOST, Account.State.RETIRED, Account.State.IMPOSTOR)
PROVEN = (Account.State.PROVEN, Account.State.CONNECTED, Account.State.DORMANT)


def _met(mandate: Mandate, accounts: list[Account]) -> bool:
    live = [one for one in accounts if one.state not in (*GONE, Account.State.CLAIMED)]
    match mandate.counts:
        case "exists":
            return bool(live)
        case "proven":
            return any(one.state in PROVEN for one in live)
        case "connected":
            return any(Connection.objects.filter(account=one).exists() for one in live)
        case _:
            return any(one.state in PROVEN[:2] and one.last_posted_at for one in live)


def _listed(person: Person) -> bool:
    return person.state == Person.State.CONFIRMED and any(
        one.purpose == Consent.Purpose.ACCOUNTS and one.revoked_at is None for one in person.consents.all()
    )


def by_hand() -> dict[tuple[int, int | None, str], tuple[int, int]]:
    """Count everything with loops over objects: slow, and nothing like the query that it is compared with."""
    today = counting.today()
    own: dict[tuple[int, int | None, str], list[bool]] = {}
    units = {unit.pk: unit for unit in Unit.objects.filter(closed_at=None)}
    people: dict[int, list[Membership]] = {pk: [] for pk in units}
    for one in Membership.objects.select_related("person").prefetch_related("person__consents", "person__accounts"):
        runs = (one.starts_on is None or one.starts_on <= today) and (one.ends_on is None or one.ends_on >= today)
        if one.unit_id in units and runs and one.denied_at is None and one.person.state != Person.State.WITHDRAWN:
            people[one.unit_id].append(one)
    official: dict[int, list[Account]] = {pk: [] for pk in units}
    for account in Account.objects.filter(kind="official"):
        if account.unit_id in units and account.state not in GONE:
            official[account.unit_id].append(account)
    for pk in units:
        own[pk, None, "units"] = [True]
        persons = {one.person_id: one.person for one in people[pk]}
        own[pk, None, "people"] = [one.state == Person.State.CONFIRMED for one in persons.values()]
        own[pk, None, "official"] = [one.state in PROVEN for one in official[pk]]
        listed = [one for one in persons.values() if _listed(one)]
        kept = [a for one in listed for a in one.accounts.all() if a.state not in (*GONE, Account.State.CLAIMED)]
        own[pk, None, "organic"] = [one.state in PROVEN for one in kept]
    for mandate in Mandate.objects.filter(ended_at=None).select_related("unit"):
        for pk, unit in units.items():
            if not (str(unit.path) + ".").startswith(str(mandate.unit.path) + "."):
                continue
            if (mandate.levels and unit.level not in mandate.levels) or (
                mandate.kinds and unit.kind not in mandate.kinds
            ):
                continue
            if mandate.of_people:
                wanted = [
                    one.person for one in {one.person_id: one for one in people[pk] if _fits(mandate, one)}.values()
                ]
                has = [list(one.accounts.all()) if _listed(one) else [] for one in wanted]
            else:
                has = [official[pk]]
            rows = [
                [_met(mandate, [a for a in accounts if a.platform == p]) for p in mandate.platforms] for accounts in has
            ]
            own[pk, mandate.pk, ""] = [all(row) for row in rows]
            for index, platform in enumerate(mandate.platforms):
                own[pk, mandate.pk, platform] = [row[index] for row in rows]
    totals: Counter[tuple[int, int | None, str]] = Counter()
    dones: Counter[tuple[int, int | None, str]] = Counter()
    for (pk, mandate_id, of), marks in own.items():
        for above in str(units[pk].path).split("."):
            totals[int(above), mandate_id, of] += len(marks)
            dones[int(above), mandate_id, of] += sum(marks)
    return {key: (total, dones[key]) for key, total in totals.items() if total}


def _fits(mandate: Mandate, one: Membership) -> bool:
    words = one.title.lower().split()
    return not mandate.titles or any(words[: len(title.split())] == title.split() for title in mandate.titles)


def tallied() -> dict[tuple[int, int | None, str], tuple[int, int]]:
    """Return what the tallies say; of ended mandates nothing."""
    rows = Tally.objects.filter(total__gt=0).exclude(mandate__ended_at__isnull=False)
    return {(one.unit_id, one.mandate_id, one.of): (one.total, one.done) for one in rows}


def mandate(cast: Cast, **more: Any) -> Mandate:
    new = {"name": "Wajib", "subject": "people", "platforms": PLATFORMS, "due_on": date(2030, 1, 1), **more}
    return actions.give_mandate(SYSTEM, new.pop("unit", cast.root).pk, NewMandate(**new))


def member(unit: Unit, name: str, title: str = "Ketua", *, consents: bool = True) -> Person:
    texts = {"accounts": "Saya setuju."} if consents else {}
    new = NewPerson(full_name=name, unit_id=unit.pk, title=title, basis="Daftar 2026", consents=texts)
    return actions.add_person(SYSTEM, new)


def own_account(person: Person, platform: str, state: str = "proven", unit: Unit | None = None, **more: Any) -> Account:
    identity = f"{platform}-{person.pk}"
    return Account.objects.create(
        kind="organic",
        unit=unit or person.memberships.get().unit,
        person=person,
        platform=platform,
        handle=identity,
        identity=identity,
        state=state,
        **more,
    )


def test_numbers_reach_the_root_and_say_who_has_it(cast: Cast) -> None:
    given = mandate(cast)
    nani, joko = member(cast.sukamahi, "Nani"), member(cast.cikarang_pusat, "Joko")
    own_account(nani, "facebook"), own_account(nani, "x"), own_account(nani, "instagram"), own_account(joko, "x")
    counting.fold_all()
    assert tallied() == by_hand()
    root = {one.of: (one.done, one.total) for one in Tally.objects.filter(unit_id=cast.root.pk, mandate=given)}
    people = Tally.objects.get(unit_id=cast.root.pk, mandate=None, of="people").total
    assert root == {"": (1, people), "facebook": (1, people), "x": (2, people), "instagram": (1, people)}


def test_without_consent_an_account_counts_for_nothing(cast: Cast) -> None:
    given = mandate(cast, platforms=("x",), counts="exists")
    nani = member(cast.sukamahi, "Nani", consents=False)
    own_account(nani, "x", "claimed")
    counting.fold_all()
    village = Tally.objects.get(unit_id=cast.sukamahi.pk, mandate=given, of="x")
    assert village.done == 0
    Account.objects.filter(person=nani).update(state="declared")
    actions.give_consent(SYSTEM, nani.pk, "accounts", text="Saya setuju.", channel="phone")
    counting.fold_all()
    village.refresh_from_db()
    assert village.done == 1
    actions.revoke_consent(SYSTEM, nani.pk, "accounts")
    counting.fold_all()
    village.refresh_from_db()
    assert village.done == 0
    assert tallied() == by_hand()


@pytest.mark.parametrize("counts", ["exists", "proven", "connected", "active"])
def test_what_counts_for_units(cast: Cast, counts: str) -> None:
    mandate(cast, subject="units", counts=counts, levels=("district",))
    account = actions.declare_account(SYSTEM, cast.cikarang_pusat.pk, handle="https://facebook.com/cikarangpusat")
    seen = []
    for step in ("declare", "prove", "post", "connect", "sleep", "lose"):
        match step:
            case "prove":
                Account.objects.filter(pk=account.pk).update(state="proven")
            case "post":
                Account.objects.filter(pk=account.pk).update(last_posted_at=clock.now())
            case "connect":
                actions.connect(SYSTEM, account.pk, secrets={})
            case "sleep":
                Account.objects.filter(pk=account.pk).update(state="dormant")
            case "lose":
                Account.objects.filter(pk=account.pk).update(state="lost")
        counting.fold_all()
        assert tallied() == by_hand(), step
        seen.append(Tally.objects.get(unit_id=cast.root.pk, mandate__isnull=False, of="facebook").done)
    assert (
        seen
        == {
            "exists": [1, 1, 1, 1, 1, 0],
            "proven": [0, 1, 1, 1, 1, 0],
            "connected": [0, 0, 0, 1, 1, 0],
            "active": [0, 0, 1, 1, 0, 0],
        }[counts]
    )


def test_a_unit_that_moves_takes_its_numbers_along_and_a_deleted_one_leaves_none(cast: Cast) -> None:
    given = mandate(cast)
    nani = member(cast.sukamahi, "Nani")
    own_account(nani, "x")
    counting.fold_all()
    actions.move_unit(SYSTEM, cast.sukamahi.pk, cast.tambun_selatan.pk)
    counting.fold_all()
    assert tallied() == by_hand()
    assert Tally.objects.get(unit_id=cast.tambun_selatan.pk, mandate=given, of="x").done == 1
    assert not Tally.objects.filter(unit_id=cast.cikarang_pusat.pk, mandate=given, of="x", done__gt=0)
    hamlet = actions.add_unit(SYSTEM, cast.sukamahi.pk, code="dusun-1", name="Dusun Satu", level="none")
    counting.fold_all()
    units = Tally.objects.get(unit_id=cast.root.pk, of="units")
    gone = hamlet.pk
    hamlet.delete()
    counting.fold_all()
    assert tallied() == by_hand()
    assert not Tally.objects.filter(unit_id=gone)
    assert Tally.objects.get(unit_id=cast.root.pk, of="units").total == units.total - 1


def test_terms_begin_and_end_with_the_day(cast: Cast) -> None:
    given = mandate(cast)
    today = counting.today()
    nani = member(cast.sukamahi, "Nani")
    nani.memberships.update(starts_on=today + timedelta(days=2), ends_on=today + timedelta(days=5))
    counting.mark_terms()
    counting.fold_all()
    seen = []
    for days in range(1, 8):
        with clock.playing(clock.now() + timedelta(days=days)):
            counting.mark_terms()
            counting.fold_all()
            village = Tally.objects.filter(unit_id=cast.sukamahi.pk, mandate=given, of="x").first()
            seen.append(village.total if village else 0)
            assert tallied() == by_hand()
    assert seen == [1, 2, 2, 2, 2, 1, 1]  # one of the cast is there all the time


def test_an_ended_mandate_keeps_its_numbers(cast: Cast) -> None:
    given = mandate(cast)
    own_account(member(cast.sukamahi, "Nani"), "x")
    counting.fold_all()
    before = list(Tally.objects.filter(mandate=given).order_by("pk").values_list("unit_id", "of", "total", "done"))
    actions.end_mandate(SYSTEM, given.pk)
    own_account(member(cast.sukamahi, "Joko"), "x")
    counting.fold_all()
    assert before == list(
        Tally.objects.filter(mandate=given).order_by("pk").values_list("unit_id", "of", "total", "done")
    )
    assert tallied() == by_hand()


def test_each_day_with_a_change_is_kept(cast: Cast) -> None:
    given = mandate(cast, platforms=("x",))
    counting.fold_all()
    with clock.playing(clock.now() + timedelta(days=8)):
        own_account(member(cast.sukamahi, "Nani"), "x")
        counting.fold_all()
    days = TallyDay.objects.filter(mandate=given, unit_id=cast.root.pk, of="x").order_by("day")
    assert [one.done for one in days] == [0, 1]


def test_a_lost_mark_is_made_good_by_counting_again(cast: Cast) -> None:
    mandate(cast)
    counting.fold_all()
    own_account(member(cast.sukamahi, "Nani"), "x")
    Recount.objects.all().delete()
    counting.fold_all()
    assert tallied() != by_hand()
    counting.mark_subtree(str(cast.root.path))
    counting.fold_all()
    assert tallied() == by_hand()


def test_a_change_in_an_office_does_not_wait_behind_a_whole_country(cast: Cast) -> None:
    """An import marks a thousand units; the branch that changes after it is counted first, with few beside it."""
    counting.fold_all()
    Recount.objects.bulk_create([Recount(unit_id=10**6 + number) for number in range(1000)])
    member(cast.cikarang_pusat, "Rini")
    assert counting.fold() == 1 + counting.BESIDE
    assert Tally.objects.get(unit_id=cast.root.pk, mandate=None, of="people").total == 10
    assert Recount.objects.count() == 1000 - counting.BESIDE
    assert counting.fold(400) == 400
    assert counting.fold_all() == 600 - counting.BESIDE


def test_a_unit_that_was_marked_often_is_counted_once(cast: Cast) -> None:
    Recount.objects.all().delete()
    for _number in range(3):
        Recount.objects.create(unit_id=cast.cikarang_pusat.pk)
    assert counting.fold_all() == 1
    assert not Recount.objects.exists()


class Died(Exception):
    """A fold that ends in the middle."""


def test_a_fold_that_dies_leaves_its_marks(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    mandate(cast)
    own_account(member(cast.sukamahi, "Nani"), "x")
    before = tallied()

    def die(*_given: object) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(counting, "KEEP_DAY", "SELECT no_such_function(%s, %s, %s, %s)")
        with pytest.raises(Exception, match="no_such_function"), transaction.atomic():
            counting.fold()
    assert tallied() == before
    assert counting.backlog()
    counting.fold_all()
    assert tallied() == by_hand()


def _change_at_random(pick: random.Random, units: list[int]) -> None:
    """One change by one of the ways in which the registry changes."""
    unit = Unit.objects.get(pk=pick.choice(units))
    person = Person.objects.order_by("?").first()
    match pick.randrange(9):
        case 0 | 1:
            member(
                unit,
                f"Orang {pick.random()}",
                pick.choice(["Ketua", "Ketua RT 05", "Ketuaan", "Sekretaris"]),
                consents=pick.random() < 0.7,
            )
        case 2 | 3 if person is not None:
            own_account(person, pick.choice(PLATFORMS), pick.choice(["declared", "proven", "claimed"]), unit)
        case 4 if person is not None:
            Account.objects.filter(person=person).update(state=pick.choice(["declared", "lost", "proven"]))
        case 5 if person is not None:
            Person.objects.filter(pk=person.pk).update(state=pick.choice(["invited", "confirmed", "withdrawn"]))
        case 6 if person is not None:
            actions.revoke_consent(SYSTEM, person.pk, "accounts")
        case 7 if person is not None:
            person.delete()
        case _:
            actions.move_unit(SYSTEM, unit.pk, pick.choice(units))


def _work(seed: int, units: list[int], changes: int, faults: list[BaseException]) -> None:
    pick = random.Random(seed)
    try:
        for _turn in range(changes):
            try:
                _change_at_random(pick, units)
            except (KentonganError, IntegrityError):
                continue  # somebody else was faster: it was deleted, or is there already
    except BaseException as error:
        faults.append(error)
    finally:
        connection.close()


def _folding(stop: threading.Event, faults: list[BaseException]) -> None:
    try:
        while not stop.wait(0.01):
            counting.fold(limit=7)
    except BaseException as error:
        faults.append(error)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_many_writers_and_two_folds_at_once_end_at_the_same_numbers(make_cast: Callable[..., Cast]) -> None:
    cast = make_cast("party")
    mandate(cast), mandate(cast, unit=cast.cikarang_pusat, titles=("ketua",), counts="exists")
    mandate(cast, subject="units", levels=("district", "village"), counts="exists")
    units = [cast.cikarang_pusat.pk, cast.tambun_selatan.pk, cast.sukamahi.pk]
    faults: list[BaseException] = []
    stop = threading.Event()
    folds = [threading.Thread(target=_folding, args=(stop, faults)) for _n in range(2)]
    writers = [threading.Thread(target=_work, args=(seed, units, 60, faults)) for seed in range(4)]
    for thread in (*folds, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in folds:
        thread.join()
    assert not faults
    counting.fold_all()
    assert tallied() == by_hand()
    assert Tally.objects.filter(mandate__isnull=False, total__gt=0).exists()
