"""Signing in at a platform's own page: in a browser, by whom, once, and staying signed in; and X through the worker."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import translation

from kentongan.channels.contract import CredentialsExpired
from kentongan.core import audit, clock
from kentongan.core.errors import Invalid, NotAllowed, NotFound
from kentongan.core.models import User
from kentongan.publishing import actions, connections, signing_in, worker
from kentongan.publishing.actions import reconciling
from kentongan.publishing.models import Delivery, PlatformApp, SignInTry
from kentongan.publishing.states import State
from kentongan.registry import actions as registry
from kentongan.registry.models import Account, Connection
from named_cast import SYSTEM
from publishing.desk import Desk
from servers import x
from servers.proxy import Fault, Proxy, between
from servers.x import XServer

BACK = "publishing:signed_in"
DONE, OVER = "could publish right now", "This sign-in is over"


@pytest.fixture
def server() -> Iterator[XServer]:
    with x.serve() as server, translation.override("en"):
        server.redirect = signing_in.redirect()
        yield server


@pytest.fixture
def proxy(server: XServer) -> Iterator[Proxy]:
    with between(server.url) as proxy:
        yield proxy


@pytest.fixture
def app(desk: Desk, proxy: Proxy) -> PlatformApp:
    """The organisation's app at X, entered by who administers all of it."""
    given = {"client_id": x.CLIENT_ID, "client_secret": x.CLIENT_SECRET, "service": proxy.url}
    return actions.set_app(desk.cast.actor("arif"), "x", **given)


@pytest.fixture
def account(desk: Desk) -> Account:
    """The account on the list; its people read English, so that tests can."""
    User.objects.update(language="en")
    return registry.declare_account(SYSTEM, desk.cast.root.pk, platform="x", handle="kabaruji")


@pytest.fixture
def connected(desk: Desk, app: PlatformApp, account: Account, server: XServer) -> Account:
    """An account that is signed in."""
    arif = desk.cast.actor("arif")
    back = server.allow(signing_in.begin(arif, account.pk, "sesi"))
    return signing_in.finish(arif, "sesi", state=back["state"], code=back["code"], error="")


def begin(browser: Client, account: Account) -> str:
    """Press the button; return the address of the platform's page."""
    answer = browser.post(reverse("publishing:sign_in", args=[account.pk]))
    assert answer.status_code == 200, answer.content.decode()
    return answer.context["there"]


def come_back(browser: Client, values: dict[str, str]) -> str:
    """Come back from the platform's page; return what the list of connections then says."""
    answer = browser.get(f"{reverse(BACK)}?{urlencode(values)}", follow=True)
    assert answer.redirect_chain[-1][0] == reverse("publishing:accounts"), answer.redirect_chain
    return " ".join(str(one) for one in get_messages(answer.wsgi_request))


class TestInTheBrowser:
    """From the list of connections to X and back."""

    def test_the_whole_way(self, desk: Desk, app: PlatformApp, account: Account, server: XServer, sign_in):
        browser = sign_in(desk.cast.user("arif"))
        assert browser.get(reverse("publishing:connect", args=[account.pk])).status_code == 302
        there = begin(browser, account)
        assert x.CLIENT_SECRET not in there
        assert come_back(browser, server.allow(there)) == "Signed in: KabarUji could publish right now."
        account = Account.objects.get(pk=account.pk)
        assert (account.state, account.handle) == (Account.State.CONNECTED, "KabarUji")
        assert account.connection.healthy
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT secrets FROM registry_connection UNION SELECT client_secret FROM publishing_platformapp"
            )
            stored = str(cursor.fetchall())
        for secret in (server.grants[0].access, server.grants[0].refresh, x.CLIENT_SECRET):
            assert secret not in stored
        assert server.grants[0].access not in str(list(audit.trail(account)))

    def test_what_was_begun_is_kept_as_hashes_and_goes_with_time(self, desk, app, account, server, sign_in):
        back = server.allow(begin(sign_in(desk.cast.user("arif")), account))
        kept = SignInTry.objects.get()
        with connection.cursor() as cursor:
            cursor.execute("SELECT state, session, verifier FROM publishing_signintry")
            raw = str(cursor.fetchall())
        assert back["state"] not in raw
        assert kept.verifier not in raw
        SignInTry.objects.update(expires_at=clock.now() - timedelta(days=2))
        begin(sign_in(desk.cast.user("arif")), account)
        assert not SignInTry.objects.filter(pk=kept.pk).exists()

    def test_it_is_good_once(self, desk: Desk, app, account: Account, server: XServer, sign_in):
        browser = sign_in(desk.cast.user("arif"))
        back = server.allow(begin(browser, account))
        assert DONE in come_back(browser, back)
        assert OVER in come_back(browser, back)
        assert len(server.grants) == 1

    def test_it_belongs_to_the_session_and_the_person_who_began_it(self, desk, app, account, server: XServer, sign_in):
        back = server.allow(begin(sign_in(desk.cast.user("arif")), account))
        other = Client()
        other.force_login(desk.cast.user("arif"), backend="allauth.account.auth_backends.AuthenticationBackend")
        assert OVER in come_back(other, back)
        stranger = Client()
        stranger.force_login(desk.cast.user("wulan"), backend="allauth.account.auth_backends.AuthenticationBackend")
        assert OVER in come_back(stranger, back)
        assert Client().get(f"{reverse(BACK)}?{urlencode(back)}")["Location"].startswith("/akun/login/")
        assert server.grants == []
        with pytest.raises(Invalid):
            signing_in.finish(desk.cast.actor("wulan"), "x", state=back["state"], code=back["code"], error="")

    @pytest.mark.parametrize("values", [{}, {"state": ""}, {"state": "dikarang" * 8, "code": "x"}, {"code": "x"}])
    def test_what_was_never_begun_is_refused(self, desk: Desk, app, account, sign_in, values):
        assert OVER in come_back(sign_in(desk.cast.user("arif")), values)

    def test_it_ends_after_a_quarter_of_an_hour(self, desk: Desk, app, account: Account, server: XServer, sign_in):
        browser = sign_in(desk.cast.user("arif"))
        back = server.allow(begin(browser, account))
        SignInTry.objects.update(expires_at=clock.now())
        assert OVER in come_back(browser, back)

    @pytest.mark.parametrize(("error", "words"), [("access_denied", "not allowed"), ("server_error", "server_error")])
    def test_a_refusal_there_is_said_here(self, desk, app, account, server: XServer, sign_in, error: str, words: str):
        browser = sign_in(desk.cast.user("arif"))
        back = server.allow(begin(browser, account), deny=True)
        assert back.pop("error") == "access_denied"
        assert words in come_back(browser, {**back, "error": error})
        assert not Connection.objects.exists()

    def test_signed_in_there_as_somebody_else(self, desk: Desk, app, account, server: XServer, sign_in):
        server.username = "akun_pribadi_arif"
        browser = sign_in(desk.cast.user("arif"))
        said = come_back(browser, server.allow(begin(browser, account)))
        assert "akun_pribadi_arif" in said
        assert "Sign out at the platform" in said
        assert not Connection.objects.exists()

    def test_what_was_not_allowed_is_named_and_nothing_is_kept(self, desk, app, account, server: XServer, sign_in):
        server.withheld = {"tweet.write"}
        browser = sign_in(desk.cast.user("arif"))
        assert "tweet.write" in come_back(browser, server.allow(begin(browser, account)))
        assert not Connection.objects.exists()

    def test_a_lost_answer_of_the_platform_is_said_and_can_be_begun_again(
        self, desk, app, account, server, proxy, sign_in
    ):
        browser = sign_in(desk.cast.user("arif"))
        proxy.faults.append(Fault("/2/oauth2/token", accept=False))
        assert "did not arrive" in come_back(browser, server.allow(begin(browser, account)))
        assert DONE in come_back(browser, server.allow(begin(browser, account)))

    def test_a_renamed_account_is_signed_in_anew(self, desk: Desk, connected: Account, server: XServer, sign_in):
        server.username = "KabarUjiBaru"
        browser = sign_in(desk.cast.user("arif"))
        assert DONE in come_back(browser, server.allow(begin(browser, connected)))
        connected.refresh_from_db()
        assert connected.handle == "KabarUjiBaru"

    def test_who_may(self, desk: Desk, app, account: Account, sign_in):
        address = reverse("publishing:sign_in", args=[account.pk])
        for who, status in (("dewi", 403), ("hendra", 403), ("tono", 404), ("maman", 404), ("joko", 404)):
            browser = sign_in(desk.cast.user(who))
            assert browser.get(address).status_code == status, who
            assert browser.post(address).status_code == status, who
        assert not SignInTry.objects.exists()

    def test_a_right_taken_away_in_between(self, desk: Desk, app, account: Account, server: XServer):
        arif = desk.cast.actor("arif")
        back = server.allow(signing_in.begin(arif, account.pk, "sesi"))
        desk.cast.user("arif").grants.all().delete()
        with pytest.raises((NotAllowed, NotFound)):
            signing_in.finish(arif, "sesi", state=back["state"], code=back["code"], error="")
        assert server.grants == []

    def test_a_platform_where_nobody_signs_in(self, desk: Desk, sign_in):
        other = registry.declare_account(SYSTEM, desk.cast.root.pk, platform="mastodon", handle="kab@contoh.social")
        browser = sign_in(desk.cast.user("arif"))
        assert browser.get(reverse("publishing:sign_in", args=[other.pk])).status_code == 404
        assert browser.get(reverse("publishing:app", args=["mastodon"])).status_code == 404
        assert browser.get(reverse("publishing:app", args=["tidak-ada"])).status_code == 404


class TestApps:
    """The organisation's app at a platform."""

    def test_without_one_the_page_says_who_can_help(self, desk: Desk, account: Account, sign_in):
        address = reverse("publishing:sign_in", args=[account.pk])
        browser = sign_in(desk.cast.user("arif"))
        assert reverse("publishing:app", args=["x"]) in browser.get(address).content.decode()
        assert browser.post(address).status_code == 409
        lower = registry.declare_account(SYSTEM, desk.cast.tambun_selatan.pk, platform="x", handle="tambunselatan")
        page = sign_in(desk.cast.user("joko")).get(reverse("publishing:sign_in", args=[lower.pk])).content.decode()
        assert reverse("publishing:app", args=["x"]) not in page

    def test_it_is_entered_changed_and_removed(self, desk: Desk, account: Account, sign_in):
        browser, address = sign_in(desk.cast.user("arif")), reverse("publishing:app", args=["x"])
        assert signing_in.redirect() in browser.get(address).content.decode()
        given = {"client_id": "satu", "client_secret": "rahasia-satu", "service": "https://api.x.com"}
        assert browser.post(address, given).status_code == 302
        assert "rahasia-satu" not in browser.get(address).content.decode()
        browser.post(address, {**given, "client_secret": "", "service": "https://proksi.contoh.id/x/"})
        app = PlatformApp.objects.get()
        assert (app.client_secret, app.service_url) == ("rahasia-satu", "https://proksi.contoh.id/x")
        browser.post(address, {**given, "client_id": "dua", "client_secret": ""})
        assert PlatformApp.objects.get().client_secret == ""
        assert browser.post(reverse("publishing:forget_app", args=["x"])).status_code == 302
        assert browser.post(reverse("publishing:forget_app", args=["x"])).status_code == 404
        trail = [entry.verb for entry in audit.trail(desk.cast.root)]
        assert trail[0] == "publishing.app.forget"
        assert "rahasia" not in str([entry.changes for entry in audit.trail(desk.cast.root)])

    @pytest.mark.parametrize(
        "given", [{"client_id": " "}, {"client_id": "a\x07b"}, {"service": "http://x.contoh.id"}, {"service": "bukan"}]
    )
    def test_what_cannot_be_one_is_refused_at_its_field(self, desk: Desk, sign_in, given):
        body = {"client_id": "satu", "client_secret": "x", "service": "https://api.x.com", **given}
        answer = sign_in(desk.cast.user("arif")).post(reverse("publishing:app", args=["x"]), body)
        assert answer.status_code == 422
        assert not PlatformApp.objects.exists()

    def test_only_who_administers_everything(self, desk: Desk, app: PlatformApp, sign_in):
        for who, status in (("joko", 404), ("dewi", 403), ("wulan", 403), ("tono", 404)):
            browser = sign_in(desk.cast.user(who))
            for name, arguments in (("apps", []), ("app", ["x"])):
                assert browser.get(reverse(f"publishing:{name}", args=arguments)).status_code == status, (who, name)
            assert browser.post(reverse("publishing:forget_app", args=["x"])).status_code == status, who
        assert PlatformApp.objects.exists()


def end_token(account: Account) -> Account:
    registry.renew_secrets(SYSTEM, account.pk, secrets={"expires_at": clock.now().isoformat()})
    return Account.objects.select_related("unit", "connection").get(pk=account.pk)


class TestStayingSignedIn:
    """One refresh, stored before it is used."""

    def test_the_new_tokens_are_stored_before_they_are_used(self, connected: Account, server: XServer):
        with connections.client() as calls:
            fresh = connections.fresh(SYSTEM, end_token(connected), calls)
        stored = Connection.objects.get().secrets
        assert server.refreshes == 1
        assert stored["access"] == fresh.get("access") == server.grants[0].access
        assert stored["refresh"] == server.grants[0].refresh
        assert "client_secret" not in stored

    def test_what_another_worker_renewed_is_not_thrown_away(self, connected: Account):
        stale = end_token(connected)
        used = connections.credentials_of(stale)
        with connections.client() as calls:
            renewed = connections.fresh(SYSTEM, end_token(connected), calls)
        connections.expire(SYSTEM, stale, used)
        assert Connection.objects.get().secrets["access"] == renewed.get("access")
        connections.expire(SYSTEM, stale, renewed)
        assert Connection.objects.get().secrets["access"] == "refused"

    def test_without_the_app_nobody_stays_signed_in(self, desk: Desk, connected: Account):
        actions.forget_app(desk.cast.actor("arif"), "x")
        with connections.client() as calls, pytest.raises(CredentialsExpired):
            connections.fresh(SYSTEM, end_token(connected), calls)
        assert Connection.objects.get().secrets["refresh"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_refresh_at_once_make_one_refresh(desk: Desk, connected: Account, server: XServer):
    account, seen, entered = end_token(connected), [], threading.Barrier(2, timeout=20)

    def work() -> None:
        mine = Account.objects.select_related("unit", "connection").get(pk=account.pk)
        entered.wait()
        with connections.client() as calls:
            seen.append(connections.fresh(SYSTEM, mine, calls).get("access"))
        connection.close()

    threads = [threading.Thread(target=work) for _one in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert server.refreshes == 1
    assert seen == [server.grants[0].access] * 2


@pytest.mark.django_db(transaction=True)
def test_a_sign_in_that_ends_while_the_former_one_is_renewed_is_the_one_that_stays(desk, connected, server: XServer):
    account, arif = end_token(connected), desk.cast.actor("arif")
    back = server.allow(signing_in.begin(arif, account.pk, "sesi"))
    before = Connection.objects.get().secrets["access"]

    def enter() -> None:
        signing_in.finish(arif, "sesi", state=back["state"], code=back["code"], error="")
        connection.close()

    entering = threading.Thread(target=enter)

    def meanwhile() -> None:
        """While X renews: the person comes back, and would have stored the new sign-in by now."""
        entering.start()
        entering.join(2)
        assert Connection.objects.get().secrets["access"] == before
        connection.close()

    server.during_refresh = meanwhile
    with connections.client() as calls:
        connections.fresh(SYSTEM, account, calls)
    entering.join(60)
    first, second = server.grants
    assert server.refreshes == 1
    assert Connection.objects.get().secrets["access"] == second.access != first.access


def test_a_connection_that_ends_in_the_middle_is_held(desk: Desk, connected: Account, server: XServer):
    delivery = scheduled(desk, end_token(connected))
    stale = Account.objects.select_related("connection").get(pk=connected.pk)
    registry.disconnect(SYSTEM, connected.pk)
    with connections.client() as calls, pytest.raises(CredentialsExpired):
        connections.fresh(SYSTEM, stale, calls)
    connections.expire(SYSTEM, stale, connections.credentials_of(stale))
    desk.run()
    assert desk.state(delivery) == State.HELD
    assert server.refreshes == 0


def scheduled(desk: Desk, account: Account, text: str = "Puskesmas buka sampai malam") -> Delivery:
    return desk.schedule(account, item=desk.item(text=text, kinds=["x"]))


class TestThroughTheWorker:
    """X, once."""

    def test_it_goes_out_and_is_taken_back(self, desk: Desk, connected: Account, server: XServer):
        delivery = scheduled(desk, connected)
        assert desk.run() == [State.PUBLISHED]
        assert [one.text for one in server.tweets] == ["Puskesmas buka sampai malam"]
        actions.recall(desk.cast.actor("hendra"), delivery.pk, reason="Keliru")
        worker.take_back(reconciling.claim_recalls()[0])
        assert desk.state(delivery) == State.RECALLED
        assert server.tweets == []

    def test_a_token_that_ended_early_is_renewed_and_it_goes_out_once(self, desk, connected: Account, server: XServer):
        delivery = scheduled(desk, connected)
        server.expire()
        assert desk.run() == [State.READY]
        assert desk.run() == [State.PUBLISHED]
        assert (server.refreshes, len(server.tweets)) == (1, 1)
        assert desk.state(delivery) == State.PUBLISHED

    def test_permission_taken_away_holds_it_and_marks_the_account(self, desk, connected: Account, server: XServer):
        delivery = scheduled(desk, connected)
        server.revoke()
        assert desk.run() == [State.READY]
        desk.run()
        assert desk.state(delivery) == State.HELD
        assert Connection.objects.get().healthy is False
        assert server.tweets == []

    def test_a_renewal_whose_answer_is_lost_is_told_and_mended_by_signing_in(
        self, desk, connected, server, proxy: Proxy
    ):
        """X has given new tokens and nobody has them: nothing is sent, the custodian is told, one sign-in mends it."""
        delivery = scheduled(desk, end_token(connected))
        proxy.faults.append(Fault("/2/oauth2/token", accept=True))
        assert desk.run() == [None]
        assert desk.state(delivery) == State.READY
        Delivery.objects.update(try_at=F("due_at"))
        assert desk.run() == [None]
        assert desk.state(delivery) == State.HELD
        assert "Sign in again" in Connection.objects.get().problem
        arif = desk.cast.actor("arif")
        back = server.allow(signing_in.begin(arif, connected.pk, "sesi"))
        signing_in.finish(arif, "sesi", state=back["state"], code=back["code"], error="")
        assert desk.run() == [State.PUBLISHED]
        assert len(server.tweets) == 1

    def test_a_lost_answer_is_found_by_looking(self, desk: Desk, connected: Account, server: XServer, proxy: Proxy):
        delivery = scheduled(desk, connected)
        proxy.faults.append(Fault("POST /2/tweets", accept=True))
        assert desk.run() == [State.UNKNOWN]
        assert worker.look(reconciling.claim_doubts()[0]) == State.PUBLISHED
        assert desk.state(delivery) == State.PUBLISHED
        assert len(server.tweets) == 1

    def test_two_deliveries_of_one_text_are_never_one_post(self, desk: Desk, connected: Account, server: XServer):
        first, second = scheduled(desk, connected), scheduled(desk, connected)
        assert sorted(desk.run()) == [State.PUBLISHED, State.REJECTED]
        assert {desk.state(first), desk.state(second)} == {State.PUBLISHED, State.REJECTED}
        assert len(server.tweets) == 1

    def test_what_it_costs_stands_on_the_item_before_it_is_approved(self, desk: Desk, sign_in):
        item = desk.item(text="Baca https://bekasikab.go.id/jadwal", kinds=["x", "bluesky"])
        page = sign_in(desk.cast.user("hendra")).get(reverse("planning:item", args=[item.pk])).content.decode()
        assert page.count("US dollar") + page.count("dolar AS") == 1
        assert "0,20" in page or "0.20" in page
