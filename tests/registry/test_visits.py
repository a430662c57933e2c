"""Visits to the public posts of official accounts: what is due, what was found, whom a failure must not silence."""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from channels.test_public_posts import bluesky_post
from kentongan.channels.contract import Bookmark, ChannelError, Newest, NoSuchAccount, PostsHidden, RetryLater
from kentongan.core import clock, jobs, ticks, tokens
from kentongan.core.errors import Conflict, NotAllowed, NotFound, TooMany
from kentongan.core.models import AuditEntry
from kentongan.registry import actions, queries, rules, visiting
from kentongan.registry.actions import visits
from kentongan.registry.actions.custody import Correction
from kentongan.registry.models import Account, AccountVisit, Organisation, Unit, VisitedHost
from kentongan.registry.rules import data
from named_cast import SYSTEM, Cast
from servers.fixtures import pds
from servers.pds import Pds

__all__ = ["pds"]

Finding = AccountVisit.Finding
DAY = timedelta(days=1)


@dataclass
class Platform:
    """A platform whose public posts the test writes; it notes whom it was asked about."""

    newest_at: dict[str, datetime] = field(default_factory=dict)
    trouble: dict[str, Exception] = field(default_factory=dict)
    asked: list[tuple[str, Bookmark]] = field(default_factory=list)
    one_host: bool = False
    unchanged: bool = False

    def host(self, key: str) -> str:
        """Return one server for all, or one for each."""
        return "platform.example" if self.one_host else f"{key}.example"

    def newest(self, key: str, client: httpx.Client, bookmark: Bookmark) -> Newest:
        """Return what the test wrote."""
        self.asked.append((key, bookmark))
        if key in self.trouble:
            raise self.trouble[key]
        mark = Bookmark("https://platform.example/feed", '"v1"')
        return Newest(self.newest_at.get(key), f"https://platform.example/{key}/1", mark, self.unchanged)


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Platform:
    """Telegram, as the test writes it; the others have no public posts."""
    found = Platform()
    monkeypatch.setattr(visits, "reader", lambda kind: found if kind == "telegram" else None)
    monkeypatch.setattr(visits, "readable", lambda: ["telegram"])
    monkeypatch.setattr(visiting, "reader", lambda kind: found)
    return found


def declared(cast: Cast, handle: str = "kabbekasi", unit: Unit | None = None, state: str = "proven") -> Account:
    """Return an official account of Telegram in that state."""
    made = actions.declare_account(SYSTEM, (unit or cast.root).pk, platform="telegram", handle=handle)
    proof = {"proof": "code", "proven_at": clock.now()} if state != "declared" else {}
    Account.objects.filter(pk=made.pk).update(state=state, **proof)
    made.refresh_from_db()
    return made


def due_now() -> None:
    """Let every visit be due and every server be free."""
    AccountVisit.objects.update(due_at=clock.now() - timedelta(minutes=1))
    VisitedHost.objects.update(free_at=clock.now() - timedelta(minutes=1))


def visit_all() -> list[AccountVisit]:
    """Plan and make the visits that are due."""
    actions.enrol_visits(SYSTEM)
    due_now()
    return visiting.visit_due()


def posted(account: Account) -> datetime | None:
    """Return when the account last posted, as the table says now."""
    account.refresh_from_db()
    return account.last_posted_at


def test_a_visit_notes_the_last_post_with_its_evidence(cast: Cast, platform: Platform) -> None:
    account = declared(cast)
    moment = clock.now() - timedelta(days=2)
    platform.newest_at["kabbekasi"] = moment
    (made,) = visit_all()
    assert posted(account) == moment
    assert (made.finding, made.post_url, made.failures) == ("read", "https://platform.example/kabbekasi/1", 0)
    assert DAY <= made.due_at - clock.now() + timedelta(minutes=1) <= DAY + timedelta(hours=2)
    assert visiting.visit_due() == [], "once a day"
    account = queries.facts().get(pk=account.pk)
    found = data.answer(account, rules.shipped()["posted_lately"], data.context_now("Diskominfo"))
    assert found.verdict == "passed"
    assert made.post_url in found.evidence


def test_an_earlier_post_and_one_from_the_future_change_nothing(cast: Cast, platform: Platform) -> None:
    account = declared(cast)
    known = clock.now() - timedelta(days=1)
    Account.objects.update(last_posted_at=known)
    platform.newest_at["kabbekasi"] = known - timedelta(days=9)
    visit_all()
    assert posted(account) == known
    platform.newest_at["kabbekasi"] = clock.now() + timedelta(minutes=5)
    visit_all()
    assert known < (posted(account) or known) <= clock.now()


@pytest.mark.parametrize(
    ("trouble", "finding"),
    [
        (NoSuchAccount("tidak ada"), Finding.ABSENT),
        (PostsHidden("tertutup"), Finding.HIDDEN),
        (RetryLater("sibuk", {"status": 429}), Finding.LIMITED),
        (RetryLater("mati"), Finding.UNREACHABLE),
        (ChannelError("aneh"), Finding.UNREACHABLE),
        (ZeroDivisionError("pembaca rusak"), Finding.UNREACHABLE),
    ],
)
def test_a_failed_visit_shows_why_and_never_makes_an_account_dormant(
    cast: Cast, platform: Platform, trouble: Exception, finding: str
) -> None:
    account = declared(cast)
    Account.objects.update(last_posted_at=clock.now() - timedelta(days=200))
    platform.trouble["kabbekasi"] = trouble
    (made,) = visit_all()
    assert (made.finding, made.read_at, made.failures) == (finding, None, 1)
    assert made.said
    ticks.run_once("registry.activity")
    account.refresh_from_db()
    assert account.state == "proven"
    answer = data.answer(
        queries.facts().get(pk=account.pk), rules.shipped()["posted_lately"], data.context_now("Diskominfo")
    )
    assert answer.verdict == "open"
    assert made.said in answer.evidence


def test_silence_that_was_read_lets_an_account_rest_and_a_post_wakes_it(cast: Cast, platform: Platform) -> None:
    account = declared(cast)
    platform.newest_at["kabbekasi"] = clock.now() - timedelta(days=200)
    visit_all()
    ticks.run_once("registry.activity")
    account.refresh_from_db()
    assert account.state == "dormant"
    platform.newest_at["kabbekasi"] = clock.now() - timedelta(hours=1)
    visit_all()
    ticks.run_once("registry.activity")
    account.refresh_from_db()
    assert account.state == "proven"


def test_an_old_reading_is_no_silence(cast: Cast, platform: Platform) -> None:
    """It was read once, 100 days ago; since then the platform answers nothing."""
    account = declared(cast)
    platform.newest_at["kabbekasi"] = clock.now() - timedelta(days=200)
    visit_all()
    AccountVisit.objects.update(read_at=clock.now() - timedelta(days=100))
    ticks.run_once("registry.activity")
    account.refresh_from_db()
    assert account.state == "proven"


def test_an_account_without_a_post_fails_the_rule_with_its_evidence(cast: Cast, platform: Platform) -> None:
    account = declared(cast)
    (made,) = visit_all()
    assert made.finding == Finding.EMPTY
    answer = data.answer(
        queries.facts().get(pk=account.pk), rules.shipped()["posted_lately"], data.context_now("Diskominfo")
    )
    assert answer.verdict == "failed"
    assert posted(account) is None


def test_what_a_server_calls_unchanged_was_read(cast: Cast, platform: Platform) -> None:
    account = declared(cast)
    moment = clock.now() - timedelta(days=2)
    platform.newest_at["kabbekasi"] = moment
    visit_all()
    platform.unchanged = True
    (made,) = visit_all()
    assert platform.asked[-1] == ("kabbekasi", Bookmark("https://platform.example/feed", '"v1"'))
    assert (made.finding, made.post_url) == ("read", "https://platform.example/kabbekasi/1")
    assert posted(account) == moment


def test_a_server_is_asked_once_at_a_time_and_rests_when_it_asks_for_that(cast: Cast, platform: Platform) -> None:
    platform.one_host = True
    for handle in ("satu_bekasi", "dua_bekasi", "tiga_bekasi"):
        declared(cast, handle)
    platform.trouble = {
        name: RetryLater("pelan", {}, timedelta(hours=3)) for name in ("satu_bekasi", "dua_bekasi", "tiga_bekasi")
    }
    assert len(visit_all()) == 1, "one account of a server at a time"
    host = VisitedHost.objects.get()
    assert timedelta(hours=2, minutes=59) < host.free_at - clock.now() <= timedelta(hours=3)
    AccountVisit.objects.update(due_at=clock.now() - timedelta(minutes=1))
    assert visiting.visit_due() == [], "the server rests"
    platform.trouble = {}
    for _round in range(3):
        due_now()
        visiting.visit_due()
    assert VisitedHost.objects.get().failures == 0
    assert {key for key, _mark in platform.asked} == {"satu_bekasi", "dua_bekasi", "tiga_bekasi"}


def test_a_server_that_does_not_answer_rests_longer_each_time(cast: Cast, platform: Platform) -> None:
    platform.one_host = True
    for handle in ("satu_bekasi", "dua_bekasi"):
        declared(cast, handle)
        platform.trouble[handle] = RetryLater("mati")
    rests = []
    for _round in range(8):
        visit_all()
        rests.append(VisitedHost.objects.get().free_at - clock.now())
    assert rests[0] < timedelta(minutes=2) < rests[3]
    assert max(rests) <= timedelta(hours=1)


def test_an_account_that_leaves_use_or_becomes_another_is_not_visited(cast: Cast, platform: Platform) -> None:
    gone, other = declared(cast), declared(cast, "kecamatan_x")
    actions.enrol_visits(SYSTEM)
    actions.move_account(cast.actor("arif"), gone.pk, "retire", reason="Digabung")
    actions.correct_account(cast.actor("arif"), other.pk, Correction(handle="kecamatan_y"))
    due_now()
    visiting.visit_due()
    assert not AccountVisit.objects.exists()
    assert platform.asked == []
    visit_all()
    assert [key for key, _mark in platform.asked] == ["kecamatan_y"]


def test_what_became_another_account_while_it_was_read_gets_nothing(cast: Cast, platform: Platform) -> None:
    account = declared(cast)
    actions.enrol_visits(SYSTEM)
    due_now()
    (claimed,) = actions.claim_visits(SYSTEM, 8)
    actions.correct_account(cast.actor("arif"), account.pk, Correction(handle="yang_lain"))
    actions.settle_visit(SYSTEM, claimed, visits.Looked(Finding.READ, newest=Newest(clock.now())))
    assert posted(account) is None
    assert not AccountVisit.objects.exists()


def test_the_claim_of_a_killed_worker_lapses_and_its_late_word_does_not_count(cast: Cast, platform: Platform) -> None:
    account = declared(cast)
    actions.enrol_visits(SYSTEM)
    due_now()
    (first,) = actions.claim_visits(SYSTEM, 8)
    assert actions.claim_visits(SYSTEM, 8) == []
    assert VisitedHost.objects.get().free_at <= clock.now() + visits.LEASE
    due_now()
    (second,) = actions.claim_visits(SYSTEM, 8)
    late = visits.Looked(Finding.READ, newest=Newest(clock.now() - timedelta(hours=5)))
    actions.settle_visit(SYSTEM, first, late)
    assert posted(account) is None
    actions.settle_visit(SYSTEM, second, visits.Looked(Finding.EMPTY))
    assert AccountVisit.objects.get().finding == Finding.EMPTY


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_visit_one_account_or_one_server_at_once(cast: Cast, platform: Platform) -> None:
    for number in range(6):
        declared(cast, f"akun_bekasi_{number}")
    actions.enrol_visits(SYSTEM)
    due_now()
    claimed: list[int] = []
    gate = threading.Barrier(3)

    def work() -> None:
        gate.wait()
        claimed.extend(one.pk for one in actions.claim_visits(SYSTEM, 4))
        connections.close_all()

    threads = [threading.Thread(target=work) for _number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == len(set(claimed))
    claimed += [one.pk for one in actions.claim_visits(SYSTEM, 8)]
    assert len(set(claimed)) == 6


def test_no_network_call_lies_inside_a_transaction(
    cast: Cast, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared(cast)
    depth = len(connection.savepoint_ids)
    seen = []
    whole = visiting.look
    monkeypatch.setattr(visiting, "look", lambda one: (seen.append(len(connection.savepoint_ids)), whole(one))[1])
    AccountVisit.objects.all().delete()
    visiting.visit(cast.actor("arif"), Account.objects.get().pk)
    assert seen == [depth]


def test_many_accounts_are_spread_over_the_day(cast: Cast, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "ENROLLED_AT_ONCE", 20)
    Account.objects.bulk_create(
        Account(unit=cast.root, kind="official", platform="telegram", handle=f"a{n}", identity=f"a{n}")
        for n in range(40)
    )
    with CaptureQueriesContext(connection) as first:
        actions.enrol_visits(SYSTEM)
    with CaptureQueriesContext(connection) as second:
        actions.enrol_visits(SYSTEM)
    assert len(first) == len(second) < 15
    assert actions.enrol_visits(SYSTEM) == 0
    ahead = [(one.due_at - clock.now()) / DAY for one in AccountVisit.objects.all()]
    assert max(ahead) <= 1
    assert len({int(part * 6) for part in ahead}) > 2, "not all at once"


def test_a_simulated_organisation_asks_no_stranger(cast: Cast, platform: Platform, settings: Any) -> None:
    declared(cast)
    Organisation.objects.update(simulated=True)
    assert actions.enrol_visits(SYSTEM) == 0
    Organisation.objects.update(simulated=False)
    assert actions.enrol_visits(SYSTEM) == 1
    due_now()
    settings.KENTONGAN_VISIT_ACCOUNTS = False
    assert ticks.run_once("registry.visits") == 0
    ticks.run_once("registry.visits.enrol")
    assert not AccountVisit.objects.exists()
    settings.KENTONGAN_VISIT_ACCOUNTS = True
    ticks.run_once("registry.visits.enrol")
    due_now()
    assert ticks.run_once("registry.visits") == 1


def test_an_administrator_has_an_account_visited_now(cast: Cast, platform: Platform) -> None:
    account = declared(cast, unit=cast.tambun_selatan)
    platform.newest_at["kabbekasi"] = clock.now() - timedelta(hours=3)
    joko = cast.actor("joko")
    assert visiting.visit(joko, account.pk).finding == "read"
    assert AuditEntry.objects.filter(verb="registry.visit.ask").count() == 1
    with pytest.raises(TooMany):
        visiting.visit(joko, account.pk)
    with pytest.raises(NotAllowed):
        visiting.visit(cast.actor("euis"), account.pk)
    with pytest.raises(NotFound):
        visiting.visit(joko, declared(cast, "lain_unit").pk)
    other = actions.declare_account(SYSTEM, cast.root.pk, platform="instagram", handle="kabbekasi")
    with pytest.raises(Conflict):
        visiting.visit(cast.actor("arif"), other.pk)


def test_nobody_is_asked_by_hand_where_no_account_is_read(
    cast: Cast, platform: Platform, settings: Any, sign_in: Any
) -> None:
    account = declared(cast)
    address = reverse("registry:account_visit", args=[account.pk])
    client, page = sign_in(cast.user("arif")), reverse("registry:account", args=[account.pk])
    assert address in client.get(page).content.decode()
    actions.enrol_visits(SYSTEM)
    due_now()
    for made in (False, True):
        settings.KENTONGAN_VISIT_ACCOUNTS = made
        Organisation.objects.update(simulated=made)
        with pytest.raises(Conflict):
            visiting.visit(cast.actor("arif"), account.pk)
        assert visiting.visit_due() == []
        assert address not in client.get(page).content.decode()
    assert not platform.asked


def test_a_server_that_rests_is_not_asked_by_hand_either(cast: Cast, platform: Platform) -> None:
    account = declared(cast)
    platform.trouble["kabbekasi"] = RetryLater("pelan", {}, timedelta(hours=3))
    visit_all()
    AccountVisit.objects.update(claimed_at=None)
    with pytest.raises(TooMany):
        visiting.visit(cast.actor("arif"), account.pk)


@pytest.mark.parametrize("act", [actions.enrol_visits, lambda who: actions.claim_visits(who, 1)])
def test_only_the_system_plans_and_takes_visits(cast: Cast, act: Any) -> None:
    with pytest.raises(NotFound):
        act(cast.actor("arif"))


@pytest.fixture
def listed(cast: Cast, platform: Platform, client: Client) -> Client:
    """A signed-in administrator before one account that was read and one that was not."""
    declared(cast), declared(cast, "tertutup_kab")
    platform.newest_at["kabbekasi"] = clock.now() - timedelta(days=2)
    platform.trouble["tertutup_kab"] = PostsHidden("Tidak ada pratinjau.")
    visit_all()
    client.force_login(cast.user("arif"))
    return client


def test_the_screens_show_what_was_found(cast: Cast, listed: Client) -> None:
    address = reverse("registry:visits", args=(cast.root.pk,))
    page = listed.get(address)
    assert page.status_code == 200
    assert "Tidak ada pratinjau." in page.content.decode()
    failed = listed.get(address, {"finding": "failed"}).content.decode()
    assert "tertutup_kab" in failed
    assert ">kabbekasi<" not in failed
    assert listed.get(address, {"finding": "apa saja"}).status_code == 200
    assert listed.get(address, {"format": "xlsx"}).status_code == 200
    account = Account.objects.get(handle="tertutup_kab")
    assert "Tidak ada pratinjau." in listed.get(account_page(account)).content.decode()
    AccountVisit.objects.update(claimed_at=None)
    assert listed.get(reverse("registry:account_visit", args=(account.pk,))).status_code == 405
    told = listed.post(reverse("registry:account_visit", args=(account.pk,)), follow=True).content.decode()
    assert "Tidak ada pratinjau." in told
    Account.objects.all().update(kind="official", state="retired")
    assert listed.get(address).status_code == 200


def account_page(account: Account) -> str:
    """Return the address of an account's page."""
    return reverse("registry:account", args=(account.pk,))


def test_the_list_takes_as_many_queries_for_many(cast: Cast, listed: Client) -> None:
    address = reverse("registry:visits", args=(cast.root.pk,))
    listed.get(address)
    with CaptureQueriesContext(connection) as few:
        listed.get(address)
    for number in range(20):
        declared(cast, f"banyak_{number}", unit=cast.tambun_selatan)
    actions.enrol_visits(SYSTEM)
    with CaptureQueriesContext(connection) as many:
        listed.get(address)
    assert len(few) == len(many)


def test_the_neighbour_sees_and_does_nothing(cast: Cast, listed: Client) -> None:
    listed.force_login(cast.user("joko"))
    assert listed.get(reverse("registry:visits", args=(cast.root.pk,))).status_code == 404
    account = Account.objects.get(handle="kabbekasi")
    assert listed.post(reverse("registry:account_visit", args=(account.pk,))).status_code == 404


def test_the_api_lists_and_visits(cast: Cast, listed: Client) -> None:
    secret = tokens.create(cast.actor("arif"), "uji", tokens.SCOPES)[1]
    headers = {"authorization": f"Bearer {secret}"}
    found = listed.get(f"/api/v1/registry/visits?unit_id={cast.root.pk}&finding=failed", headers=headers).json()
    assert [(one["handle"], one["finding"]) for one in found["items"]] == [("tertutup_kab", "hidden")]
    AccountVisit.objects.update(claimed_at=None)
    account = Account.objects.get(handle="kabbekasi")
    made = listed.post(f"/api/v1/registry/accounts/{account.pk}/visit", headers=headers)
    assert (made.status_code, made.json()["finding"]) == (200, "read")
    assert listed.post(f"/api/v1/registry/accounts/{account.pk}/visit", headers=headers).status_code == 429


def test_a_real_server_answers_the_whole_way(cast: Cast, pds: Pds, settings: Any) -> None:
    """Bluesky's own server, through the guard: declared, visited, dated, answered in an audit."""
    settings.KENTONGAN_BLUESKY_URL = pds.url
    made = pds.account()
    moment = (clock.now() - timedelta(days=3)).replace(microsecond=0)
    bluesky_post(pds, made, moment)
    account = actions.declare_account(SYSTEM, cast.root.pk, platform="bluesky", handle=made["did"])
    found = visiting.visit(cast.actor("arif"), account.pk)
    assert (found.finding, found.said) == ("read", "")
    assert posted(account) == moment
    audit = actions.begin_audit(cast.actor("arif"), cast.root.pk, title="", inline=True)
    jobs.run_now(jobs.get(cast.actor("arif"), audit.job_id or 0))
    result = audit.results.get(rule="posted_lately")
    assert result.verdict == "passed"
    assert found.post_url in result.evidence
