"""The tree changes by law: renamed, moved, merged, split, closed; with history, nothing orphaned, and back again."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kentongan.core.errors import Conflict, Invalid, KentonganError, NotAllowed, NotFound
from kentongan.core.models import AuditEntry
from kentongan.core.permissions import Role
from kentongan.registry import access, actions, queries
from kentongan.registry.actions.people import NewPerson
from kentongan.registry.models import Account, Grant, Membership, Unit, UnitChange
from named_cast import SYSTEM, Cast

LAW = "Perda 3/2027, 12 Mei 2027"


def person(unit: Unit, name: str = "Nani", title: str = "Ketua") -> Membership:
    made = actions.add_person(SYSTEM, NewPerson(full_name=name, unit_id=unit.pk, title=title, basis="Daftar 2026"))
    return made.memberships.get()


def shape() -> set[tuple[str, str | None, str, bool]]:
    rows = Unit.objects.select_related("parent").order_by("pk")
    return {(unit.code, unit.parent and unit.parent.code, unit.name, unit.closed_at is None) for unit in rows}


def paths_are_whole() -> None:
    for unit in Unit.objects.select_related("parent"):
        above = f"{unit.parent.path}." if unit.parent else ""
        assert str(unit.path) == f"{above}{unit.pk}"


def test_a_renamed_unit_is_found_by_what_it_was_called(cast: Cast) -> None:
    arif, unit = cast.actor("arif"), cast.cikarang_pusat
    change = actions.rename_unit(arif, unit.pk, name="Kecamatan Cikarang Raya", code="32.16.99", basis=LAW)
    for text in ("Cikarang Pusat", "32.16.20", "cikarang raya", "32.16.99"):
        assert unit in queries.units(arif, text), text
    assert queries.unit_by_code(arif, "32.16.20") == queries.unit_by_code(arif, "32.16.99") == unit
    assert (change.before, change.after, change.basis) == (
        "Kecamatan Cikarang Pusat (32.16.20)",
        "Kecamatan Cikarang Raya (32.16.99)",
        LAW,
    )
    actions.undo_change(arif, change.pk)
    unit.refresh_from_db()
    assert (unit.name, unit.code) == ("Kecamatan Cikarang Pusat", "32.16.20")
    assert not queries.units(arif, "Cikarang Raya")


def test_a_code_that_went_to_another_unit_finds_that_one(cast: Cast) -> None:
    arif = cast.actor("arif")
    actions.rename_unit(arif, cast.cikarang_pusat.pk, code="32.16.99")
    other = actions.add_unit(arif, cast.root.pk, code="32.16.20", name="Kecamatan Baru", level=Unit.Level.DISTRICT)
    assert queries.unit_by_code(arif, "32.16.20") == other


def test_a_moved_unit_takes_all_below_it_along(cast: Cast) -> None:
    arif, before = cast.actor("arif"), shape()
    change = actions.move_unit(arif, cast.sukamahi.pk, cast.tambun_selatan.pk, basis=LAW)
    paths_are_whole()
    assert access.get_unit(cast.actor("joko"), access.Capability.ADMINISTER, pk=cast.sukamahi.pk)
    actions.undo_change(arif, change.pk)
    assert shape() == before
    paths_are_whole()
    with pytest.raises(NotFound):
        access.get_unit(cast.actor("joko"), access.Capability.ADMINISTER, pk=cast.sukamahi.pk)


def test_a_merge_orphans_nothing_and_doubles_nothing(cast: Cast) -> None:
    arif, old, new = cast.actor("arif"), cast.cikarang_pusat, cast.tambun_selatan
    moved, kept = person(old, "Nani"), person(old, "Odang", "Anggota")
    Membership.objects.create(person=kept.person, unit=new, title="Anggota")
    account = actions.declare_account(arif, old.pk, platform="x", handle="cikpus")
    actions.grant_role(arif, cast.user("dewi").pk, old.pk, Role.EDITOR)
    before = shape()
    change = actions.merge_unit(arif, old.pk, new.pk, basis=LAW)
    old.refresh_from_db()
    assert old.closed_at is not None
    assert (old.merged_into_id, old.parent_id) == (new.pk, new.pk)
    assert Unit.objects.get(pk=cast.sukamahi.pk).parent_id == new.pk
    assert Membership.objects.get(pk=moved.pk).unit_id == new.pk
    assert Membership.objects.filter(person=kept.person, unit=new).count() == 1
    assert Account.objects.get(pk=account.pk).unit_id == new.pk
    assert Grant.objects.filter(user=cast.user("dewi"), unit=new).exists()
    paths_are_whole()
    actions.undo_change(arif, change.pk)
    assert shape() == before
    assert Membership.objects.get(pk=moved.pk).unit_id == old.pk
    assert Account.objects.get(pk=account.pk).unit_id == old.pk
    paths_are_whole()


def test_a_split_makes_a_unit_beside_and_moves_only_what_was_chosen(cast: Cast) -> None:
    arif, district = cast.actor("arif"), cast.cikarang_pusat
    stays = actions.add_unit(arif, district.pk, code="32.16.20.2001", name="Desa Lain", level=Unit.Level.VILLAGE)
    change = actions.split_unit(
        arif, district.pk, code="32.16.24", name="Kecamatan Delta", children=[cast.sukamahi.pk], basis=LAW
    )
    made = Unit.objects.get(code="32.16.24")
    assert (made.parent_id, made.level, made.label) == (cast.root.pk, district.level, district.label)
    assert Unit.objects.get(pk=cast.sukamahi.pk).parent_id == made.pk
    assert Unit.objects.get(pk=stays.pk).parent_id == district.pk
    newcomer = actions.add_unit(arif, made.pk, code="32.16.24.2002", name="Desa Baru", level=Unit.Level.VILLAGE)
    with pytest.raises(Conflict):
        actions.undo_change(arif, change.pk)
    actions.move_unit(arif, newcomer.pk, district.pk)
    actions.undo_change(arif, change.pk)
    made.refresh_from_db()
    assert made.closed_at is not None
    assert Unit.objects.get(pk=cast.sukamahi.pk).parent_id == district.pk


def test_only_a_unit_with_nothing_that_works_below_it_closes(cast: Cast) -> None:
    arif = cast.actor("arif")
    with pytest.raises(Conflict):
        actions.close_unit(arif, cast.cikarang_pusat.pk)
    change = actions.close_unit(arif, cast.sukamahi.pk, basis=LAW)
    with pytest.raises(Conflict):
        actions.rename_unit(arif, cast.sukamahi.pk, name="X")
    above = actions.close_unit(arif, cast.cikarang_pusat.pk)
    with pytest.raises(Conflict, match="di bawah satuan yang sudah ditutup"):
        actions.undo_change(arif, change.pk)
    actions.undo_change(arif, above.pk)
    actions.undo_change(arif, change.pk)
    cast.sukamahi.refresh_from_db()
    assert cast.sukamahi.closed_at is None
    with pytest.raises(Conflict):
        actions.undo_change(arif, change.pk)


def test_what_cannot_be_is_refused_and_changes_nothing(cast: Cast) -> None:
    arif, joko, before = cast.actor("arif"), cast.actor("joko"), shape()
    district, village = cast.cikarang_pusat.pk, cast.sukamahi.pk
    calls: list[tuple[type[KentonganError], Callable[[], object]]] = [
        (Conflict, lambda: actions.move_unit(arif, cast.root.pk, district)),
        (Invalid, lambda: actions.move_unit(arif, district, village)),
        (Invalid, lambda: actions.move_unit(arif, district, district)),
        (Invalid, lambda: actions.move_unit(arif, district, cast.root.pk)),
        (Invalid, lambda: actions.merge_unit(arif, district, village)),
        (Conflict, lambda: actions.merge_unit(arif, cast.root.pk, village)),
        (Invalid, lambda: actions.rename_unit(arif, district, code="32.16.06")),
        (Invalid, lambda: actions.rename_unit(arif, district, name="Kecamatan Cikarang Pusat")),
        (Invalid, lambda: actions.split_unit(arif, district, code="n", name="N", children=[])),
        (Invalid, lambda: actions.split_unit(arif, district, code="n", name="N", children=[cast.tambun_selatan.pk])),
        (Invalid, lambda: actions.split_unit(arif, district, code="32.16.06", name="N", children=[village])),
        (NotFound, lambda: actions.move_unit(joko, village, cast.tambun_selatan.pk)),
        (NotFound, lambda: actions.move_unit(joko, cast.tambun_selatan.pk, district)),
        (NotFound, lambda: actions.close_unit(joko, village)),
    ]
    for error, call in calls:
        with pytest.raises(error):
            call()
    assert shape() == before
    assert not UnitChange.objects.exists()


def test_where_a_unit_stands_is_not_decided_in_it(cast: Cast) -> None:
    arif, joko, own = cast.actor("arif"), cast.actor("joko"), cast.tambun_selatan
    village = actions.add_unit(joko, own.pk, code="32.16.06.1", name="Desa Satu", level=Unit.Level.VILLAGE)
    below = actions.add_unit(joko, village.pk, code="32.16.06.1.1", name="RW 1", level=Unit.Level.NONE)
    actions.grant_role(arif, cast.user("joko").pk, cast.cikarang_pusat.pk, Role.ADMINISTRATOR)
    before = shape()
    calls: list[Callable[[], object]] = [
        lambda: actions.split_unit(joko, own.pk, code="n", name="N", children=[village.pk]),
        lambda: actions.move_unit(joko, own.pk, cast.cikarang_pusat.pk),
        lambda: actions.merge_unit(joko, own.pk, cast.cikarang_pusat.pk),
        lambda: actions.close_unit(joko, own.pk),
    ]
    for call in calls:
        with pytest.raises(NotAllowed):
            call()
    assert shape() == before
    actions.move_unit(joko, below.pk, own.pk)
    merged = actions.merge_unit(arif, cast.cikarang_pusat.pk, own.pk)
    with pytest.raises(NotAllowed):
        actions.undo_change(joko, merged.pk)


@pytest.mark.parametrize(("name", "code"), [(" ", "x"), ("N" * 201, "x"), ("N", "  "), ("N", "9" * 41)])
def test_a_name_or_code_that_cannot_be_kept_is_refused(cast: Cast, name: str, code: str) -> None:
    arif, before = cast.actor("arif"), shape()
    with pytest.raises(Invalid):
        actions.add_unit(arif, cast.root.pk, code=code, name=name, level=Unit.Level.NONE)
    with pytest.raises(Invalid):
        actions.split_unit(arif, cast.cikarang_pusat.pk, code=code, name=name, children=[cast.sukamahi.pk])
    assert shape() == before


def test_a_change_cannot_be_undone_once_another_unit_has_its_code(cast: Cast) -> None:
    arif = cast.actor("arif")
    change = actions.rename_unit(arif, cast.sukamahi.pk, code="32.16.20.2999")
    actions.add_unit(arif, cast.cikarang_pusat.pk, code="32.16.20.2002", name="Desa Baru", level=Unit.Level.VILLAGE)
    with pytest.raises(Conflict, match="kode atau tempat lamanya"):
        actions.undo_change(arif, change.pk)
    assert queries.changes(arif, cast.sukamahi).get().undone_at is None


def test_every_change_is_on_the_audit_trail(cast: Cast) -> None:
    change = actions.move_unit(cast.actor("arif"), cast.sukamahi.pk, cast.tambun_selatan.pk, basis=LAW)
    actions.undo_change(cast.actor("arif"), change.pk)
    verbs = AuditEntry.objects.filter(object_id=str(cast.sukamahi.pk), object_type="registry.unit")
    assert list(verbs.order_by("id").values_list("verb", flat=True)) == ["registry.unit.move", "registry.unit.undo"]


MOVES = st.lists(
    st.tuples(st.sampled_from(["move", "merge", "close", "split"]), st.integers(0, 11), st.integers(0, 11)), max_size=12
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MOVES)
def test_any_changes_undone_in_turn_give_the_old_tree(cast: Cast, moves: list[tuple[str, int, int]]) -> None:
    arif, mark = cast.actor("arif"), transaction.savepoint()
    units = list(Unit.objects.order_by("pk"))
    before, done = shape(), []
    for number, (what, one, other) in enumerate(moves):
        unit, second = units[one % len(units)], units[other % len(units)]
        try:
            match what:
                case "move":
                    done.append(actions.move_unit(arif, unit.pk, second.pk))
                case "merge":
                    done.append(actions.merge_unit(arif, unit.pk, second.pk))
                case "close":
                    done.append(actions.close_unit(arif, unit.pk))
                case "split":
                    made = actions.split_unit(arif, unit.pk, code=f"b{number}", name="B", children=[second.pk])
                    done.append(made)
        except (Conflict, Invalid):
            continue
        paths_are_whole()
        assert not Unit.objects.filter(closed_at=None, parent__closed_at__isnull=False).exists()
    for change in reversed(done):
        actions.undo_change(arif, change.pk)
    assert {row for row in shape() if not row[0].startswith("b")} == before
    paths_are_whole()
    transaction.savepoint_rollback(mark)


@pytest.mark.django_db(transaction=True)
def test_two_moves_at_once_never_put_two_units_below_each_other(cast: Cast) -> None:
    one, other, barrier, refused = cast.cikarang_pusat.pk, cast.tambun_selatan.pk, threading.Barrier(2), []

    def move(unit: int, parent: int) -> None:
        barrier.wait()
        try:
            actions.move_unit(SYSTEM, unit, parent)
        except Invalid as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=move, args=pair) for pair in ((one, other), (other, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    paths_are_whole()
