"""Telegram passes the contract against a stub of its Bot API, and never guesses what a bot cannot read."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from django.utils import translation

from channels.benches import fault
from core.samples import video
from kentongan.channels import registry
from kentongan.channels.contract import (
    Ambiguous,
    CredentialsExpired,
    Found,
    Media,
    Post,
    Published,
    Rejected,
    RetryLater,
    Unsure,
)
from kentongan.channels.telegram import preview
from kentongan.channels.testing import DELAY, Bench, Failure, HttpPublisherContract
from kentongan.core import http
from servers import telegram
from servers.proxy import Fault, Proxy, between
from servers.telegram import Chat, Message, TelegramServer

SEND = "POST /bot"
SECRET = telegram.TOKEN.partition(":")[2]
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def limited(**parameters: int) -> bytes:
    said = {"ok": False, "error_code": 429, "description": "Too Many Requests: retry after 37"}
    return json.dumps({**said, "parameters": parameters} if parameters else said).encode()


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def server(settings) -> Iterator[TelegramServer]:
    """The stub, which answers for t.me too."""
    with telegram.serve() as server:
        settings.KENTONGAN_TELEGRAM_URL = server.url
        yield server


@pytest.fixture
def channel(server: TelegramServer) -> Chat:
    """A public channel in which the bot is an administrator."""
    return server.channel("KabarUji")


@pytest.fixture
def proxy(server: TelegramServer) -> Iterator[Proxy]:
    """A fault proxy before the API."""
    with between(server.url) as proxy:
        yield proxy


def entered(proxy: Proxy, handle: str = "@KabarUji", token: str = telegram.TOKEN) -> dict[str, str]:
    return {"handle": handle, "token": token, "service": proxy.url}


def fault_at(failure: Failure, where: str = "/sendMessage ") -> Fault:
    """Return the fault, a rate limit in Telegram's own words: it tells the delay in the body."""
    made = fault(failure, where)
    if failure is Failure.LIMITED_WITH_DELAY:
        return replace(made, body=limited(retry_after=int(DELAY.total_seconds())), headers=())
    return replace(made, body=limited()) if failure is Failure.LIMITED_WITHOUT_DELAY else made


@pytest.fixture
def bench(channel: Chat, proxy: Proxy) -> Iterator[Bench]:
    """A public channel, connected through the proxy."""
    telegram_ = registry.get("telegram")
    with http.client() as client:
        credentials = telegram_.connector.connect(entered(proxy), client)
        yield Bench(
            telegram_,
            credentials,
            client,
            count=lambda post: sum(post.text in one.text for one in channel.messages),
            refused=Post(telegram_.manifest.new_key(), "x" * 4_097, datetime.now(UTC)),
            fail=lambda failure: proxy.faults.append(fault_at(failure)),
            expired=replace(credentials, values={**credentials.values, "token": f"{telegram.BOT_ID}:{'x' * 35}"}),
        )


def picture(width: int = 1, height: int = 1, alt: str = "") -> Media:
    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return Media(PNG[:16] + size + PNG[24:], "image/png", alt)


class TestTelegram(HttpPublisherContract):
    """The contract."""


class TestConnecting:
    """Health is what the bot may do in the channel right now."""

    @pytest.mark.parametrize(
        "pasted", ["@KabarUji", "kabaruji", "https://t.me/s/KabarUji", "t.me/KabarUji/12", "-1002000000000"]
    )
    def test_the_channel_is_read_from_whatever_is_pasted(self, bench: Bench, proxy: Proxy, server, pasted: str):
        server.chats[0].name = "kabaruji" if pasted == "kabaruji" else "KabarUji"
        credentials = bench.channel.connector.connect(entered(proxy, pasted), bench.client)
        assert credentials.handle == server.chats[0].name
        assert credentials.get("chat_id") == "-1002000000000"
        health = bench.channel.connector.health(credentials, bench.client)
        assert (health.ready, health.problem, health.name) == (True, "", "Kabar Kabupaten")
        assert health.url.endswith(f"/{server.chats[0].name}")

    @pytest.mark.parametrize(
        ("handle", "token", "words"),
        [
            ("@KabarUji", "123:pendek", "not the token of a bot"),
            ("@KabarUji", "../../etc/passwd", "not the token of a bot"),
            ("@KabarUji", f"{telegram.BOT_ID}:{'y' * 35}", "@BotFather"),
            ("@TidakAda", telegram.TOKEN, "sees no such channel"),
            ("https://t.me/+AbCdEf", telegram.TOKEN, "private invitation"),
            ("@GrupWarga", telegram.TOKEN, "only channels"),
        ],
    )
    def test_what_is_not_accepted_is_said_in_words(self, bench: Bench, server, proxy: Proxy, handle, token, words):
        server.channel("GrupWarga", kind="supergroup")
        with pytest.raises(Rejected, match=words) as refused:
            bench.channel.connector.connect(entered(proxy, handle, token), bench.client)
        assert SECRET not in repr(refused.value.response)

    def test_a_token_is_never_sent_in_the_clear(self, bench: Bench):
        with pytest.raises(Rejected, match="https://"):
            bench.channel.connector.connect({**entered_at("http://telegram.contoh.id")}, bench.client)

    @pytest.mark.parametrize(
        ("rights", "ready", "words"),
        [
            ({"can_post_messages"}, True, "48 hours"),
            ({"can_delete_messages"}, False, "right to post messages"),
            (set(), False, "not an administrator"),
            (None, False, "not an administrator"),
        ],
    )
    def test_health_says_which_right_is_missing(self, bench: Bench, channel: Chat, rights, ready: bool, words: str):
        channel.rights = rights
        health = bench.channel.connector.health(bench.credentials, bench.client)
        assert health.ready is ready
        assert words in health.problem
        assert "@kabar_uji_bot" in health.problem

    def test_health_tells_a_revoked_token_and_an_outage(self, bench: Bench, server: TelegramServer, proxy: Proxy):
        proxy.faults.append(Fault("/getChat ", accept=False, status=502, body=b"Bad Gateway"))
        assert not bench.channel.connector.health(bench.credentials, bench.client).ready
        server.token = f"{telegram.BOT_ID}:{'z' * 35}"
        health = bench.channel.connector.health(bench.credentials, bench.client)
        assert "Connect the account again" in health.problem

    def test_a_bot_that_lost_its_right_is_for_the_custodian_and_not_the_end_of_the_post(self, bench, channel: Chat):
        for rights in (set(), {"can_delete_messages"}, None):
            channel.rights = rights
            outcome = bench.publish(bench.post("Hak dicabut"))
            assert isinstance(outcome, CredentialsExpired)
            assert "administrator" in outcome.message
        assert channel.messages == []


def entered_at(service: str) -> dict[str, str]:
    return {"handle": "@KabarUji", "token": telegram.TOKEN, "service": service}


class TestWhatGoesOut:
    """Plain text, links with their card, pictures as one post."""

    def test_nothing_of_the_text_is_taken_for_markup(self, bench: Bench, channel: Chat):
        text = "*Penting* _ini_ <b>bukan</b> [markup](https://a.id) `x` 🔔 & #Setu @dewi"
        post = replace(bench.post("x"), text=text)
        published = bench.publish(post)
        assert channel.messages[0].text == text
        assert published.url.endswith(f"/KabarUji/{channel.messages[0].number}")
        assert isinstance(bench.find(post), Found)

    def test_a_link_comes_last_and_has_its_card(self, bench: Bench, channel: Chat):
        post = replace(bench.post("Jadwal"), link="https://bekasikab.go.id/jadwal")
        bench.publish(post)
        (message,) = channel.messages
        assert message.text == f"{post.text}\n\n{post.link}"
        assert message.preview == {"url": post.link}
        assert isinstance(bench.find(post), Found)

    def test_one_picture_is_a_photo_with_the_text_as_its_caption(self, bench: Bench, channel: Chat):
        post = replace(bench.post("Satu gambar"), images=(picture(),))
        published = bench.publish(post)
        assert isinstance(published, Published)
        (message,) = channel.messages
        assert (message.text, len(message.pictures)) == (post.text, 1)
        assert bench.find(post).remote_id == published.remote_id

    def test_several_pictures_are_one_album_found_and_taken_back_whole(self, bench: Bench, channel: Chat):
        post = replace(bench.post("Tiga gambar"), images=(picture(), picture(2, 2), picture(3, 3)))
        published = bench.publish(post)
        assert isinstance(published, Published)
        assert len(published.remote_id.split(",")) == len(channel.messages) == 3
        assert [one.text for one in channel.messages] == [post.text, "", ""]
        assert bench.find(post).remote_id == published.remote_id
        bench.publisher.recall(published.remote_id, bench.credentials, bench.client)
        assert channel.messages == []

    def test_a_video_goes_with_its_text_length_and_shape(self, bench: Bench, channel: Chat, server: TelegramServer):
        post = replace(bench.post("Dengan video"), videos=(video(),), link="https://a.id")
        published = bench.publish(post)
        assert isinstance(published, Published)
        (message,) = channel.messages
        assert message.text == f"{post.text}\n\nhttps://a.id"
        assert message.video.content == video().path.read_bytes()
        assert message.video.media_type == "video/mp4"
        assert server.refused == []
        bench.publisher.recall(published.remote_id, bench.credentials, bench.client)
        assert channel.messages == []

    def test_a_video_whose_answer_is_lost_is_never_taken_for_a_refusal(self, bench: Bench, channel: Chat, proxy):
        for failure in (Failure.CUT_AFTER, Failure.ERROR_500_AFTER):
            proxy.faults.append(replace(fault_at(failure), where="/sendVideo "))
            post = replace(bench.post(f"Video {failure.name}"), videos=(video(),))
            assert isinstance(bench.publish(post), Ambiguous)
            assert bench.count(post) == 1

    @pytest.mark.parametrize(
        ("text", "images", "words"),
        [
            ("x" * 1_025, (picture(),), "1,024 characters"),
            ("😀" * 2_049, (), "4,096 characters"),
            ("Gambar panjang", (picture(2_100, 100),), "10,000 pixels"),
            ("Gambar besar", (picture(9_000, 2_000),), "10,000 pixels"),
            ("Bukan gambar", (Media(b"GIF89a", "image/jpeg"),), "save it as JPEG"),
            ("Terlalu berat", (Media(PNG + b"\0" * (10 << 20), "image/png"),), "10 MB"),
            ("Dua, satu rusak", (picture(), Media(b"x", "image/png")), "save it as JPEG"),
            (" \n ", (), "without a text"),
        ],
    )
    def test_what_telegram_does_not_take_is_said_in_words(self, bench: Bench, channel: Chat, text, images, words):
        outcome = bench.publish(replace(bench.post("x"), text=text, images=images))
        assert isinstance(outcome, Rejected), outcome
        assert words in outcome.message
        assert channel.messages == []

    def test_the_manifest_counts_as_the_stub_does(self, bench: Bench):
        count = bench.channel.manifest.count
        assert count("😀" * 2_048).left == 0
        assert isinstance(bench.publish(replace(bench.post("x"), text="😀" * 2_048)), Published)
        assert isinstance(bench.publish(replace(bench.post("x"), text="y" * 1_024, images=(picture(),))), Published)

    def test_every_request_was_one_that_the_description_knows(self, bench: Bench, server: TelegramServer):
        for images in ((), (picture(),), (picture(), picture())):
            bench.publish(replace(bench.post("Sesuai uraian"), images=images, link="https://a.id"))
        bench.channel.connector.health(bench.credentials, bench.client)
        assert server.refused == []

    def test_a_private_channel_is_published_to_and_its_post_has_an_address_for_members(self, bench, server, proxy):
        chat = server.channel()
        credentials = bench.channel.connector.connect(entered(proxy, str(chat.number)), bench.client)
        assert credentials.handle == str(chat.number)
        assert bench.channel.connector.health(credentials, bench.client).url.endswith("/c/2000000001/1")
        published = bench.publish(bench.post("Hanya anggota"), credentials)
        assert published.url.endswith(f"/c/2000000001/{chat.messages[0].number}")

    @pytest.mark.parametrize("answer", [{"ok": True, "result": []}, {"ok": True, "result": True}, {"ok": True}, {}])
    def test_an_answer_without_a_message_is_a_doubt(self, bench: Bench, proxy: Proxy, answer):
        proxy.edit = lambda real: httpx.Response(200, json=answer)
        assert isinstance(bench.publish(bench.post("Jawaban aneh")), Ambiguous)


class TestLimits:
    """What Telegram says about waiting is in the body."""

    @pytest.mark.parametrize(
        ("said", "after"),
        [
            ({"retry_after": 5}, timedelta(seconds=5)),
            ({"retry_after": 10**12}, timedelta(hours=24)),
            ({"retry_after": "sebentar"}, None),
            ({"retry_after": True}, None),
            ({"retry_after": -3}, None),
        ],
    )
    def test_the_delay_is_kept_and_none_is_made_up(self, bench: Bench, proxy: Proxy, said, after):
        proxy.faults.append(Fault("/sendMessage ", accept=False, status=429, body=limited(**said)))
        outcome = bench.publish(bench.post("Sabar"))
        assert isinstance(outcome, RetryLater)
        assert outcome.after == after


class TestFinding:
    """The preview proves presence, never absence."""

    def test_a_private_channel_is_for_a_person(self, bench: Bench, channel: Chat):
        post = bench.post("Tidak terbaca bot")
        bench.publish(post)
        channel.name = ""
        seen = bench.find(post)
        assert isinstance(seen, Unsure)
        assert "private" in seen.reason

    def test_what_the_preview_does_not_show_is_told_with_where_to_look(self, bench: Bench):
        seen = bench.find(bench.post("Tidak tampak"))
        assert isinstance(seen, Unsure)
        assert "/KabarUji" in seen.reason

    def test_an_older_post_of_the_same_text_is_another_one(self, bench: Bench, channel: Chat):
        post = bench.post("Setiap Senin")
        channel.messages.append(Message(1, datetime.now(UTC) - timedelta(days=7), post.text))
        assert isinstance(bench.find(post), Unsure)
        bench.publish(post)
        assert bench.find(post).remote_id != "1"

    def test_a_post_is_found_below_many_newer_ones(self, bench: Bench, channel: Chat, server: TelegramServer):
        post = bench.post("Tertimbun")
        published = bench.publish(post)
        for number in range(47):
            channel.messages.append(Message(next(server.numbers), datetime.now(UTC), f"Kabar {number}"))
        found = bench.find(post)
        assert isinstance(found, Found)
        assert found.remote_id == published.remote_id

    def test_a_text_that_only_begins_alike_is_not_ours(self, bench: Bench, channel: Chat, server: TelegramServer):
        post = bench.post("Sama awalnya")
        channel.messages.append(Message(next(server.numbers), datetime.now(UTC), f"{post.text} dan lain"))
        assert isinstance(bench.find(post), Unsure)

    @pytest.mark.parametrize("where", ["/getChat ", "GET /s/"])
    def test_trouble_on_the_way_is_unsure(self, bench: Bench, proxy: Proxy, settings, where: str):
        settings.KENTONGAN_TELEGRAM_URL = proxy.url
        proxy.faults.append(Fault(where, accept=False))
        assert isinstance(bench.find(bench.post("Putus")), Unsure)


class TestRecall:
    """Telegram lets a bot delete for 48 hours."""

    def test_what_is_too_old_is_said_plainly(self, bench: Bench, channel: Chat):
        published = bench.publish(bench.post("Lama"))
        channel.messages[0].date -= timedelta(hours=49)
        with pytest.raises(Rejected, match="48 hours"):
            bench.publisher.recall(published.remote_id, bench.credentials, bench.client)
        assert len(channel.messages) == 1
        until = bench.channel.manifest.recall_until(datetime(2026, 11, 1, tzinfo=UTC))
        assert until == datetime(2026, 11, 3, tzinfo=UTC)

    def test_an_album_half_deleted_by_hand_is_deleted_whole(self, bench: Bench, channel: Chat):
        published = bench.publish(replace(bench.post("Album"), images=(picture(), picture())))
        del channel.messages[0]
        bench.publisher.recall(published.remote_id, bench.credentials, bench.client)
        assert channel.messages == []

    def test_a_post_known_by_the_address_that_a_person_gave_is_deleted_too(self, bench: Bench, channel: Chat):
        bench.publish(bench.post("Ditemukan orang"))
        address = f"https://t.me/KabarUji/{channel.messages[0].number}/"
        bench.publisher.recall(address, bench.credentials, bench.client)
        assert channel.messages == []
        with pytest.raises(Rejected, match="yourself"):
            bench.publisher.recall("https://t.me/KabarUji/x", bench.credentials, bench.client)


class TestTheToken:
    """It is a part of every address, and nobody may read it anywhere."""

    @pytest.mark.parametrize(
        "made",
        [
            Fault(SEND, accept=False, status=404, body=f"<h1>/bot{telegram.TOKEN}/sendMessage not found</h1>".encode()),
            Fault(SEND, accept=False, status=502, body=f"upstream /bot123%3A{SECRET}/sendMessage".encode()),
            Fault(SEND, accept=False, status=400, body=json.dumps({"ok": False, "description": SECRET}).encode()),
            Fault(SEND, accept=False, status=200, body=json.dumps({"ok": False, "url": telegram.TOKEN}).encode()),
            Fault(SEND, accept=False),
        ],
    )
    def test_no_outcome_holds_it(self, bench: Bench, proxy: Proxy, made: Fault, caplog: pytest.LogCaptureFixture):
        proxy.faults.append(made)
        with caplog.at_level(logging.DEBUG):
            logging.getLogger("httpx").setLevel(logging.WARNING)
            outcome = bench.publish(bench.post("Rahasia"))
        assert not isinstance(outcome, Published)
        told = [str(outcome), outcome.message, repr(outcome.args), repr(outcome.response), repr(outcome.__cause__)]
        assert SECRET not in "".join([*told, caplog.text])

    def test_a_success_does_not_hold_it_either(self, bench: Bench):
        published = bench.publish(bench.post("Beres"))
        assert SECRET not in repr(published)
        assert SECRET not in repr(bench.credentials)


@pytest.mark.parametrize("page", ["", "<div data-post='KabarUji/x'>", "<div data-post='KabarUji/7'><div></div></div>"])
def test_pages_that_are_no_preview_show_no_text(page: str):
    with httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200, html=page))) as client:
        shown = preview.read(client, "kabaruji")
    assert not shown.shown
    assert [one.text for one in shown.messages] in ([], [""])
