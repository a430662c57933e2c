"""Reposts pass the contract too: once, found again after every doubt, taken back without touching the post itself."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from channels.benches import fault
from channels.reposting import RepostBench
from kentongan.channels import registry
from kentongan.channels.contract import (
    Credentials,
    Found,
    Origin,
    Post,
    Published,
    Rejected,
    RetryLater,
    Sought,
    Unsure,
    origin_of,
)
from kentongan.channels.testing import HttpPublisherContract
from kentongan.core import http
from servers.mastodon import MastodonServer
from servers.pds import Pds
from servers.proxy import between

NOWHERE = Origin(
    "at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/app.bsky.feed.post/3kaaaaaaaaa2a", "", response={"cid": "bukan"}
)


def _entered(server: str, account: dict[str, str]) -> dict[str, str]:
    return {"service": server, "handle": "@" + account["handle"], "app_password": account["app_password"]}


class TestBluesky(HttpPublisherContract):
    """A real personal data server, through the fault proxy."""

    @pytest.fixture
    def bench(self, pds: Pds) -> Iterator[RepostBench]:
        channel, mine, other = registry.get("bluesky"), pds.account(), pds.account()
        with between(pds.url) as proxy, http.client() as client:
            credentials = channel.connector.connect(_entered(proxy.url, mine), client)

            def count(post: Post) -> int:
                listed = pds.call("com.atproto.repo.listRecords", repo=mine["did"], collection="app.bsky.feed.repost")
                return sum(
                    record["value"]["subject"]["uri"] == origin_of(post).remote_id for record in listed["records"]
                )

            yield RepostBench(
                channel,
                credentials,
                client,
                count,
                refused=Post(channel.manifest.new_key(), "", datetime.now(UTC), origin=NOWHERE),
                fail=lambda failure: proxy.faults.append(fault(failure, "com.atproto.repo.createRecord")),
                expired=replace(credentials, values={**credentials.values, "access": "stale"}),
                posting=channel.connector.connect(_entered(pds.url, other), client),
            )

    def test_the_post_is_asked_for_its_digest_where_its_answer_named_none(self, bench: RepostBench):
        post = bench.post("Tanpa sidik")
        blind = replace(post, origin=replace(origin_of(post), response={}))
        assert isinstance(bench.publish(blind), Published)
        assert bench.count(post) == 1

    def test_the_address_that_a_person_gave_leads_to_the_post(self, bench: RepostBench, pds: Pds):
        post = bench.post("Ditemukan orang")
        origin, rkey = origin_of(post), origin_of(post).remote_id.rpartition("/")[2]
        told = pds.call("com.atproto.repo.describeRepo", repo=bench.posting.get("did"))["handle"]
        for who in (told, bench.posting.get("did")):
            page = f"https://bsky.app/profile/{who}/post/{rkey}"
            seen = replace(post, key=bench.channel.manifest.new_key(), origin=replace(origin, remote_id=page, url=page))
            seen = replace(seen, origin=replace(seen.origin, response={}))
            assert isinstance(bench.publish(seen), Published)
            found = bench.finder.find(Sought(seen, datetime.now(UTC)), bench.credentials, bench.client)
            assert isinstance(found, Found)
        assert bench.count(post) == 1, "the server keeps one of an account and a post"

    @pytest.mark.parametrize(
        "page",
        [
            "https://bsky.app/profile/kabar1.test",
            "https://contoh.id/berita/1",
            "https://bsky.app/profile/x.invalid/post/3k",
        ],
    )
    def test_an_address_that_leads_nowhere_is_refused_in_words(self, bench: RepostBench, page: str):
        post = Post(
            bench.channel.manifest.new_key(), "", datetime.now(UTC), origin=Origin(page, page, bench.posting.service)
        )
        refused = bench.publish(post)
        assert isinstance(refused, Rejected)
        assert refused.message
        sought = Sought(post, datetime.now(UTC))
        assert isinstance(bench.finder.find(sought, bench.credentials, bench.client), Unsure)

    def test_what_only_its_address_is_known_of_is_not_said_to_be_deleted(self, bench: RepostBench):
        with pytest.raises(Rejected):
            bench.publisher.recall("https://bsky.app/profile/kabar1.test/post/3k", bench.credentials, bench.client)

    def test_a_post_that_is_gone_is_not_reposted(self, bench: RepostBench):
        post = bench.post("Sudah dihapus")
        bench.channel.publisher.recall(origin_of(post).remote_id, bench.posting, bench.client)
        blind = replace(post, origin=replace(origin_of(post), response={}))
        assert isinstance(bench.publish(blind), Rejected)

    def test_taking_it_back_leaves_the_post(self, bench: RepostBench, pds: Pds):
        post = bench.post("Tetap ada")
        published = bench.publish(post)
        bench.publisher.recall(published.remote_id, bench.credentials, bench.client)
        assert bench.count(post) == 0
        uri = origin_of(post).remote_id
        assert uri in {record["uri"] for record in pds.posts(bench.posting.get("did"))}


class TestMastodon(HttpPublisherContract):
    """A stateful server, through the fault proxy."""

    @pytest.fixture
    def bench(self, mastodon_server: MastodonServer) -> Iterator[RepostBench]:
        channel = registry.get("mastodon")
        with between(mastodon_server.url) as proxy, http.client() as client:
            entered = {"service": proxy.url, "access_token": mastodon_server.token}
            credentials = channel.connector.connect(entered, client)

            def count(post: Post) -> int:
                wanted = origin_of(post).remote_id
                rows = mastodon_server.statuses()
                return sum(bool(row["reblog"]) and row["reblog"]["id"] == wanted for row in rows)

            yield RepostBench(
                channel,
                credentials,
                client,
                count,
                refused=Post("kunci", "", datetime.now(UTC), origin=Origin("1", "", proxy.url)),
                fail=lambda failure: proxy.faults.append(fault(failure, "/reblog")),
                expired=replace(credentials, values={**credentials.values, "access_token": "withdrawn"}),
                posting=credentials,
            )


@pytest.fixture
def answers() -> Iterator[tuple[httpx.Client, Callable[[dict[str, object]], None], list[httpx.Request]]]:
    """A server whose search tests write, and what it was asked."""
    asked: list[httpx.Request] = []
    said: dict[str, object] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.url.path == "/api/v2/search":
            return httpx.Response(200, json=said)
        return httpx.Response(200, json={"id": "77", "reblog": {"id": request.url.path.split("/")[-2]}})

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        yield client, said.update, asked


class TestMastodonOfTwoServers:
    """The two accounts live on different servers: a status has another number on each."""

    ORIGIN = Origin("5", "https://satu.id/@kabar/5", "https://satu.id")
    POST = Post("kunci", "", datetime.now(UTC), origin=ORIGIN)
    MINE = Credentials("desa@dua.id", "https://dua.id", {"access_token": "rahasia", "account_id": "9"})

    def test_the_status_is_looked_up_by_its_address(self, answers):
        client, say, asked = answers
        say({"statuses": [{"id": "1", "url": "https://lain.id/1"}, {"id": "42", "url": self.ORIGIN.url}]})
        published = registry.get("mastodon").reposter.publish(self.POST, self.MINE, client)
        assert (published.remote_id, published.url) == ("77", self.ORIGIN.url)
        assert dict(asked[0].url.params) == {"q": self.ORIGIN.url, "type": "statuses", "resolve": "true", "limit": "1"}
        assert asked[1].url.path == "/api/v1/statuses/42/reblog"

    @pytest.mark.parametrize("said", [{}, {"statuses": []}, {"statuses": [{"id": "1", "url": "https://lain.id/1"}]}])
    def test_a_server_that_does_not_know_it_yet_is_asked_later(self, answers, said):
        client, say, asked = answers
        say(said)
        with pytest.raises(RetryLater) as later:
            registry.get("mastodon").reposter.publish(self.POST, self.MINE, client)
        assert len(asked) == 1
        assert later.value.after, "it answered, so it does not count as silent"

    def test_a_status_of_which_a_person_gave_the_address_is_looked_up_on_its_own_server_too(self, answers):
        client, say, asked = answers
        say({"statuses": [{"id": "5", "url": self.ORIGIN.url}]})
        post = replace(self.POST, origin=replace(self.ORIGIN, remote_id=self.ORIGIN.url))
        registry.get("mastodon").reposter.publish(post, replace(self.MINE, service=self.ORIGIN.service), client)
        assert [request.url.path for request in asked] == ["/api/v2/search", "/api/v1/statuses/5/reblog"]

    def test_what_only_its_address_is_known_of_is_not_said_to_be_deleted(self, answers):
        client, _say, asked = answers
        for recalls in (registry.get("mastodon").publisher, registry.get("mastodon").reposter):
            with pytest.raises(Rejected):
                recalls.recall(self.ORIGIN.url, self.MINE, client)
        assert not asked


def test_what_cannot_repost_says_so_by_having_no_reposter():
    able = {channel.kind for channel in registry.every() if channel.reposter is not None}
    assert able == {"bluesky", "mastodon", "telegram", "threads", "x"}
    assert not able & {"newsroom", "facebook", "instagram", "youtube", "tiktok", "wordpress"}


def test_the_digest_names_what_is_reposted():
    first = Post("kunci", "", datetime(2026, 11, 27, tzinfo=UTC), origin=Origin("1", ""))
    assert first.digest() != replace(first, origin=Origin("2", "")).digest()
    assert first.digest() == replace(first, origin=Origin("1", "lain", "lain", {"cid": "x"})).digest()
    assert first.digest() != replace(first, origin=None).digest()
