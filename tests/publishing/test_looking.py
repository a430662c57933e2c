"""Many imported items approved on one screen: each looked at, never one's own, what changed is left out and named."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kentongan.core.errors import Invalid
from kentongan.core.permissions import Role
from kentongan.planning import actions as planning
from kentongan.planning import queries
from kentongan.planning.models import ContentItem
from kentongan.publishing.actions.booking import book
from kentongan.publishing.models import Delivery
from kentongan.registry import actions as registry
from kentongan.registry.models import Account
from kentongan.safeguards import queries as rules
from named_cast import SYSTEM
from publishing.desk import Desk
from publishing.sheets import bring, line

pytestmark = pytest.mark.django_db
LOOK = "planning:look"
CODES = "checklist"


@pytest.fixture
def items(desk: Desk, account: Account) -> list[ContentItem]:
    """Four posts of Dewi's sheet, in review, booked."""
    bring(
        desk, [line(Kode=str(n), Judul=f"Kabar {n}", Teks=f"Puskesmas nomor {n} buka sampai malam.") for n in range(4)]
    )
    return list(ContentItem.objects.order_by("pk"))


def _ticks(page: str) -> list[str]:
    return re.findall(r'name="looked" value="([^"]+)"', page)


def _codes() -> list[str]:
    return [rule.code for rule in rules.checklist("service")]


def test_what_is_ticked_is_approved_and_goes_where_it_was_booked(
    desk: Desk, items: list[ContentItem], sign_in: Callable[..., Client]
) -> None:
    client = sign_in(desk.cast.user("hendra"))
    assert reverse(LOOK) in client.get(reverse("planning:index")).content.decode()
    page = client.get(reverse(LOOK)).content.decode()
    assert "Puskesmas nomor 3 buka sampai malam." in page
    ticks = _ticks(page)
    assert len(ticks) == 4
    answer = client.post(reverse(LOOK), {"looked": ticks[:3], CODES: _codes()})
    assert answer.status_code == 302
    assert sorted(ContentItem.objects.values_list("state", flat=True)) == ["approved"] * 3 + ["in_review"]
    assert Delivery.objects.count() == 3
    assert set(Delivery.objects.values_list("scheduled_by", flat=True)) == {desk.cast.user("hendra").pk}


def test_what_changed_since_is_left_out_and_named(
    desk: Desk, items: list[ContentItem], account: Account, sign_in: Callable[..., Client]
) -> None:
    client, dewi = sign_in(desk.cast.user("hendra")), desk.cast.actor("dewi")
    ticks = _ticks(client.get(reverse(LOOK)).content.decode())
    first, second, third, _fourth = items
    ContentItem.objects.filter(pk=first.pk).update(version=first.version + 1)
    book(dewi, second.pk, [account.pk, desk.account(handle="lain").pk])
    planning.withdraw(dewi, third.pk, "Batal")
    answer = client.post(reverse(LOOK), {"looked": ticks, CODES: _codes()})
    assert answer.status_code == 422
    assert {one.title for one in answer.context["left"]} == {"Kabar 0", "Kabar 1", "Kabar 2"}
    assert all(one.reason for one in answer.context["left"])
    assert [item.title for item in ContentItem.objects.filter(state="approved")] == ["Kabar 3"]
    assert Delivery.objects.count() == 1


def test_without_the_checklist_or_a_tick_nothing_is_approved(
    desk: Desk, items: list[ContentItem], sign_in: Callable[..., Client]
) -> None:
    client = sign_in(desk.cast.user("hendra"))
    ticks = _ticks(client.get(reverse(LOOK)).content.decode())
    assert client.post(reverse(LOOK), {"looked": ticks}).status_code == 422
    client.post(reverse(LOOK), {CODES: _codes()})
    client.post(reverse(LOOK), {"looked": ["x", "1:y:", "999999:1:"], CODES: _codes()})
    assert not ContentItem.objects.filter(state="approved").exists()


def test_ones_own_work_is_neither_shown_nor_approved(
    desk: Desk, items: list[ContentItem], sign_in: Callable[..., Client]
) -> None:
    registry.grant_role(SYSTEM, desk.cast.user("dewi").pk, desk.cast.root.pk, Role.APPROVER)
    client = sign_in(desk.cast.user("dewi"))
    assert _ticks(client.get(reverse(LOOK)).content.decode()) == []
    dewi = desk.cast.actor("dewi")
    looked = [
        planning.Looked(item.pk, item.version, one.effects.digest)
        for item, one in zip(items, queries.looks(items), strict=True)
    ]
    approved, left = planning.approve_many(dewi, looked, checklist=_codes())
    assert (approved, len(left)) == ([], 4)


def test_who_may_not_approve_sees_nothing_to_approve(
    desk: Desk, items: list[ContentItem], sign_in: Callable[..., Client]
) -> None:
    for name in ("sari", "joko"):
        assert _ticks(sign_in(desk.cast.user(name)).get(reverse(LOOK)).content.decode()) == []


def test_fifty_at_most(desk: Desk, items: list[ContentItem]) -> None:
    with pytest.raises(Invalid):
        planning.approve_many(desk.cast.actor("hendra"), [planning.Looked(1, 1)] * 51, checklist=[])


def test_as_many_queries_for_many_as_for_few(desk: Desk, account: Account, sign_in: Callable[..., Client]) -> None:
    client = sign_in(desk.cast.user("hendra"))

    def asked() -> int:
        with CaptureQueriesContext(connection) as queried:
            client.get(reverse(LOOK))
        return len(queried)

    bring(desk, [line(Kode="a", Teks="Satu kabar saja.")])
    asked()
    few = asked()
    bring(desk, [line(Kode=str(n), Teks=f"Kabar lain nomor {n}.") for n in range(9)])
    assert asked() == few
