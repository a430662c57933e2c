"""From the warning that texts are alike it is one click to the remedy: repost theirs, let one post, or write anew."""

import html
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kentongan.core import clock
from kentongan.planning.models import ContentItem
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import State
from kentongan.registry.models import Account
from publishing.desk import Desk
from publishing.reposts.boosting import Boosting

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
THEIRS, OURS = "Repost theirs instead", "Let one account post, the others repost"
VERSION = "Write a version for this place"


def link(page: str, label: str) -> str:
    """Return where the button leads; empty where there is none."""
    found = re.search(rf'<a class="btn[^"]*"\s+href="([^"]+)">(?:(?!</a>).)*{re.escape(label)}</a>', page, re.DOTALL)
    return html.unescape(found[1]) if found else ""


def as_offered(page: object) -> dict[str, object]:
    """Return what a browser sends when nothing is changed in the form."""
    form = page.context["form"]
    given = {name: form[name].value() for name in form.fields}
    return {**given, "due_at": f"{clock.now() + timedelta(days=1):%Y-%m-%dT%H:%M}"}


def draft(item: ContentItem) -> ContentItem:
    """Take the approval away."""
    ContentItem.objects.filter(pk=item.pk).update(state="draft", approved_by=None, approved_at=None)
    return item


@pytest.fixture
def theirs(desk: Desk, boosting: Boosting, accounts: list[Account]) -> Delivery:
    """What a district's account has posted."""
    item = desk.item(unit=desk.cast.tambun_selatan, kinds=["mastodon"])
    delivery = desk.schedule(accounts[2], item=item)
    assert desk.run() == [State.PUBLISHED]
    return delivery


@pytest.mark.parametrize("approved", [True, False])
def test_theirs_is_reposted_with_one_click_and_one_yes(
    desk: Desk, boosting: Boosting, accounts, theirs: Delivery, sign_in: SignIn, approved: bool
):
    mine, hendra = desk.item(kinds=["mastodon"]), sign_in(desk.cast.user("hendra"))
    mine = mine if approved else draft(mine)
    address = link(hendra.get(mine.get_absolute_url()).content.decode(), THEIRS)
    assert address.startswith(reverse("publishing:schedule", args=[theirs.item_id]))
    page = hendra.get(address)
    given = as_offered(page)
    assert given["accounts"] == [accounts[0].pk], "the accounts of the item's own unit"
    assert given["origin_mastodon"] == str(accounts[2].pk)
    assert hendra.post(address, given).status_code == 302
    repost = Delivery.objects.get(account=accounts[0])
    assert (repost.repost_of_id, repost.item_id) == (theirs.pk, theirs.item_id)
    Delivery.objects.filter(pk=repost.pk).update(due_at=clock.now(), try_at=clock.now())
    assert desk.run() == [State.PUBLISHED]
    assert (len(boosting.posted), boosting.boosted) == (1, ["1"])


def test_one_of_ours_posts_and_the_others_repost(desk: Desk, boosting: Boosting, accounts, sign_in: SignIn):
    desk.item(unit=desk.cast.tambun_selatan, kinds=["mastodon"])
    mine, hendra = desk.item(kinds=["mastodon", "newsroom"]), sign_in(desk.cast.user("hendra"))
    newsroom = desk.account("newsroom", unit=desk.cast.root)
    page = hendra.get(mine.get_absolute_url()).content.decode()
    assert link(page, THEIRS) == "", "nothing of theirs is scheduled yet"
    given = as_offered(hendra.get(link(page, OURS)))
    assert set(given["accounts"]) == {account.pk for account in accounts}
    assert newsroom.pk not in given["accounts"]
    assert given["origin_mastodon"] == str(accounts[0].pk), "the account of the highest unit"
    assert hendra.post(link(page, OURS), given).status_code == 302
    assert Delivery.objects.filter(repost_of__account=accounts[0]).count() == 2


def test_a_version_for_this_place_is_written_where_its_platform_is(desk: Desk, boosting, accounts, sign_in: SignIn):
    desk.item(unit=desk.cast.tambun_selatan, kinds=["mastodon"])
    mine, dewi = draft(desk.item(kinds=["mastodon"])), sign_in(desk.cast.user("dewi"))
    page = dewi.get(mine.get_absolute_url()).content.decode()
    address, _hash, slot = link(page, VERSION).partition("#")
    assert (address, slot) == (reverse("planning:item_edit", args=[mine.pk]), "slot-mastodon")
    assert f'id="{slot}"' in dewi.get(address).content.decode()
    assert "Once it is approved" in page


def test_who_may_not_publish_is_offered_no_scheduling(desk: Desk, theirs: Delivery, sign_in: SignIn):
    mine = desk.item(kinds=["mastodon"])
    page = sign_in(desk.cast.user("dewi")).get(mine.get_absolute_url()).content.decode()
    assert "Texts that are alike" in page
    assert (link(page, THEIRS), link(page, OURS)) == ("", "")


def test_of_an_item_that_one_may_not_open_nothing_is_offered(desk: Desk, boosting, accounts, sign_in: SignIn):
    """The regency's own post is none of a district's business."""
    desk.schedule(accounts[0], item=desk.item(kinds=["mastodon"]))
    assert desk.run() == [State.PUBLISHED]
    mine = desk.item(unit=desk.cast.tambun_selatan, kinds=["mastodon"])
    page = sign_in(desk.cast.user("joko")).get(mine.get_absolute_url()).content.decode()
    assert "An item of another unit" in page
    assert link(page, THEIRS) == ""


def test_what_was_taken_back_is_not_offered(desk: Desk, theirs: Delivery, sign_in: SignIn):
    Delivery.objects.filter(pk=theirs.pk).update(state=State.RECALLED, reason="Keliru")
    page = sign_in(desk.cast.user("hendra")).get(desk.item(kinds=["mastodon"]).get_absolute_url()).content.decode()
    assert link(page, THEIRS) == ""


def test_what_was_taken_back_meanwhile_is_said_and_nothing_else_chosen(desk: Desk, theirs: Delivery, sign_in: SignIn):
    hendra = sign_in(desk.cast.user("hendra"))
    address = link(hendra.get(desk.item(kinds=["mastodon"]).get_absolute_url()).content.decode(), THEIRS)
    Delivery.objects.filter(pk=theirs.pk).update(state=State.RECALLED, reason="Keliru")
    page = hendra.get(address)
    assert "is not there any more" in page.content.decode()
    assert page.context["form"]["origin_mastodon"].value() == ""
    assert page.context["form"]["accounts"].value() == []


def test_where_the_unit_meant_has_no_account_no_other_units_are_chosen(desk: Desk, theirs: Delivery, sign_in: SignIn):
    ask = f"?repost={theirs.account_id}&unit={desk.cast.sukamahi.pk}"
    page = sign_in(desk.cast.user("hendra")).get(reverse("publishing:schedule", args=[theirs.item_id]) + ask)
    assert page.context["form"]["accounts"].value() == []
    assert "among those that were meant" in page.content.decode()


def test_where_all_who_were_meant_have_it_no_other_platform_is_chosen(desk: Desk, boosting, accounts, sign_in: SignIn):
    item = desk.item(kinds=["mastodon", "newsroom"])
    desk.account("newsroom", unit=desk.cast.root)
    for account in accounts:
        desk.schedule(account, item=item)
    address = reverse("publishing:schedule", args=[item.pk])
    hendra = sign_in(desk.cast.user("hendra"))
    for ask in ("?one=mastodon", f"?repost={accounts[0].pk}&unit={accounts[1].unit_id}"):
        page = hendra.get(address + ask)
        assert page.context["form"]["accounts"].value() == []
        assert "has this item already" in page.content.decode()


@pytest.mark.parametrize("ask", ["repost=99999999", "one=telegram", "one=mastodon&unit=99999999"])
def test_a_wish_that_cannot_be_met_chooses_nothing_and_says_why(
    desk: Desk, boosting, accounts, sign_in: SignIn, ask: str
):
    item = desk.item(kinds=["mastodon"])
    page = sign_in(desk.cast.user("hendra")).get(f"{reverse('publishing:schedule', args=[item.pk])}?{ask}")
    assert page.context["form"]["accounts"].value() == []
    assert page.context["note"]


@pytest.mark.parametrize("ask", ["repost=x", "one=', ''", "repost=&unit=&one="])
def test_what_makes_no_sense_in_the_address_is_no_choice(desk: Desk, boosting, accounts, sign_in: SignIn, ask: str):
    item = desk.item(kinds=["mastodon"])
    page = sign_in(desk.cast.user("hendra")).get(f"{reverse('publishing:schedule', args=[item.pk])}?{ask}")
    assert page.context["form"]["origin_mastodon"].value() == ""
    assert len(page.context["form"]["accounts"].value()) == len(accounts)


def test_where_no_program_reposts_that_is_said(desk: Desk, sign_in: SignIn):
    for unit in (desk.cast.root, desk.cast.tambun_selatan):
        desk.account("newsroom", unit=unit)
    desk.item(unit=desk.cast.tambun_selatan, kinds=["newsroom"])
    address = desk.item(kinds=["newsroom"]).get_absolute_url()
    page = sign_in(desk.cast.user("hendra")).get(address).content.decode()
    assert "No program can repost there" in page
    assert (link(page, OURS), link(page, VERSION)) == ("", ""), "who approves does not write"
    assert link(sign_in(desk.cast.user("dewi")).get(address).content.decode(), VERSION)


def test_many_twins_are_not_many_queries(desk: Desk, boosting: Boosting, accounts, sign_in: SignIn):
    mine, hendra, counts = desk.item(kinds=["mastodon"]), sign_in(desk.cast.user("hendra")), []
    for unit in (desk.cast.tambun_selatan, desk.cast.cikarang_pusat, desk.cast.sukamahi):
        theirs = desk.item(unit=unit, kinds=["mastodon"])
        desk.schedule(desk.account(unit=unit, handle=f"lain{unit.pk}"), item=theirs, due_at=clock.now() + timedelta(1))
        with CaptureQueriesContext(connection) as asked:
            page = hendra.get(mine.get_absolute_url()).content.decode()
        counts.append(len(asked))
    assert page.count(THEIRS) == 3
    assert len(set(counts)) == 1
