"""Routine checks: a superior signs off each unit right below; what is late rises, and is told once a level."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from kentongan.core import clock, ticks
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from kentongan.core.models import AuditEntry, Message, User
from kentongan.core.permissions import Role
from kentongan.registry import actions, queries
from kentongan.registry.models import Account, SignOff
from named_cast import SYSTEM, Cast

SignIn = Callable[[User], Client]
RULES = ["proven", "two_custodians", "posted_lately"]


def today(days: int = 0) -> date:
    """Return today, or some days from it."""
    return clock.now().date() + timedelta(days=days)


def tick() -> None:
    """Come round until nothing is left to do."""
    for _round in range(8):
        if not ticks.run_once("registry.sign_offs"):
            return
    pytest.fail("The tick never comes to rest.")


@pytest.fixture
def accounts(cast: Cast) -> list[Account]:
    """An account of the root, of a district, and of a village of another district."""
    units = (cast.root, cast.tambun_selatan, cast.sukamahi)
    arif = cast.actor("arif")
    return [actions.declare_account(arif, unit.pk, handle=f"akun{unit.pk}", platform="x") for unit in units]


def routine(cast: Cast, starts_on: date, **extra: int) -> None:
    """Set a routine at the root."""
    values = {"every_days": 30, "rises_days": 7, **extra}
    actions.set_routine(cast.actor("arif"), cast.root.pk, starts_on=starts_on, chosen=RULES, **values)


def test_each_unit_with_accounts_gets_one_check_of_its_superior(cast: Cast, accounts: list[Account]) -> None:
    routine(cast, today(5))
    tick()
    tick()
    rows = {row.unit: row for row in SignOff.objects.all()}
    assert set(rows) == {cast.tambun_selatan, cast.sukamahi}, "nobody is above the root"
    assert rows[cast.tambun_selatan].responsible == cast.root
    assert rows[cast.sukamahi].responsible == cast.cikarang_pusat
    assert {row.due_on for row in rows.values()} == {today(5)}
    assert not Message.objects.exists()


def test_a_late_check_rises_a_level_and_is_told_once_each(cast: Cast, accounts: list[Account]) -> None:
    actions.grant_role(SYSTEM, cast.user("joko").pk, cast.cikarang_pusat.pk, Role.LEADER)
    routine(cast, today(-1))
    tick()
    row = SignOff.objects.get(unit=cast.sukamahi)
    assert (row.level, row.responsible) == (0, cast.cikarang_pusat)
    assert set(
        Message.objects.filter(dedupe_key__startswith=f"sign-off:{row.pk}:").values_list("address", flat=True)
    ) == {"joko@example.id"}
    SignOff.objects.filter(pk=row.pk).update(due_on=today(-8))
    tick()
    tick()
    row.refresh_from_db()
    assert (row.level, row.responsible) == (1, cast.root)
    told = Message.objects.filter(dedupe_key__startswith=f"sign-off:{row.pk}:").values_list("address", flat=True)
    assert sorted(told) == ["arif@example.id", "joko@example.id", "wulan@example.id"]
    SignOff.objects.filter(pk=row.pk).update(due_on=today(-90))
    tick()
    row.refresh_from_db()
    assert (row.level, row.responsible) == (1, cast.root), "above the root there is nobody"


def test_signing_off_keeps_what_was_found_and_makes_the_next(cast: Cast, accounts: list[Account]) -> None:
    routine(cast, today())
    tick()
    row = SignOff.objects.get(unit=cast.tambun_selatan)
    with pytest.raises(Invalid) as caught:
        actions.sign(cast.actor("wulan"), row.pk)
    assert "remarks" in caught.value.fields
    signed = actions.sign(cast.actor("wulan"), row.pk, remarks="Tunjuk dua pemegang")
    assert signed.findings["two_custodians"] == {"failed": 1}
    assert signed.signed_by == cast.user("wulan")
    assert AuditEntry.objects.filter(verb="registry.sign_off.sign").count() == 1
    with pytest.raises(Conflict):
        actions.sign(cast.actor("arif"), row.pk, remarks="Lagi")
    tick()
    following = SignOff.objects.get(unit=cast.tambun_selatan, signed_at=None)
    assert following.due_on == today(30)
    assert queries.last_sign_off(cast.tambun_selatan) == signed


def test_nobody_signs_their_own_unit_off(cast: Cast, accounts: list[Account]) -> None:
    routine(cast, today())
    tick()
    row = SignOff.objects.get(unit=cast.tambun_selatan)
    for who in ("joko", "euis", "maman", "tono"):
        with pytest.raises(NotFound):
            actions.sign(cast.actor(who), row.pk, remarks="Beres")
    with pytest.raises(NotFound):
        actions.sign(cast.actor("dewi"), row.pk, remarks="Penyunting bukan atasan")
    assert not queries.sign_offs(cast.actor("joko")).filter(unit=cast.tambun_selatan).exists()


def test_a_routine_nearer_by_takes_the_place_of_the_one_above(cast: Cast, accounts: list[Account]) -> None:
    routine(cast, today(5))
    actions.set_routine(
        cast.actor("arif"), cast.cikarang_pusat.pk, every_days=7, rises_days=2, starts_on=today(1), chosen=["proven"]
    )
    tick()
    assert SignOff.objects.get(unit=cast.sukamahi).due_on == today(1)
    assert SignOff.objects.get(unit=cast.tambun_selatan).due_on == today(5)
    actions.stop_routine(cast.actor("arif"), cast.cikarang_pusat.pk)
    tick()
    assert SignOff.objects.get(unit=cast.sukamahi).due_on == today(5)
    with pytest.raises(Conflict):
        actions.stop_routine(cast.actor("arif"), cast.cikarang_pusat.pk)


def test_a_unit_without_accounts_in_use_has_no_check(cast: Cast, accounts: list[Account]) -> None:
    actions.move_account(cast.actor("arif"), accounts[1].pk, "retire", reason="Uji")
    routine(cast, today())
    tick()
    assert not SignOff.objects.filter(unit=cast.tambun_selatan).exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"every_days": 0}, "every_days"),
        ({"rises_days": 400}, "rises_days"),
        ({"chosen": []}, "rules"),
        ({"chosen": ["karangan"]}, "rules"),
    ],
)
def test_a_routine_that_cannot_be_is_refused(cast: Cast, wrong: dict[str, object], field: str) -> None:
    values = {"every_days": 30, "rises_days": 7, "starts_on": today(), "chosen": RULES, **wrong}
    with pytest.raises(Invalid) as caught:
        actions.set_routine(cast.actor("arif"), cast.root.pk, **values)  # type: ignore[arg-type]
    assert field in caught.value.fields


def test_only_administrators_set_routines(cast: Cast) -> None:
    values = {"every_days": 30, "rises_days": 7, "starts_on": today(), "chosen": RULES}
    with pytest.raises(NotAllowed):
        actions.set_routine(cast.actor("wulan"), cast.root.pk, **values)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        actions.set_routine(cast.actor("joko"), cast.root.pk, **values)  # type: ignore[arg-type]


def test_the_superior_sees_what_is_due_opens_it_and_signs(cast: Cast, accounts: list[Account], sign_in: SignIn) -> None:
    client = sign_in(cast.user("arif"))
    address = reverse("registry:routine", args=[cast.root.pk])
    assert client.get(address).status_code == 200
    posted = {"every_days": 30, "rises_days": 7, "starts_on": today(-1).isoformat(), "rules": RULES}
    assert client.post(address, {**posted, "every_days": 0}).status_code == 422
    assert client.post(address, posted).status_code == 302
    tick()
    client = sign_in(cast.user("wulan"))
    shown = client.get(reverse("registry:sign_offs")).content.decode()
    assert cast.tambun_selatan.name in shown
    assert cast.sukamahi.name not in shown, "the district is responsible for it now"
    assert cast.sukamahi.name in client.get(reverse("registry:sign_offs"), {"whose": "all"}).content.decode()
    row = SignOff.objects.get(unit=cast.tambun_selatan)
    where = row.get_absolute_url()
    assert "dua orang yang masih bertugas" in client.get(where).content.decode()
    assert client.post(where, {"remarks": ""}).status_code == 422
    assert client.post(where, {"remarks": "Tunjuk pemegang kedua"}).status_code == 302
    assert "Tunjuk pemegang kedua" in client.get(where).content.decode()
    assert client.get(reverse("registry:sign_offs"), {"view": "done", "format": "xlsx"}).status_code == 200
    assert sign_in(cast.user("joko")).get(where).status_code == 404
    account = sign_in(cast.user("joko")).get(reverse("registry:account", args=[accounts[1].pk])).content.decode()
    assert "Tunjuk pemegang kedua" in account, "the unit reads what it is to mend"


def test_a_check_of_20_accounts_asks_as_often_as_one_of_1(
    cast: Cast, accounts: list[Account], sign_in: SignIn, django_assert_max_num_queries
) -> None:
    routine(cast, today())
    tick()
    client = sign_in(cast.user("wulan"))
    where = SignOff.objects.get(unit=cast.tambun_selatan).get_absolute_url()
    client.get(where)
    with django_assert_max_num_queries(30) as few:
        client.get(where)
    for number in range(20):
        actions.declare_account(cast.actor("arif"), cast.tambun_selatan.pk, handle=f"banyak{number}", platform="x")
    with django_assert_max_num_queries(len(few)):
        assert "banyak19" in client.get(where).content.decode()
