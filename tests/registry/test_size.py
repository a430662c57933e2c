"""Lists that grow: as many queries for many rows as for one, in the order of the tree, searched by any part."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kentongan.core.actor import Actor
from kentongan.core.models import Job, User
from kentongan.core.permissions import Capability, Role
from kentongan.registry import access, actions, queries
from kentongan.registry.actions.people import NewPerson
from kentongan.registry.models import Account, Contact, Membership, Person, Unit
from kentongan.registry.queries import matching
from kentongan.registry.queries.matching import official_as
from named_cast import SYSTEM, Cast

LISTS = (
    "/daftar/",
    "/daftar/?q=satuan",
    "/daftar/?sort=-people",
    "/daftar/akun/",
    "/daftar/akun/?q=kabar",
    "/daftar/akun/?sort=unit",
    "/daftar/orang/",
    "/daftar/orang/?q=warga",
    "/daftar/orang/?sort=-name",
    "/daftar/peran/",
    "/daftar/unit/{root}/riwayat/",
    "/daftar/unit/cari/?field=other&other=satuan",
    "/daftar/wajib/",
    "/cari/?q=warga",
    "/cari/?q=kabar",
    "/cari/?q=mitra",
    "/api/v1/registry/units?q=satuan",
    "/api/v1/registry/accounts?q=kabar",
)


def grow(cast: Cast, first: int, many: int) -> None:
    """Add to everything that is listed: units, people with a sign-in and a role, accounts, changes."""
    root = cast.root.pk
    for number in range(first, first + many):
        unit = actions.add_unit(SYSTEM, root, code=f"s{number}", name=f"Satuan {number}", level=Unit.Level.NONE)
        actions.rename_unit(SYSTEM, root, name=f"Dinas {number}")
        user = actions.add_user(SYSTEM, unit.pk, email=f"warga{number}@example.id", name=f"Warga {number}")
        actions.grant_role(SYSTEM, user.pk, root, Role.MEMBER)
        person = Person.objects.create(full_name=f"Mitra {number}", basis="Uji")
        Contact.objects.create(person=person, unit=unit, kind="community", source="list")
        Account.objects.create(
            unit=unit, kind="official", platform="x", handle=f"kabar{number}", identity=f"kabar{number}"
        )


@pytest.mark.parametrize("address", LISTS)
def test_a_list_of_many_takes_as_many_queries_as_one_of_one(
    cast: Cast, sign_in: Callable[[User], Client], address: str
) -> None:
    client = sign_in(cast.user("arif"))
    target = address.format(root=cast.root.pk)
    grow(cast, 0, 2)
    client.get(target)
    with CaptureQueriesContext(connection) as few:
        assert client.get(target).status_code == 200
    grow(cast, 2, 20)
    with CaptureQueriesContext(connection) as many:
        assert client.get(target).status_code == 200
    assert len(many) == len(few), "\n".join(query["sql"][:200] for query in many)


def _add(unit: Unit, name: str, **more: str) -> Person:
    return actions.add_person(SYSTEM, NewPerson(name, unit.pk, "Kader", "Uji", **more))


def _names(cast: Cast, who: str, unit: Unit | None = None, text: str = "") -> list[str]:
    return [person.full_name for person in queries.people(cast.actor(who), unit, text)]


def test_people_come_in_the_order_of_the_tree_each_once(cast: Cast) -> None:
    deep = _add(cast.sukamahi, "Aan")
    high = _add(cast.root, "Zaenal")
    Membership.objects.create(person=deep, unit=cast.cikarang_pusat, title="Anggota pleno")
    Membership.objects.create(person=deep, unit=cast.sukamahi, title="Saksi")
    names = _names(cast, "arif")
    assert names.index("Zaenal") < names.index("Aan")
    assert names.count("Aan") == 1
    assert names.index("Aan") < names.index("Maman"), "a person stands where their highest membership is"
    found = queries.people(cast.actor("arif"), cast.cikarang_pusat)
    assert high not in found
    assert [one.title for one in found[0].memberships.all()] == ["Anggota pleno", "Kader", "Saksi"]


def test_who_administers_a_part_sees_no_membership_elsewhere(cast: Cast) -> None:
    both = _add(cast.tambun_selatan, "Budi")
    Membership.objects.create(person=both, unit=cast.root, title="Staf")
    _add(cast.sukamahi, "Cici")
    for unit in (None, cast.tambun_selatan, cast.root):
        found = list(queries.people(cast.actor("joko"), unit))
        assert {one.full_name for one in found} == {"Budi", "Euis", "Joko"}
        assert {each.unit_id for one in found for each in one.memberships.all()} == {cast.tambun_selatan.pk}
    assert _names(cast, "joko", cast.sukamahi) == []
    assert _names(cast, "dewi") == [], "an editor administers nothing"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("hma", ["Siti Rahmawati"]),
        ("RAHMA", ["Siti Rahmawati"]),
        ("si", ["Siti Rahmawati"]),
        ("hm", []),
        ("rahma.w@exa", ["Siti Rahmawati"]),
        ("0812-3456-789", ["Siti Rahmawati"]),
        ("+62 812 3456", ["Siti Rahmawati"]),
        ("56789", ["Siti Rahmawati"]),
        ("@tira", ["Siti Rahmawati"]),
        ("@nobody", []),
        ("%", []),
        ("_i_i", []),
        ("zzz", []),
    ],
)
def test_a_person_is_found_by_any_part(cast: Cast, text: str, found: list[str]) -> None:
    siti = _add(cast.sukamahi, "Siti Rahmawati", phone="08123456789", email="siti.rahma.w@example.id")
    Account.objects.create(
        unit=cast.sukamahi, person=siti, kind="organic", platform="x", handle="sitirahma", identity="sitirahma"
    )
    actions.give_consent(SYSTEM, siti.pk, "accounts", text="Saya setuju.", channel="form")
    assert _names(cast, "arif", text=text) == found
    assert _names(cast, "joko", text=text) == [], "not in his part of the tree"


@pytest.mark.parametrize("among", [3, None], ids=["read one by one", "by the index"])
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("KABAR", ["kabar_bekasi", "x9"]),
        ("abar", ["kabar_bekasi", "x9"]),
        ("ka", ["kabar_bekasi", "x9"]),
        ("ab", []),
        ("r_b", ["kabar_bekasi"]),
        ("%", []),
    ],
)
def test_official_accounts_are_found_alike_by_either_way(
    cast: Cast, text: str, found: list[str], among: int | None
) -> None:
    for handle, name in (("kabar_bekasi", "Dinas"), ("x9", "Kabar Desa"), ("lain", "Lain")):
        Account.objects.create(
            unit=cast.sukamahi, kind="official", platform="x", handle=handle, identity=handle, display_name=name
        )
    Account.objects.create(
        unit=cast.sukamahi,
        person=_add(cast.sukamahi, "Cici"),
        kind="organic",
        platform="x",
        handle="kabarku",
        identity="kabarku",
    )
    assert sorted(one.handle for one in official_as(text, among)) == found


def test_many_official_accounts_are_searched_by_the_index(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    grow(cast, 0, 1)
    unit = Unit.objects.get(code="s0")
    for most, way in ((30_000, "LOWER"), (-1, "UPPER")):
        monkeypatch.setattr(matching, "READ_ONE_BY_ONE", most)
        found = queries.accounts(cast.actor("arif"), unit, "kabar")
        assert way in str(found.query)
        assert [one.handle for one in found] == ["kabar0"]
        assert "UPPER" in str(queries.accounts(cast.actor("arif"), cast.root, "kabar").query)


def test_more_roles_than_fit_into_a_query_give_the_same_units(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    user = cast.user("joko")
    actions.grant_role(SYSTEM, user.pk, cast.sukamahi.pk, Role.ADMINISTRATOR)
    actor = Actor.of_user(user)
    few = set(access.units_for(actor, Capability.ADMINISTER))
    assert few == {cast.tambun_selatan, cast.sukamahi}
    monkeypatch.setattr(access, "MOST_TOPS", 1)
    assert set(access.units_for(actor, Capability.ADMINISTER)) == few


def test_the_root_s_administrator_does_not_get_what_has_no_unit(cast: Cast) -> None:
    Job.objects.create(kind="test", label="nobody's")
    assert not access.scope(Job.objects.all(), cast.actor("arif"), Capability.ADMINISTER, "unit_id").exists()
