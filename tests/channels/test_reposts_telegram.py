"""Reposts on Telegram are forwarded messages; they pass the contract too, against the stub of its Bot API."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.utils import translation

from channels.reposting import RepostBench
from channels.test_contract_telegram import entered, fault_at, picture
from kentongan.channels import registry
from kentongan.channels.contract import (
    Ambiguous,
    Bookmark,
    CredentialsExpired,
    Found,
    Origin,
    Post,
    Published,
    Rejected,
    Unsure,
    origin_of,
)
from kentongan.channels.testing import HttpPublisherContract
from kentongan.core import http
from servers import telegram
from servers.proxy import Fault, between
from servers.telegram import Chat, TelegramServer


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
def mine(server: TelegramServer) -> Chat:
    """The district's public channel, which forwards."""
    return server.channel("KabarKecamatan")


@pytest.fixture
def other(server: TelegramServer) -> Chat:
    """The regency's public channel, whose bot is the same one."""
    return server.channel("KabarUji")


@pytest.fixture
def bench(mine: Chat, other: Chat, server: TelegramServer) -> Iterator[RepostBench]:
    """A channel that forwards what another one posted, each connected through the proxy."""
    channel = registry.get("telegram")
    with between(server.url) as proxy, http.client() as client:
        credentials = channel.connector.connect(entered(proxy, "@KabarKecamatan"), client)

        def count(post: Post) -> int:
            wanted = int(origin_of(post).remote_id.partition(",")[0])
            return sum(one.origin is not None and one.origin[1] == wanted for one in mine.messages)

        yield RepostBench(
            channel,
            credentials,
            client,
            count,
            refused=Post("kunci", "", datetime.now(UTC), origin=Origin("1", "https://t.me/KabarUji/1")),
            fail=lambda failure: proxy.faults.append(fault_at(failure, "/forwardMessage ")),
            expired=replace(credentials, values={**credentials.values, "token": f"{telegram.BOT_ID}:{'x' * 35}"}),
            posting=channel.connector.connect(entered(proxy, "@KabarUji"), client),
            proxy=proxy,
        )


class TestTelegram(HttpPublisherContract):
    """The contract."""


def test_it_says_whose_it_is(bench: RepostBench, mine: Chat, other: Chat):
    post = bench.post("Pasar pindah ke Sukamahi")
    published = bench.publish(post)
    [message] = mine.messages
    assert message.origin == (other, other.messages[0].number)
    assert published.url.endswith(f"/KabarKecamatan/{message.number}")
    assert published.remote_id == str(message.number)


def test_an_album_stays_one_and_is_found_and_taken_back_whole(bench: RepostBench, mine: Chat, other: Chat):
    bench.images = (picture(alt="Satu"), picture(alt="Dua"), picture(alt="Tiga"))
    post = bench.post("Tiga gambar")
    published = bench.publish(post)
    assert isinstance(published, Published)
    assert [one.origin for one in mine.messages] == [(other, one.number) for one in other.messages]
    assert {one.album for one in mine.messages} == {mine.messages[0].number}
    found = bench.find(post)
    assert isinstance(found, Found)
    assert found.remote_id == published.remote_id == ",".join(str(one.number) for one in mine.messages)
    bench.publisher.recall(published.remote_id, bench.credentials, bench.client)
    assert (mine.messages, len(other.messages)) == ([], 3)


def test_of_an_album_that_is_gone_nothing_is_forwarded(bench: RepostBench, mine: Chat, other: Chat):
    bench.images = (picture(), picture())
    post = bench.post("Dua gambar")
    other.messages.clear()
    refused = bench.publish(post)
    assert isinstance(refused, Rejected)
    assert refused.message == "The post that is to be reposted is not there any more."
    assert mine.messages == []


def test_a_lost_answer_of_an_album_is_a_doubt(bench: RepostBench):
    bench.images = (picture(), picture())
    post = bench.post("Dua gambar")
    bench.proxy.faults.append(Fault("/forwardMessages ", accept=True))
    assert isinstance(bench.publish(post), Ambiguous)
    assert isinstance(bench.find(post), Found)


def test_a_private_channel_is_forwarded_by_its_number_and_only_a_person_tells_in_doubt(
    bench: RepostBench, server: TelegramServer, mine: Chat
):
    private = server.channel()
    posting = bench.channel.connector.connect(entered(bench.proxy, str(private.number)), bench.client)
    bench.posting = posting
    post = bench.post("Untuk anggota")
    assert origin_of(post).url.endswith(f"/c/{str(private.number).removeprefix('-100')}/{private.messages[0].number}")
    for seen in (post, replace(post, origin=replace(origin_of(post), response={}))):
        assert isinstance(bench.publish(seen), Published)
    assert [one.origin for one in mine.messages] == [(private, private.messages[0].number)] * 2
    assert isinstance(bench.find(post), Unsure)


def test_a_channel_that_changed_its_name_is_known_by_its_number(bench: RepostBench, other: Chat):
    post = bench.post("Ganti nama")
    other.name = "KabarUjiBaru"
    assert isinstance(bench.publish(post), Published)


@pytest.mark.parametrize("public", [True, False])
def test_a_bot_that_cannot_read_the_other_channel_is_told_so(
    bench: RepostBench, server: TelegramServer, mine: Chat, other: Chat, public: bool
):
    post = bench.post("Tidak terbaca")
    server.reads_public = False
    other.rights, other.name = None, other.name if public else ""
    refused = bench.publish(post)
    assert isinstance(refused, Rejected)
    assert "make it an administrator there too" in refused.message
    assert mine.messages == []


def test_a_public_channel_is_read_without_being_its_administrator(bench: RepostBench, other: Chat):
    post = bench.post("Terbaca")
    other.rights = None
    assert isinstance(bench.publish(post), Published)


def test_a_bot_that_lost_its_own_channel_is_for_the_custodian(bench: RepostBench, mine: Chat):
    post = bench.post("Kehilangan hak")
    mine.rights = set()
    expired = bench.publish(post)
    assert isinstance(expired, CredentialsExpired)
    assert "may not post in this channel" in expired.message


def test_a_channel_that_lets_nobody_forward_says_so(bench: RepostBench, other: Chat):
    post = bench.post("Terkunci")
    other.protected = True
    refused = bench.publish(post)
    assert isinstance(refused, Rejected)
    assert "allow it there" in refused.message


@pytest.mark.parametrize("page", ["https://t.me/KabarUji", "https://contoh.id/a/b/c", "https://t.me/KabarUji/satu"])
def test_an_address_that_leads_nowhere_is_refused_in_words(bench: RepostBench, server: TelegramServer, page: str):
    post = Post("kunci", "", datetime.now(UTC), origin=Origin(page, page))
    refused = bench.publish(post)
    assert isinstance(refused, Rejected)
    assert refused.message == "The address of the post that is to be reposted names no post of Telegram."
    assert isinstance(bench.find(post), Unsure)
    assert server.refused == []


def test_the_address_that_a_person_gave_leads_to_the_post(bench: RepostBench, mine: Chat, other: Chat):
    post = bench.post("Ditemukan orang")
    page = f"https://t.me/kabaruji/{other.messages[0].number}"
    other.name = "kabaruji"
    assert isinstance(bench.publish(replace(post, origin=Origin(page, page))), Published)
    assert mine.messages[0].origin == (other, other.messages[0].number)


def test_what_is_forwarded_is_no_post_of_the_channel_itself(bench: RepostBench, mine: Chat, other: Chat):
    """Not for the finder of posts, and not for when the channel last posted."""
    post = bench.post("Kata orang lain")
    assert isinstance(bench.publish(post), Published)
    own = bench.sought(replace(post, text=other.messages[0].text, origin=None))
    assert isinstance(bench.channel.finder.find(own, bench.credentials, bench.client), Unsure)
    assert bench.channel.posts.newest("KabarKecamatan", bench.client, Bookmark()).at is None
    assert bench.channel.posts.newest("KabarUji", bench.client, Bookmark()).at is not None


def test_an_answer_without_a_message_is_a_doubt(bench: RepostBench):
    for said in (b'{"ok": true, "result": {}}', b'{"ok": true}', b'{"ok": true, "result": [1]}'):
        post = bench.post("Entah")
        bench.proxy.faults.append(Fault("/forwardMessage ", accept=True, status=200, body=said))
        assert isinstance(bench.publish(post), Ambiguous), said
        assert isinstance(bench.find(post), Found), said
