"""Videos of a Facebook Page pass the contract: carried there first, then published, then asked about."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import translation

from channels.benches import signed_in
from channels.graph_benches import error, fault_of
from channels.videos import KILOBYTE, VideoBench, video, with_video
from kentongan.channels.contract import (
    Absent,
    Ambiguous,
    App,
    CredentialsExpired,
    Found,
    Post,
    Published,
    Rejected,
    RetryLater,
    StillWorking,
    Unsure,
)
from kentongan.channels.testing import HttpPublisherContract
from kentongan.core import clock
from servers import facebook
from servers.facebook import FacebookServer
from servers.graph import APP_ID, APP_SECRET
from servers.proxy import Fault, Proxy

CREATE, BEGIN, SEND, LOOK = "/videos ", "/uploads ", "POST /v25.0/upload:", "fields=status"


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def server() -> Iterator[FacebookServer]:
    """The stub."""
    with facebook.serve() as server:
        yield server


@pytest.fixture
def bench(server: FacebookServer, proxy: Proxy, tmp_path: Path) -> Iterator[VideoBench]:
    """A Page, signed in for through the proxy, and a video."""
    with signed_in(
        "facebook",
        server,
        App(APP_ID, APP_SECRET, proxy.url),
        handle="kabaruji",
        count=lambda post: sum(post.text in one.message for one in server.posts),
        refused=Post("kunci", "x" * 63_207, datetime.now(UTC)),
        fail=lambda failure: proxy.faults.append(fault_of(failure, CREATE)),
    ) as bench:
        server.wants_proof = True  # while a person signs in, nothing is proven yet
        values = {"access": "sudah-lewat", "user_id": bench.credentials.get("user_id")}  # the person's is over as well
        bench.expired = replace(bench.credentials, values=values)
        yield with_video(bench, video(tmp_path, 300 * KILOBYTE))


class TestFacebookVideo(HttpPublisherContract):
    """The contract; of videos Facebook refuses no repetition, as the manifest says."""


class TestTheUpload:
    """The Resumable Upload API: what breaks off before the post has published nothing."""

    def test_the_file_goes_as_it_is_with_text_and_link_below(self, bench: VideoBench, server: FacebookServer):
        link = "https://kentongan.contoh.id/kabar/1/"
        post = replace(bench.post("Jalan Setu ditambal"), link=link)
        published = bench.publish(post)
        assert isinstance(published, Published), published
        [made], [(number, film)] = server.posts, server.videos.items()
        assert (made.message, film.content) == (f"{post.text}\n\n{link}", bench.video.path.read_bytes())
        assert published.remote_id == made.number
        assert published.url == f"https://www.facebook.com/KabarUji/videos/{number}/"
        assert bench.find(post).remote_id == published.remote_id
        assert server.problems == []

    @pytest.mark.parametrize("takes", [0, 100_000, 300 * KILOBYTE])
    def test_it_goes_on_where_it_broke(self, bench: VideoBench, server: FacebookServer, proxy: Proxy, takes: int):
        server.takes = takes
        assert isinstance(bench.publish(bench.post("Terputus")), Published)
        [film] = server.videos.values()
        assert film.content == bench.video.path.read_bytes()
        assert sum(BEGIN in line for line in proxy.seen) == (2 if takes == 300 * KILOBYTE else 1)
        assert server.problems == []

    @pytest.mark.parametrize("where", [BEGIN, SEND])
    @pytest.mark.parametrize(
        "made", [{"accept": False}, {"accept": True, "status": 500}, {"accept": False, "status": 429}]
    )
    def test_what_breaks_off_before_the_post_has_published_nothing(self, bench, server, proxy: Proxy, where, made):
        body = error(4, "Application request limit reached") if made.get("status") == 429 else b"<html>"
        proxy.faults.append(Fault(where, times=9, body=body, **made))
        post = bench.post("Putus")
        assert isinstance(bench.publish(post), RetryLater)
        assert (server.posts, server.videos) == ([], {})
        proxy.faults.clear()
        assert isinstance(bench.publish(post), Published)
        assert bench.count(post) == 1

    def test_what_takes_too_long_is_given_up_before_the_post(self, bench, server, proxy: Proxy, monkeypatch):
        late = clock.now() + timedelta(hours=1)
        proxy.edit = lambda real: monkeypatch.setattr(clock, "now", lambda: late) or real
        outcome = bench.publish(bench.post("Terlalu lama"))
        assert isinstance(outcome, RetryLater)
        assert "too long" in outcome.message
        assert server.videos == {}

    def test_a_sign_in_whose_person_is_over_goes_on_with_the_page(self, bench: VideoBench, server: FacebookServer):
        values = {**bench.credentials.values, "person": "sudah-lewat"}
        assert isinstance(bench.publish(bench.post("Sendiri"), replace(bench.credentials, values=values)), Published)
        server.takes_page_tokens = False
        outcome = bench.publish(bench.post("Berdua"), replace(bench.credentials, values=values))
        assert isinstance(outcome, CredentialsExpired)
        assert isinstance(bench.publish(bench.post("Orangnya")), Published)

    @pytest.mark.parametrize("said", [{}, {"id": None}, {"id": "../me"}, {"id": "upload:a/../../me"}])
    def test_a_session_that_is_none_is_begun_again_later(self, bench, server, proxy: Proxy, said):
        proxy.faults.append(Fault(BEGIN, accept=False, status=200, body=json.dumps(said).encode()))
        assert isinstance(bench.publish(bench.post("Tanpa sesi")), RetryLater)
        assert server.videos == {}

    def test_no_token_is_kept_of_an_answer(self, bench: VideoBench, proxy: Proxy):
        token = bench.credentials.get("person")
        proxy.faults.append(Fault(SEND, accept=False, status=400, body=error(100, f"Bad token {token}")))
        outcome = bench.publish(bench.post("Rahasia"))
        assert isinstance(outcome, Rejected)
        assert token not in f"{outcome}{outcome.response}"

    @pytest.mark.parametrize("subcode", [1_363_019, 1_363_030])
    def test_an_upload_that_timed_out_is_tried_again(self, bench: VideoBench, proxy: Proxy, subcode: int):
        body = error(6_000, "There was a problem uploading your video", error_subcode=subcode)
        proxy.faults.append(Fault(SEND, accept=False, status=400, body=body, times=9))
        assert isinstance(bench.publish(bench.post("Lambat")), RetryLater)


class TestAfterwards:
    """The answer names the video, so Facebook itself says what became of it."""

    def test_its_number_is_told_at_once_and_it_is_not_waited_for(self, bench, server: FacebookServer, proxy: Proxy):
        """While a worker waits, nobody but itself knows the number, and it may be killed."""
        server.working = 5
        outcome = bench.publish(bench.post("Sebentar"))
        assert isinstance(outcome, StillWorking)
        assert [outcome.response["receipt"]] == list(server.videos)
        assert sum(LOOK in line for line in proxy.seen) == 1

    def test_one_that_facebook_cannot_use_is_a_refusal_in_its_words(self, bench: VideoBench, server: FacebookServer):
        server.fails_with = "The video file has no video track"
        outcome = bench.publish(bench.post("Rusak"))
        assert isinstance(outcome, Rejected)
        assert "no video track" in outcome.message
        assert server.posts == []

    def test_what_takes_longer_is_in_doubt_and_found_by_its_number(self, bench: VideoBench, server: FacebookServer):
        server.working, post = 99, bench.post("Lama")
        outcome = bench.publish(post)
        assert isinstance(outcome, Ambiguous)
        [(number, film)] = server.videos.items()
        assert outcome.response["receipt"] == number
        seen = bench.find(post, receipts=(number,))
        assert isinstance(seen, Unsure)
        assert "still working" in seen.reason
        film.left = 0
        found = bench.find(post, receipts=(number,))
        assert isinstance(found, Found)
        assert found.remote_id == server.posts[0].number

    def test_one_that_fails_in_the_end_is_absent_only_where_it_was_the_last(self, bench, server: FacebookServer):
        server.working, server.fails_with, post = 30, "Broken", bench.post("Gagal")
        number = bench.publish(post).response["receipt"]
        server.videos[number].left = 0
        assert isinstance(bench.find(post, receipts=(number,)), Absent)
        later = {"receipts": (number,), "last_receipt": ""}
        assert isinstance(bench.find(post, **later), Absent)  # by the list, which has none of that text
        server.working, server.fails_with = 0, ""
        second = bench.publish(post)
        assert bench.find(post, **later).remote_id == second.remote_id

    def test_where_nobody_can_be_asked_it_stays_in_doubt(self, bench: VideoBench, server, proxy: Proxy):
        proxy.faults.append(Fault(LOOK, accept=False, status=503, times=9))
        post = bench.post("Tidak tahu")
        outcome = bench.publish(post)
        assert isinstance(outcome, Ambiguous)
        assert len(server.posts) == 1
        assert isinstance(bench.find(post, receipts=(outcome.response["receipt"],)), Unsure)

    def test_a_video_is_taken_back_by_its_own_number_where_no_post_is_told(self, bench: VideoBench, server):
        server.tells_post = False
        published = bench.publish(bench.post("Tanpa nomor"))
        assert published.remote_id in server.videos
        for _time in range(2):
            bench.publisher.recall(published.remote_id, bench.credentials, bench.client)
        assert (server.posts, server.videos) == ([], {})

    @pytest.mark.parametrize(
        "address",
        [
            "KabarUji/videos/{}",
            "KabarUji/videos/{}/?mibextid=x",
            "KabarUji/videos/judul-video/{}/",
            "reel/{}",
            "watch/?v={}",
        ],
    )
    def test_a_video_is_taken_back_by_the_address_that_a_person_gave(self, bench: VideoBench, server, address: str):
        bench.publish(bench.post("Dicari orang"))
        [number] = server.videos
        bench.publisher.recall(f"https://www.facebook.com/{address.format(number)}", bench.credentials, bench.client)
        assert (server.posts, server.videos) == ([], {})

    @pytest.mark.parametrize("address", ["KabarUji/videos/999", "KabarUji/posts/999", "reel/999/"])
    def test_an_address_that_tells_another_number_is_not_taken_for_deleted(self, bench: VideoBench, server, address):
        bench.publish(bench.post("Masih ada"))
        with pytest.raises(Rejected, match="delete it there"):
            bench.publisher.recall(f"https://www.facebook.com/{address}", bench.credentials, bench.client)
        assert len(server.videos) == 1

    def test_a_video_settles_later_than_a_text(self, bench: VideoBench):
        manifest = bench.channel.manifest
        assert manifest.settles(video=True) == timedelta(hours=1) > manifest.settles(video=False)
