"""A Facebook Page from signing in to taking back, in the browser and through the worker, against the stub."""

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from urllib.parse import urlencode

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import translation

from core import samples
from kentongan.core import clock, files
from kentongan.core.models import Message, User
from kentongan.publishing import actions, connections, signing_in, telling, worker
from kentongan.publishing.actions import reconciling
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import State
from kentongan.registry import actions as registry
from kentongan.registry.models import Account, Connection
from named_cast import SYSTEM
from publishing.desk import Desk
from servers import facebook
from servers.facebook import FacebookServer, Page
from servers.graph import APP_ID, APP_SECRET
from servers.proxy import Fault, Proxy, between


@pytest.fixture
def server() -> Iterator[FacebookServer]:
    with facebook.serve() as server, translation.override("en"):
        server.redirect = signing_in.redirect()
        yield server


@pytest.fixture
def proxy(server: FacebookServer) -> Iterator[Proxy]:
    with between(server.url) as proxy:
        yield proxy


@pytest.fixture
def account(desk: Desk, proxy: Proxy) -> Account:
    """The Page on the list, and the organisation's app; its people read English, so that tests can."""
    User.objects.update(language="en")
    given = {"client_id": APP_ID, "client_secret": APP_SECRET, "service": proxy.url}
    actions.set_app(desk.cast.actor("arif"), "facebook", **given)
    return registry.declare_account(SYSTEM, desk.cast.root.pk, platform="facebook", handle="kabaruji")


def enter(desk: Desk, account: Account, server: FacebookServer) -> Account:
    arif = desk.cast.actor("arif")
    back = server.allow(signing_in.begin(arif, account.pk, "sesi"))
    return signing_in.finish(arif, "sesi", state=back["state"], code=back["code"], error="")


@pytest.fixture
def connected(desk: Desk, account: Account, server: FacebookServer) -> Account:
    return enter(desk, account, server)


def by_browser(browser: Client, account: Account, server: FacebookServer) -> str:
    """Sign in as a person does; return what the list of connections then says."""
    there = browser.post(reverse("publishing:sign_in", args=[account.pk])).context["there"]
    answer = browser.get(f"{reverse('publishing:signed_in')}?{urlencode(server.allow(there))}", follow=True)
    return " ".join(str(one) for one in get_messages(answer.wsgi_request))


def scheduled(desk: Desk, account: Account, text: str = "Puskesmas buka sampai malam") -> Delivery:
    return desk.schedule(account, item=desk.item(text=text, kinds=["facebook"]))


class TestChoosingThePage:
    """The account on the list says which of a person's Pages is meant."""

    def test_the_page_on_the_list_is_connected_and_no_other(self, desk, account, server: FacebookServer, sign_in):
        server.pages.insert(0, Page("61550009", "Dinas Lain", "dinaslain"))
        assert "could publish right now" in by_browser(sign_in(desk.cast.user("arif")), account, server)
        stored = Connection.objects.get()
        assert (stored.account_id, stored.secrets["user_id"]) == (account.pk, "61550001")
        account.refresh_from_db()
        assert (account.state, account.url) == (Account.State.CONNECTED, "https://www.facebook.com/KabarUji")

    def test_a_page_that_was_not_ticked_is_never_a_healthy_connection(self, desk, account, server, sign_in):
        server.pages[0].ticked = False
        server.pages.append(Page("61550009", "Dinas Lain", "dinaslain"))
        said = by_browser(sign_in(desk.cast.user("arif")), account, server)
        assert "was not ticked, only: Dinas Lain" in said
        assert "Edit settings" in said
        assert not Connection.objects.exists()

    def test_a_page_that_got_another_name_stays_the_same_account(self, desk, connected, server: FacebookServer):
        server.pages[0].username, server.pages[0].link = "KabarBaru", "https://www.facebook.com/KabarBaru"
        again = enter(desk, connected, server)
        assert (again.pk, again.handle) == (connected.pk, "KabarBaru")

    def test_the_screen_says_what_to_tick_and_that_it_has_not_run_live(self, desk: Desk, account: Account, sign_in):
        page = sign_in(desk.cast.user("arif")).get(reverse("publishing:sign_in", args=[account.pk]))
        said = page.content.decode()
        assert "not yet run against the live platform" in said
        assert "tick kabaruji there" in said
        assert "not as yourself" not in said


class TestThroughTheWorker:
    """A Page, once."""

    def test_it_goes_out_and_is_taken_back(self, desk: Desk, connected: Account, server: FacebookServer):
        delivery = scheduled(desk, connected)
        assert desk.run() == [State.PUBLISHED]
        assert [one.message for one in server.posts] == ["Puskesmas buka sampai malam"]
        actions.recall(desk.cast.actor("hendra"), delivery.pk, reason="Keliru")
        worker.take_back(reconciling.claim_recalls()[0])
        assert desk.state(delivery) == State.RECALLED
        assert server.posts == []

    def test_a_lost_answer_is_found_by_looking(self, desk: Desk, connected, server: FacebookServer, proxy: Proxy):
        delivery = scheduled(desk, connected)
        proxy.faults.append(Fault("/feed ", accept=True))
        assert desk.run() == [State.UNKNOWN]
        assert worker.look(reconciling.claim_doubts()[0]) == State.PUBLISHED
        assert desk.state(delivery) == State.PUBLISHED
        assert len(server.posts) == 1

    def test_a_role_taken_away_holds_it_and_marks_the_account(self, desk: Desk, connected, server: FacebookServer):
        delivery = scheduled(desk, connected)
        server.pages[0].role = False
        while desk.state(delivery) == State.READY:
            desk.run()
        assert delivery.state == State.HELD
        stored = Connection.objects.get()
        assert stored.healthy is False
        assert "Sign in again" in stored.problem
        server.pages[0].role = True
        enter(desk, connected, server)
        assert desk.run() == [State.PUBLISHED]
        assert len(server.posts) == 1

    def test_a_right_that_is_missing_leaves_the_token(self, desk: Desk, connected, server: FacebookServer):
        scheduled(desk, connected)
        before, server.pages[0].tasks = Connection.objects.get().secrets, ("ANALYZE",)
        assert desk.run() == [State.HELD]
        stored = Connection.objects.get()
        assert stored.secrets == before
        assert "not allowed any more" in stored.problem

    def test_a_token_that_facebook_drops_is_fetched_anew(self, desk: Desk, connected, server: FacebookServer):
        delivery = scheduled(desk, connected)
        server.page_tokens.clear()
        assert desk.run() == [State.READY]
        assert desk.run() == [State.PUBLISHED]
        assert desk.state(delivery) == State.PUBLISHED
        assert len(server.posts) == 1

    def test_two_deliveries_of_one_text_are_never_one_post(self, desk: Desk, connected, server: FacebookServer):
        first, second = scheduled(desk, connected), scheduled(desk, connected)
        assert sorted(desk.run()) == [State.PUBLISHED, State.REJECTED]
        assert {desk.state(first), desk.state(second)} == {State.PUBLISHED, State.REJECTED}
        assert len(server.posts) == 1


def test_the_end_of_its_permission_is_kept_and_told_a_week_ahead(desk: Desk, connected, server: FacebookServer):
    assert Connection.objects.get().ends_at == server.data_access_ends.replace(microsecond=0)
    for days, told in ((8, 0), (6, 1), (6, 0)):
        server.data_access_ends = clock.now() + timedelta(days=days)
        assert connections.test(desk.cast.actor("hendra"), connected.pk).ready
        assert Connection.objects.get().ends_at == server.data_access_ends.replace(microsecond=0)
        assert telling.tell(SYSTEM) == told
    assert "its sign-in ends on" in Message.objects.get().body
    enter(desk, connected, server)
    server.data_access_ends = clock.now() + timedelta(days=90)
    connections.test(desk.cast.actor("hendra"), connected.pk)
    assert telling.tell(SYSTEM) == 0


class TestVideos:
    """A video through the worker: carried, published, asked about by its number."""

    @pytest.fixture
    def filmed(self, desk: Desk, connected: Account) -> Delivery:
        """A delivery with a video."""
        stored = files.store(SYSTEM, BytesIO(samples.clean(padding=90_000)), "setu.mp4", unit_id=desk.cast.root.pk)
        asset = {"file": stored, "alt": "Mobil lewat di Jalan Setu"}
        return desk.schedule(connected, item=desk.item(text="Dibuka lagi", kinds=["facebook"], assets=[asset]))

    def look(self, delivery: Delivery) -> State | None:
        Delivery.objects.filter(pk=delivery.pk).update(look_at=clock.now())
        return worker.look(reconciling.claim_doubts()[0])

    def test_it_goes_out_once_and_is_taken_back(self, desk: Desk, filmed: Delivery, server: FacebookServer):
        assert desk.run() == [State.PUBLISHED]
        [post] = server.posts
        assert (post.message, server.videos[post.video].content) == ("Dibuka lagi", samples.clean(padding=90_000))
        assert desk.state(filmed) == State.PUBLISHED
        assert filmed.remote_id == post.number
        actions.recall(desk.cast.actor("hendra"), filmed.pk, reason="Keliru")
        worker.take_back(reconciling.claim_recalls()[0])
        assert (desk.state(filmed), server.posts, server.problems) == (State.RECALLED, [], [])

    def test_one_that_takes_long_is_found_by_its_number(self, desk: Desk, filmed: Delivery, server: FacebookServer):
        server.working = 99
        assert desk.run() == [State.UNKNOWN]
        desk.later(filmed, timedelta(hours=2), "settled_at")
        assert self.look(filmed) == State.UNKNOWN
        next(iter(server.videos.values())).left = 0
        assert self.look(filmed) == State.PUBLISHED
        assert len(server.posts) == 1

    def test_absence_counts_only_after_an_hour(
        self, desk: Desk, filmed: Delivery, server: FacebookServer, proxy: Proxy
    ):
        proxy.faults.append(Fault("/videos ", accept=False))
        assert desk.run() == [State.UNKNOWN]
        desk.state(filmed)
        assert timedelta(minutes=55) < filmed.settled_at - clock.now() <= timedelta(hours=1)
        assert self.look(filmed) == State.UNKNOWN
        desk.later(filmed, timedelta(hours=2), "settled_at")
        assert self.look(filmed) == State.READY
        assert desk.run() == [State.PUBLISHED]
        assert len(server.posts) == 1
