"""An Instagram account through the worker, and the public addresses from which it fetches pictures."""

import io
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import translation

from channels.graph_benches import PNG
from core import samples
from core.pictures import as_jpeg
from kentongan.channels import registry as channels
from kentongan.channels import uploads
from kentongan.channels.graph import containers
from kentongan.core import clock, files, ticks
from kentongan.core.errors import Invalid
from kentongan.core.models import Message, User
from kentongan.core.models.files import StoredFile
from kentongan.core.secrets import sign
from kentongan.planning import media
from kentongan.planning.models import ContentItem, ItemAsset, Rendition
from kentongan.publishing import actions, connections, content, public_media, signing_in, telling, worker
from kentongan.publishing.actions import firing, reconciling
from kentongan.publishing.models import Delivery, RecallTask
from kentongan.publishing.states import State
from kentongan.registry import actions as registry
from kentongan.registry.models import Account, Connection
from named_cast import SYSTEM
from publishing.desk import Desk
from servers import instagram
from servers.graph import APP_ID, APP_SECRET
from servers.instagram import InstagramServer
from servers.proxy import Fault, Proxy, between

PUBLIC = "https://kentongan.contoh.id"
FILM = samples.clean(padding=200_000)


@pytest.fixture(autouse=True)
def _public(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PUBLIC_URL = PUBLIC
    settings.ALLOWED_HOSTS = ["kentongan.contoh.id", "testserver"]
    monkeypatch.setattr(containers, "PAUSES", (0.0,))


def visit(address: str, part: str = "") -> tuple[int, bytes]:
    """Fetch an address, or a part of it, as a stranger does. In a thread of the stub's."""
    headers = {"host": "kentongan.contoh.id", **({"range": part} if part else {})}
    try:
        answer = Client().get(urlsplit(address).path, headers=headers, secure=True)
        return answer.status_code, answer.getvalue()
    finally:
        connection.close()


@pytest.fixture
def server() -> Iterator[InstagramServer]:
    with instagram.serve() as server, translation.override("en"):
        server.redirect, server.fetch = signing_in.redirect(), visit
        yield server


@pytest.fixture
def proxy(server: InstagramServer) -> Iterator[Proxy]:
    with between(server.url) as proxy:
        yield proxy


@pytest.fixture
def account(desk: Desk, proxy: Proxy) -> Account:
    """The account on the list, and the organisation's app; its people read English, so that tests can."""
    User.objects.update(language="en")
    given = {"client_id": APP_ID, "client_secret": APP_SECRET, "service": proxy.url}
    actions.set_app(desk.cast.actor("arif"), "instagram", **given)
    return registry.declare_account(SYSTEM, desk.cast.root.pk, platform="instagram", handle="kabaruji")


def enter(desk: Desk, account: Account, server: InstagramServer) -> Account:
    arif = desk.cast.actor("arif")
    back = server.allow(signing_in.begin(arif, account.pk, "sesi"))
    return signing_in.finish(arif, "sesi", state=back["state"], code=back["code"], error="")


@pytest.fixture
def connected(desk: Desk, account: Account, server: InstagramServer) -> Account:
    return enter(desk, account, server)


def stored(desk: Desk, content: bytes | None = None, name: str = "setu.jpg") -> StoredFile:
    return files.store(SYSTEM, io.BytesIO(content or as_jpeg()), name, unit_id=desk.cast.root.pk)


def pictured(desk: Desk, *pictures: StoredFile, text: str = "Puskesmas buka") -> ContentItem:
    return desk.item(text=text, kinds=["instagram"], pictures=pictures)


def scheduled(desk: Desk, account: Account, *pictures: StoredFile) -> Delivery:
    return desk.schedule(account, item=pictured(desk, *(pictures or (stored(desk),))))


def claimed(desk: Desk, account: Account, *pictures: StoredFile) -> Delivery:
    """Return a delivery that a worker holds."""
    delivery = scheduled(desk, account, *pictures)
    firing.claim_due()
    return Delivery.objects.select_related("account").get(pk=delivery.pk)


class TestPublicAddresses:
    """One file of one delivery, while it is sent."""

    def test_the_file_is_served_as_what_it_is_and_nothing_more(self, desk: Desk, connected: Account):
        delivery = claimed(desk, connected, file := stored(desk))
        address = public_media.address(delivery, file)
        assert address.startswith(f"{PUBLIC}/sebar/media/")
        assert address.endswith(".jpg")
        answer = Client().get(urlsplit(address).path)
        (sent,) = content.post_of(delivery).images
        assert (answer.status_code, answer.getvalue()) == (200, sent.content)
        assert Client().get(urlsplit(sent.url).path).getvalue() == sent.content  # signed anew, perhaps a second later
        assert sent.media_type == "image/jpeg"
        assert b"Telepon" not in sent.content
        assert answer["Content-Type"] == "image/jpeg"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer["Content-Security-Policy"]
        assert "no-store" in answer["Cache-Control"]
        assert answer.cookies == {}
        assert Client().head(urlsplit(address).path).status_code == 200
        assert Client().post(urlsplit(address).path).status_code == 405

    def test_it_ends_with_the_claim(self, desk: Desk, connected: Account):
        delivery = claimed(desk, connected, file := stored(desk))
        path = urlsplit(public_media.address(delivery, file)).path
        Delivery.objects.filter(pk=delivery.pk).update(claimed_until=clock.now())
        assert Client().get(path).status_code == 404
        Delivery.objects.filter(pk=delivery.pk).update(claimed_until=clock.now() + timedelta(minutes=1))
        assert Client().get(path).status_code == 200
        Delivery.objects.filter(pk=delivery.pk).update(claim_token=uuid.uuid4())
        assert Client().get(path).status_code == 404

    def test_it_ends_by_itself(self, desk: Desk, connected: Account, monkeypatch: pytest.MonkeyPatch):
        delivery = claimed(desk, connected, file := stored(desk))
        monkeypatch.setattr(public_media, "LASTS", timedelta(seconds=-1))
        assert Client().get(urlsplit(public_media.address(delivery, file)).path).status_code == 410

    def test_it_ends_with_the_file(self, desk: Desk, connected: Account):
        delivery = claimed(desk, connected, file := stored(desk))
        path = urlsplit(public_media.address(delivery, file)).path
        StoredFile.objects.filter(pk=file.pk).update(erased_at=clock.now())
        assert Client().get(path).status_code == 404

    def test_no_other_file_can_be_had(self, desk: Desk, connected: Account):
        delivery = claimed(desk, connected, file := stored(desk))
        other = stored(desk, PNG, "rahasia.png")
        assert Client().get(urlsplit(public_media.address(delivery, other)).path).status_code == 404
        path = urlsplit(public_media.address(delivery, file)).path
        token, _dot, _suffix = path.rpartition("/")[2].rpartition(".")
        for made_up in (token[:-1], f"x{token}", token[::-1], "a.b", sign("proof", [delivery.pk, "x", file.pk])):
            assert Client().get(reverse("publishing:media", args=[made_up, "jpg"])).status_code == 404
        # Nobody who reads the address can put another number into it.
        head, _colon, signature = token.partition(":")
        forged = sign("x", [delivery.pk, delivery.claim_token.hex, other.pk]).partition(":")[0]
        assert Client().get(reverse("publishing:media", args=[f"{forged}:{signature}", "jpg"])).status_code == 404
        assert head != forged

    @pytest.mark.parametrize("state", [State.READY, State.HELD, State.RECALLED])
    def test_what_is_not_being_sent_has_no_address(self, desk: Desk, connected: Account, state: State):
        delivery = scheduled(desk, connected, file := stored(desk))
        delivery.state = state
        assert public_media.address(delivery, file) == ""

    def test_a_platform_that_fetches_nothing_gets_no_address(self, desk: Desk):
        delivery = desk.schedule(desk.account())
        delivery.claim_token = uuid.uuid4()
        assert public_media.address(delivery, stored(desk)) == ""

    @pytest.mark.parametrize(
        ("url", "public"),
        [
            ("https://kentongan.bekasikab.go.id", True),
            ("https://203.0.114.7", True),
            ("http://kentongan.bekasikab.go.id", False),
            ("https://localhost:8000", False),
            ("https://10.0.0.7", False),
            ("https://[::1]", False),
            ("https://kentongan", False),
            ("https://kentongan.local", False),
            ("", False),
        ],
    )
    def test_which_installations_can_be_fetched_from(self, settings, url: str, public: bool):
        settings.PUBLIC_URL = url
        with translation.override("en"):
            assert (public_media.problem() == "") is public
            assert public or "KENTONGAN_PUBLIC_URL" in public_media.problem()


def reel(desk: Desk, account: Account) -> tuple[Delivery, StoredFile]:
    file = stored(desk, FILM, "setu.mp4")
    asset = {"file": file, "alt": "Mobil lewat di Jalan Setu"}
    return desk.schedule(account, item=desk.item(text="Dibuka lagi", kinds=["instagram"], assets=[asset])), file


class TestReels:
    """A video is fetched from us part by part, for as long as its claim holds."""

    def test_its_parts_are_served_while_it_is_sent(self, desk: Desk, connected: Account):
        delivery, file = reel(desk, connected)
        firing.claim_due()
        claimed = Delivery.objects.select_related("account").get(pk=delivery.pk)
        path = urlsplit(public_media.address(claimed, file)).path
        answer = Client().get(path, headers={"range": "bytes=100-199"})
        assert (answer.status_code, answer.getvalue()) == (206, FILM[100:200])
        assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("video/mp4", "nosniff")
        Delivery.objects.update(claimed_until=clock.now())
        assert Client().get(path, headers={"range": "bytes=100-199"}).status_code == 404

    def test_no_claim_outlasts_an_address_or_grows_with_what_is_fetched(self):
        for channel in channels.every():
            manifest, limits = channel.manifest, channel.manifest.limits
            if manifest.fetches_pictures or manifest.fetches_videos:
                largest = (limits.video_bytes or 0) * limits.videos if manifest.fetches_videos else 0
                assert uploads.longest(manifest, largest) < public_media.LASTS, channel.kind
            if manifest.fetches_videos:
                assert limits.videos_together, channel.kind
                assert uploads.longest(manifest, largest) == uploads.longest(manifest, 1)
                assert not uploads.extra_time(manifest, largest)

    def test_without_a_public_address_it_is_not_scheduled(self, desk: Desk, connected: Account, settings):
        file = stored(desk, FILM, "setu.mp4")
        item = desk.item(text="Dibuka lagi", kinds=["instagram"], assets=[{"file": file, "alt": "Jalan"}])
        settings.PUBLIC_URL = "http://localhost:8000"
        with pytest.raises(Invalid) as refused:
            desk.schedule(connected, item=item)
        assert "pictures and videos itself" in str(refused.value.fields)


class TestWithoutAPublicAddress:
    """What cannot be done is refused before it is tried."""

    def test_nobody_connects_an_account_that_takes_nothing_without_pictures(self, desk, account, server, settings):
        settings.PUBLIC_URL = "http://localhost:8000"
        server.redirect = signing_in.redirect()
        with pytest.raises(Invalid, match="KENTONGAN_PUBLIC_URL"):
            enter(desk, account, server)
        assert not Connection.objects.exists()

    def test_one_that_is_connected_is_not_healthy_and_nothing_is_scheduled(self, desk, connected, settings):
        item = pictured(desk, stored(desk))
        settings.PUBLIC_URL = "http://localhost:8000"
        health = connections.test(desk.cast.actor("hendra"), connected.pk)
        assert not health.ready
        assert Connection.objects.get().healthy is False
        with pytest.raises(Invalid) as refused:
            desk.schedule(connected, item=item)
        assert "Instagram: The platform fetches pictures and videos itself" in refused.value.fields["accounts"][0]
        assert not Delivery.objects.exists()

    def test_what_was_scheduled_before_is_rejected_in_words(self, desk, connected, server, settings):
        delivery = scheduled(desk, connected)
        settings.PUBLIC_URL = "http://localhost:8000"
        assert desk.run() == [State.REJECTED]
        assert "no public address" in Delivery.objects.get(pk=delivery.pk).reason
        assert server.posts == []


class TestBeforeApproval:
    """What Instagram would not take is said while it is written."""

    def problems(self, text: str, *assets: ItemAsset) -> list[str]:
        with translation.override("en"):
            return media.problems([Rendition(kind="instagram", text=text)], assets).get("instagram", [])

    def test_a_text_alone(self):
        assert "publishes nothing without a picture" in self.problems("Hanya teks")[0]

    @pytest.mark.django_db
    def test_more_than_can_be_fetched_while_one_worker_waits(self):
        films = [
            ItemAsset(file=StoredFile(name=f"{number}.mp4", media_type="video/mp4", size=250 * 1024 * 1024))
            for number in range(5)
        ]
        assert not any("together" in one for one in self.problems("Setu", *films[:4]))
        [problem] = [one for one in self.problems("Setu", *films) if "together" in one]
        assert problem.startswith("Instagram fetches videos of up to 1.0")

    @pytest.mark.django_db
    def test_too_many_hashtags(self):
        picture = ItemAsset(file=StoredFile(name="setu.jpg", media_type="image/jpeg", size=10))
        tags = [f"#tagar{number}" for number in range(31)]
        assert self.problems(" ".join(tags[:30]), picture) == []
        assert self.problems(" ".join(tags), picture) == ["Instagram takes at most 30 hashtags; this version has 31."]


@pytest.mark.django_db(transaction=True)
class TestThroughTheWorker:
    """Instagram, once; it fetches the pictures from here."""

    def test_a_carousel_goes_out(self, desk: Desk, connected: Account, server: InstagramServer):
        delivery = scheduled(desk, connected, stored(desk), stored(desk, as_jpeg(seed=8), "dua.jpg"))
        assert desk.run() == [State.PUBLISHED], Delivery.objects.get().reason
        assert [one.text for one in server.posts] == ["Puskesmas buka"]
        assert server.posts[0].alts == ("Gambar 0", "Gambar 1")
        assert len(server.fetched) == 2
        # Once it is out, nobody fetches it again.
        assert [visit(address)[0] for address in server.fetched] == [404, 404]
        assert desk.state(delivery) == State.PUBLISHED
        # Instagram lets nobody delete through its interface: a person is asked to.
        actions.recall(desk.cast.actor("hendra"), delivery.pk, reason="Keliru")
        assert RecallTask.objects.filter(delivery=delivery).exists()
        assert len(server.posts) == 1

    def test_a_reel_that_is_stopped_while_it_is_fetched_waits(self, desk, connected, server, monkeypatch):
        delivery, _file = reel(desk, connected)
        stopped, server.working = [], 2

        def sleep(_seconds: float) -> None:
            if not stopped:
                stopped.append(actions.pause(desk.cast.actor("hendra"), account_id=connected.pk, reason="Gempa"))

        monkeypatch.setattr(containers, "time", SimpleNamespace(sleep=sleep))
        assert desk.run() == [State.READY]
        assert desk.run() == []
        assert (server.posts, len(server.films)) == ([], 1)
        actions.resume(desk.cast.actor("hendra"), stopped[0].pk)
        assert desk.run() == [State.PUBLISHED]
        assert desk.state(delivery) == State.PUBLISHED
        assert (delivery.tries, len(server.posts)) == (0, 1)

    def test_a_lost_answer_is_found_by_looking(self, desk: Desk, connected, server: InstagramServer, proxy: Proxy):
        delivery = scheduled(desk, connected)
        proxy.faults.append(Fault("/media_publish ", accept=True))
        assert desk.run() == [State.UNKNOWN]
        assert worker.look(reconciling.claim_doubts()[0]) == State.PUBLISHED
        assert desk.state(delivery) == State.PUBLISHED
        assert delivery.url.startswith("https://www.instagram.com/p/")
        assert len(server.posts) == 1

    def test_a_400_after_it_was_taken_never_posts_twice(self, desk, connected, server: InstagramServer, proxy: Proxy):
        delivery = scheduled(desk, connected)
        said = b'{"error": {"message": "Media ID is not available", "type": "OAuthException", "code": 9007}}'
        proxy.faults.append(Fault("/media_publish ", accept=True, status=400, body=said))
        assert desk.run() == [State.UNKNOWN]
        assert desk.run() == []
        worker.look(reconciling.claim_doubts()[0])
        assert desk.state(delivery) == State.PUBLISHED
        assert len(server.posts) == 1

    def test_a_container_that_is_never_ready_is_tried_again_with_a_new_address(self, desk, connected, server):
        delivery = scheduled(desk, connected)
        server.ends_as = "EXPIRED"
        assert desk.run() == [State.READY]
        server.ends_as = "FINISHED"
        Delivery.objects.filter(pk=delivery.pk).update(try_at=delivery.due_at)
        assert desk.run() == [State.PUBLISHED]
        first, second = server.fetched
        assert first != second
        assert len(server.posts) == 1

    @pytest.mark.parametrize("why", ["right", "token"])
    def test_a_refusal_never_costs_the_only_token(self, desk, connected, server: InstagramServer, proxy: Proxy, why):
        delivery, before = scheduled(desk, connected), Connection.objects.get().secrets
        if why == "right":
            for token in server.tokens:
                token.scopes.discard("instagram_business_content_publish")
        else:
            said = b'{"error": {"message": "Checkpoint", "type": "OAuthException", "code": 190, "error_subcode": 459}}'
            proxy.faults.append(Fault("/content_publishing_limit", accept=False, status=400, body=said))
        assert desk.run() == [State.HELD]
        stored = Connection.objects.get()
        assert stored.secrets == before
        assert stored.healthy is False
        assert stored.problem == Delivery.objects.get(pk=delivery.pk).reason
        for token in server.tokens:
            token.scopes.add("instagram_business_content_publish")
        assert connections.test(desk.cast.actor("hendra"), connected.pk).ready
        assert desk.run() == [State.PUBLISHED]
        assert len(server.posts) == 1


@pytest.mark.django_db(transaction=True)
class TestReelsThroughTheWorker:
    """In the lane of videos, once."""

    def test_it_goes_out_in_the_lane_of_videos(self, desk: Desk, connected: Account, server: InstagramServer):
        delivery, _file = reel(desk, connected)
        assert ticks.run_once("publishing.videos.1") == 1
        assert desk.state(delivery) == State.PUBLISHED
        [made] = server.posts
        assert (made.kind, server.films, server.problems) == ("REELS", [FILM], [])
        assert server.fetched[0].endswith(".mp4")
        assert visit(server.fetched[0])[0] == 404

    def test_what_breaks_off_is_begun_anew_and_makes_one_post(self, desk, connected, server, proxy: Proxy):
        delivery, _file = reel(desk, connected)
        proxy.faults.append(Fault("/media ", accept=True))
        assert desk.run() == [State.READY]
        Delivery.objects.update(try_at=clock.now())
        assert desk.run() == [State.PUBLISHED]
        assert (len(server.posts), delivery.attempts.count()) == (1, 2)


class TestTellingOfItsEnd:
    """A token of sixty days that nobody renews ends; its keepers are told in the week before."""

    def age(self, server: InstagramServer, days: int) -> None:
        server.age(days)
        stored = Connection.objects.get()
        ends = datetime.fromisoformat(stored.secrets["expires_at"]) - timedelta(days=days)
        registry.renew_secrets(SYSTEM, stored.account_id, secrets={"expires_at": ends.isoformat()})

    def test_from_the_week_before_until_it_is_renewed(self, desk, connected, server: InstagramServer, proxy: Proxy):
        hendra = desk.cast.actor("hendra")
        assert connections.test(hendra, connected.pk).ready
        assert Connection.objects.get().ends_at is None
        proxy.faults.append(Fault("/refresh_access_token", accept=False, status=503, times=2))
        self.age(server, 50)
        assert connections.test(hendra, connected.pk).ready
        stored = Connection.objects.get()
        assert stored.ends_at == datetime.fromisoformat(stored.secrets["expires_at"])
        assert telling.tell(SYSTEM) == 0
        self.age(server, 4)
        assert connections.test(hendra, connected.pk).ready
        assert telling.tell(SYSTEM) == 1
        assert "its sign-in ends on" in Message.objects.get().body
        assert connections.test(hendra, connected.pk).ready  # renewed by now
        assert server.refreshes == 1
        assert Connection.objects.get().ends_at is None
        assert telling.tell(SYSTEM) == 0
