"""One account posts, the others repost it: scheduled in one step, sent after it, recalled with it."""

import re
from datetime import timedelta

import httpx
import pytest
from django.urls import reverse

from kentongan.core.errors import Invalid
from kentongan.publishing import actions, worker
from kentongan.publishing.actions import firing, reconciling
from kentongan.publishing.models import Attempt, Delivery
from kentongan.publishing.states import Outcome, State
from named_cast import SYSTEM
from publishing.desk import Desk
from publishing.reposts.boosting import Boosting, schedule

pytestmark = pytest.mark.django_db


def test_the_others_repost_what_one_posted(desk: Desk, boosting: Boosting, accounts):
    first, others = schedule(desk, accounts)
    assert [one.repost_of_id for one in others] == [first.pk, first.pk]
    assert {one.content["text"] for one in others} == {""}
    assert first.repost_of_id is None
    assert [desk.run(), desk.run()] == [[State.PUBLISHED], [State.PUBLISHED] * 2]
    assert [desk.state(one) for one in others] == [State.PUBLISHED] * 2
    assert (len(boosting.posted), boosting.boosted) == (1, ["1", "1"])
    assert others[0].remote_id == "91"
    assert others[0].url == Delivery.objects.get(pk=first.pk).url
    assert Attempt.objects.filter(kind="publish", outcome=Outcome.PUBLISHED).count() == 3


def test_a_repost_waits_for_its_post_and_is_missed_when_that_comes_too_late(desk: Desk, boosting: Boosting, accounts):
    first, (one, other) = schedule(desk, accounts)
    Delivery.objects.filter(pk=first.pk).update(try_at=first.due_at + timedelta(hours=1))
    assert desk.run() == []
    Delivery.objects.filter(pk=other.pk).update(late_until=other.due_at)
    assert firing.miss(SYSTEM) == 1
    assert [desk.state(one), desk.state(other)] == [State.READY, State.MISSED]
    assert not boosting.boosted
    assert not Attempt.objects.exists()


def test_a_post_that_is_sent_again_while_its_reposts_are_claimed_makes_them_wait(
    desk: Desk, boosting: Boosting, accounts
):
    first, (one, _other) = schedule(desk, accounts)
    boosting.answers = [httpx.Response(422, json={"error": "Validation failed"})]
    assert desk.run() == [State.REJECTED]
    claims = firing.claim_due()
    actions.send_again(desk.cast.actor("hendra"), first.pk)
    assert [worker.deliver(claim) for claim in claims] == [None, None]
    assert (desk.state(one), one.reason) == (State.READY, "It waits until the other account's post is out.")
    assert not boosting.boosted


@pytest.mark.parametrize("state", [State.REJECTED, State.RECALLED])
def test_what_is_not_there_is_not_reposted(desk: Desk, boosting: Boosting, accounts, state: State):
    first, others = schedule(desk, accounts)
    claim = next(claim for claim in firing.claim_due() if claim.delivery_id == first.pk)
    if state == State.REJECTED:
        boosting.answers = [httpx.Response(422, json={"error": "Validation failed"})]
        assert worker.deliver(claim) == State.REJECTED
    else:
        assert worker.deliver(claim) == State.PUBLISHED
        Delivery.objects.filter(pk=first.pk).update(state=State.RECALLED)
    firing.sweep(desk.cast.actor("hendra"))
    for one in others:
        Delivery.objects.filter(pk=one.pk).update(state=State.READY, claim_token=None, claimed_until=None)
    assert desk.run() == [None, None]
    assert [desk.state(one) for one in others] == [State.HELD] * 2
    assert others[0].reason == "The post that it reposts was refused or taken back."
    assert not boosting.boosted


def test_a_doubtful_repost_is_looked_for_and_never_sent_again_by_itself(desk: Desk, boosting: Boosting, accounts):
    first, (one, _other) = schedule(desk, accounts)
    boosting.refusals = [httpx.ReadTimeout("cut")]
    assert [desk.run(), desk.run()] == [[State.PUBLISHED], [State.UNKNOWN, State.PUBLISHED]]
    boosting.listed = [{"id": "91", "reblog": {"id": "1"}, "content": "", "created_at": first.due_at.isoformat()}]
    (doubt,) = reconciling.claim_doubts()
    assert worker.look(doubt) == State.PUBLISHED
    assert boosting.boosted == ["1", "1"]
    assert (desk.state(one), one.remote_id) == (State.PUBLISHED, "91")


def test_reposts_are_recalled_with_their_post(desk: Desk, boosting: Boosting, accounts):
    first, (one, other) = schedule(desk, accounts)
    hour = timedelta(hours=1)
    Delivery.objects.filter(pk=other.pk).update(try_at=other.try_at + hour, late_until=other.late_until + hour)
    assert [desk.run(), desk.run()] == [[State.PUBLISHED], [State.PUBLISHED]]
    actions.recall(desk.cast.actor("hendra"), first.pk, reason="Salah jalur")
    assert (desk.state(other), other.reason) == (State.RECALLED, "Salah jalur")
    for due in reconciling.claim_recalls():
        worker.take_back(due)
    assert [desk.state(row) for row in (first, one)] == [State.RECALLED] * 2
    assert sorted(boosting.deleted) == ["1", "91"]


def test_to_take_back_a_repost_leaves_its_post(desk: Desk, boosting: Boosting, accounts):
    first, (one, _other) = schedule(desk, accounts)
    assert [desk.run(), desk.run()] == [[State.PUBLISHED], [State.PUBLISHED] * 2]
    actions.recall(desk.cast.actor("hendra"), one.pk, reason="Tidak perlu")
    for due in reconciling.claim_recalls():
        worker.take_back(due)
    assert [desk.state(row) for row in (first, one)] == [State.PUBLISHED, State.RECALLED]
    assert boosting.deleted == ["91"]


def test_what_is_out_already_is_reposted_by_others(desk: Desk, boosting: Boosting, accounts):
    item = desk.item(kinds=["mastodon"])
    first = desk.schedule(accounts[0], item=item)
    assert desk.run() == [State.PUBLISHED]
    desk.schedule(accounts[1], item=item, origin_ids=[accounts[0].pk])
    assert desk.run() == [State.PUBLISHED]
    assert boosting.boosted == ["1"]
    assert Delivery.objects.get(account=accounts[1]).repost_of_id == first.pk


@pytest.mark.parametrize(
    ("kinds", "origins", "told"),
    [
        (["mastodon"], [0, 1], "On each platform one account posts it"),
        (["mastodon"], [99], "Who posts it has to be among the chosen accounts"),
        (["newsroom"], [0], "Newsroom lets no program repost"),
    ],
)
def test_what_cannot_be_chosen_is_refused(desk: Desk, kinds, origins, told):
    made = [desk.account(kinds[0], unit=unit) for unit in (desk.cast.root, desk.cast.tambun_selatan)]
    numbers = [made[index].pk if index < 2 else 10**9 for index in origins]
    with pytest.raises(Invalid) as refused:
        desk.schedule(*made, item=desk.item(kinds=kinds), origin_ids=numbers)
    assert told in refused.value.fields["origins"][0]
    assert not Delivery.objects.exists()


def test_who_may_not_publish_there_makes_nobody_repost(desk: Desk, boosting: Boosting, accounts):
    """Rights at both ends: the editor of a district has none at the regency's account."""
    with pytest.raises(Invalid) as refused:
        desk.schedule(
            *accounts, item=desk.item(kinds=["mastodon"]), actor=desk.cast.actor("dewi"), origin_ids=[accounts[0].pk]
        )
    assert "accounts" in refused.value.fields


def test_the_screen_offers_it_in_one_step_with_the_highest_account_first(desk: Desk, sign_in, accounts):
    item, hendra = desk.item(kinds=["mastodon"]), sign_in(desk.cast.user("hendra"))
    address = reverse("publishing:schedule", args=[item.pk])
    page = hendra.get(address).content.decode()
    assert "each account posts it itself" in page
    assert page.index(f"{accounts[0].known_as} posts it") < page.index(f"{accounts[1].known_as} posts it")
    sent = {
        "accounts": [account.pk for account in accounts],
        "due_at": "2027-01-05T09:00",
        "late_minutes": 120,
        "origin_mastodon": accounts[0].pk,
    }
    assert hendra.post(address, sent).status_code == 302
    assert Delivery.objects.filter(repost_of__account=accounts[0]).count() == 2
    first = Delivery.objects.get(repost_of=None)
    assert "Reposted by" in hendra.get(reverse("publishing:delivery", args=[first.pk])).content.decode()
    repost = first.reposts.first()
    assert "Repost of" in hendra.get(reverse("publishing:delivery", args=[repost.pk])).content.decode()
    for there in (reverse("publishing:index") + "?since=2027-01-01&until=2027-01-31", item.get_absolute_url()):
        assert len(re.findall(r">\s*repost\s*<", hendra.get(there).content.decode())) == 2, there


def test_one_account_alone_is_asked_nothing(desk: Desk, sign_in):
    desk.account()
    item = desk.item(kinds=["mastodon"])
    page = sign_in(desk.cast.user("hendra")).get(reverse("publishing:schedule", args=[item.pk])).content.decode()
    assert "origin_mastodon" not in page
