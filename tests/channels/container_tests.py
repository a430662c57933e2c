"""What holds for Instagram and Threads alike: tokens of sixty days, containers, and finding a post again.

Each platform's tests subclass these and say what its paths are called.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from channels.graph_benches import MP4, error, film, picture
from kentongan.channels import oauth, uploads
from kentongan.channels.contract import (
    Absent,
    Ambiguous,
    Credentials,
    CredentialsExpired,
    Found,
    Published,
    Rejected,
    RetryLater,
    Unsure,
)
from kentongan.channels.graph import containers, patience
from kentongan.channels.testing import Bench
from servers.containers import ContainerServer, Made
from servers.proxy import Fault, Proxy


class StayingSignedIn:
    """A token of sixty days is renewed once half of its time is over."""

    def aged(self, bench: Bench, server: ContainerServer, days: int) -> Credentials:
        server.age(days)
        ends = datetime.fromisoformat(bench.credentials.get("expires_at")) - timedelta(days=days)
        return replace(bench.credentials, values={**bench.credentials.values, "expires_at": ends.isoformat()})

    def test_nothing_is_asked_in_the_first_half(self, bench: Bench, server: ContainerServer):
        young = self.aged(bench, server, 29)
        assert bench.channel.sign_in.lasts(young)
        assert bench.channel.connector.refresh(young, bench.client) is young
        assert server.refreshes == 0

    def test_in_the_second_half_it_is_renewed(self, bench: Bench, server: ContainerServer):
        old = self.aged(bench, server, 31)
        assert not bench.channel.sign_in.lasts(old)
        renewed = bench.channel.connector.refresh(old, bench.client)
        assert bench.channel.sign_in.lasts(renewed)
        assert renewed.get("access") not in {"", old.get("access")}
        assert renewed.get("user_id") == server.user_id
        assert server.refreshes == 1

    @pytest.mark.parametrize("made", [{"accept": False}, {"accept": False, "status": 503}])
    def test_one_that_cannot_be_renewed_just_now_is_used_as_long_as_it_is_good(self, bench, server, proxy, made):
        old = self.aged(bench, server, 40)
        proxy.faults.append(Fault("/refresh_access_token", **made))
        assert bench.channel.connector.refresh(old, bench.client) is old
        assert isinstance(bench.publish(bench.post("Masih"), old), Published)

    @pytest.mark.parametrize("code", [10, 100, 200])
    def test_one_that_may_not_be_renewed_is_used_as_long_as_it_is_good(self, bench, server, proxy: Proxy, code: int):
        old = self.aged(bench, server, 54)
        proxy.faults.append(Fault("/refresh_access_token", accept=False, status=400, body=error(code)))
        assert bench.channel.connector.refresh(old, bench.client) is old
        assert isinstance(bench.publish(bench.post("Masih"), old), Published)

    def test_its_end_is_told_once_it_should_have_been_renewed(self, bench: Bench, server: ContainerServer):
        connector, old = bench.channel.connector, self.aged(bench, server, 31)
        assert connector.health(bench.credentials, bench.client).ends_at is None
        told = connector.health(old, bench.client).ends_at
        assert told == datetime.fromisoformat(old.get("expires_at"))
        assert connector.health(connector.refresh(old, bench.client), bench.client).ends_at is None

    def test_one_that_is_over_is_for_the_custodian(self, bench: Bench, server: ContainerServer):
        over = self.aged(bench, server, 61)
        with pytest.raises(CredentialsExpired, match="Sign in again"):
            bench.channel.connector.refresh(over, bench.client)

    def test_permission_taken_away_is_for_the_custodian(self, bench: Bench, server: ContainerServer):
        old = self.aged(bench, server, 31)
        server.revoke()
        with pytest.raises(CredentialsExpired):
            bench.channel.connector.refresh(old, bench.client)
        assert isinstance(bench.publish(bench.post("Dicabut")), CredentialsExpired)

    def test_an_answer_without_a_token_changes_nothing(self, bench: Bench, server: ContainerServer, proxy: Proxy):
        old = self.aged(bench, server, 31)
        said = json.dumps({"access_token": "", "expires_in": 5_184_000}).encode()
        proxy.faults.append(Fault("/refresh_access_token", accept=False, status=200, body=said))
        assert bench.channel.connector.refresh(old, bench.client) is old
        assert oauth.lasts(old)


class InContainers:
    """Nothing is published before the second step; what the container says decides."""

    make: str
    publish: str
    quota: str
    state: str
    profile: str

    def test_it_is_waited_for(self, bench: Bench, server: ContainerServer):
        server.working = 7
        assert isinstance(bench.publish(bench.post("Sebentar")), Published)
        assert server.problems == []

    def test_one_that_takes_too_long_is_tried_again_later(self, bench: Bench, server, monkeypatch):
        monkeypatch.setattr(patience, "RESERVE", bench.channel.manifest.attempt - timedelta(seconds=0.5))
        monkeypatch.setattr(containers, "PAUSES", (0.1,))
        server.working = 10**6
        outcome = bench.publish(bench.post("Lama sekali"))
        assert (type(outcome), outcome.after) == (RetryLater, timedelta(minutes=1))
        assert server.posts == []

    def test_what_would_outlast_the_claim_is_not_published(self, bench: Bench, server, proxy, shown, monkeypatch):
        attempt = bench.channel.manifest.attempt.total_seconds()
        # A claim lasts as long as an attempt may: the second step itself has to be through before that.
        monkeypatch.setattr(patience, "clock", lambda: (attempt - 45) * len(server.containers))
        outcome = bench.publish(replace(bench.post("Terlambat"), images=(picture(shown),)))
        assert (type(outcome), outcome.after) == (RetryLater, timedelta(minutes=1))
        assert not any(self.publish in line for line in proxy.seen)
        assert server.posts == []

    def test_pictures_that_take_too_long_to_fetch_are_tried_again_later(self, bench, server, shown, monkeypatch):
        attempt = bench.channel.manifest.attempt.total_seconds()
        monkeypatch.setattr(patience, "clock", lambda: attempt / 3 * len(server.containers))
        images = tuple(picture(shown) for _number in range(10))
        assert isinstance(bench.publish(replace(bench.post("Lambat"), images=images)), RetryLater)
        assert (server.posts, len(server.containers)) == ([], 3)

    @pytest.mark.parametrize(
        ("ends_as", "why", "kind"),
        [
            ("ERROR", "Error: 2207009 aspect ratio", Rejected),
            ("ERROR", "Error: 2207003 timeout", RetryLater),
            ("ERROR", "", RetryLater),
            ("EXPIRED", "", RetryLater),
            ("PUBLISHED", "", Ambiguous),
            ("", "", RetryLater),
        ],
    )
    def test_the_states_of_a_container(self, bench: Bench, server: ContainerServer, ends_as: str, why: str, kind):
        server.ends_as, server.why = ends_as, why
        assert type(bench.publish(bench.post("Keadaan"))) is kind
        assert server.posts == []

    @pytest.mark.parametrize("where", ["quota", "make", "state"])
    @pytest.mark.parametrize("made", [{"accept": True}, {"accept": False}, {"accept": True, "status": 500}])
    def test_what_breaks_off_before_the_second_step_has_published_nothing(self, bench, server, proxy, where, made):
        proxy.faults.append(Fault(getattr(self, where), **made))
        assert isinstance(bench.publish(bench.post("Putus")), RetryLater)
        assert server.posts == []

    def test_a_400_in_its_own_words_after_it_took_the_post_is_a_doubt_and_found(self, bench, server, proxy: Proxy):
        post = bench.post("Diterima lalu ditolak")
        body = error(100, "Invalid parameter")
        proxy.faults.append(Fault(self.publish, accept=True, status=400, body=body))
        assert isinstance(bench.publish(post), Ambiguous)
        assert isinstance(bench.find(post), Found)
        assert len(server.posts) == 1

    def test_a_400_in_its_own_words_that_is_true_is_a_refusal(self, bench: Bench, server, proxy: Proxy):
        proxy.faults.append(Fault(self.publish, accept=False, status=400, body=error(100, "Invalid parameter")))
        assert isinstance(bench.publish(bench.post("Sungguh ditolak")), Rejected)
        assert server.posts == []

    def test_one_that_is_not_ready_after_all_is_tried_again(self, bench: Bench, server, proxy: Proxy):
        body = error(9_007, "The media is not ready for publishing", error_subcode=2_207_027)
        proxy.faults.append(Fault(self.publish, accept=False, status=400, body=body))
        assert isinstance(bench.publish(bench.post("Belum siap")), RetryLater)
        proxy.faults.append(Fault(self.publish, accept=True, status=400, body=body))
        assert isinstance(bench.publish(bench.post("Siap juga")), Ambiguous)
        assert len(server.posts) == 1

    def test_a_limit_after_it_took_the_post_is_a_doubt_too(self, bench: Bench, server, proxy: Proxy):
        proxy.faults.append(Fault(self.publish, accept=True, status=403, body=error(4, "Limit")))
        assert isinstance(bench.publish(bench.post("Batas palsu")), Ambiguous)
        assert len(server.posts) == 1

    @pytest.mark.parametrize(
        ("code", "then"),
        [
            *((100, then) for then in ("unreachable", "unavailable", 4, 100, 190)),
            *((4, then) for then in ("unreachable", "unavailable", 4, 190)),
            *((10, then) for then in ("unreachable", 10, 190)),
            *((190, then) for then in ("unreachable", 10, 190)),
        ],
    )
    def test_where_the_container_cannot_be_asked_it_stays_in_doubt(self, bench, server, proxy, code: int, then):
        faults = {
            "unreachable": Fault(self.state, accept=False),
            "unavailable": Fault(self.state, accept=False, status=503),
        }
        asked = faults.get(then) or Fault(self.state, accept=False, status=400, body=error(then))
        proxy.faults.append(Fault(self.publish, accept=True, status=400, body=error(code)))
        take = proxy.take

        def and_then(line: str) -> Fault | None:
            if self.publish in line:
                proxy.faults.append(asked)
            return take(line)

        proxy.take = and_then  # type: ignore[method-assign]
        # Only a token that is good for neither tells that nothing was taken.
        expected = CredentialsExpired if code == then == 190 else Ambiguous
        assert type(bench.publish(bench.post("Tidak tahu"))) is expected
        assert len(server.posts) == 1

    def test_a_side_task_that_fails_never_posts_again(self, bench: Bench, server: ContainerServer, proxy: Proxy):
        proxy.faults.append(Fault("fields=permalink", accept=False, status=400, body=error(100, "x")))
        published = bench.publish(bench.post("Tanpa alamat tetap"))
        assert isinstance(published, Published)
        assert published.url == self.profile
        assert len(server.posts) == 1

    def test_a_day_that_is_used_up_is_asked_about_before_anything_is_made(self, bench: Bench, server):
        server.used = server.quota
        outcome = bench.publish(bench.post("Besok"))
        assert (type(outcome), outcome.after) == (RetryLater, timedelta(minutes=30))
        assert f"{server.quota} posts" in outcome.message
        assert server.containers == {}

    @pytest.mark.parametrize("said", [{}, {"data": []}, {"data": [7]}, {"data": [{"config": 7, "quota_usage": 3}]}])
    def test_a_limit_that_is_not_told_holds_nothing_up(self, bench: Bench, proxy: Proxy, said):
        body = json.dumps(said).encode()
        proxy.faults.append(Fault(self.quota, accept=False, status=200, body=body))
        assert isinstance(bench.publish(bench.post("Tanpa batas")), Published)

    @pytest.mark.parametrize("answer", [{}, {"id": None}, {"id": 7}])
    def test_a_success_that_names_no_post_is_a_doubt(self, bench: Bench, proxy: Proxy, answer):
        proxy.faults.append(Fault(self.publish, accept=True, status=200, body=json.dumps(answer).encode()))
        assert isinstance(bench.publish(bench.post("Aneh")), Ambiguous)


class WithVideos:
    """Videos are fetched part by part, worked on for minutes, and go alone or with others."""

    alone: str
    describes: bool
    make: str

    def filmed(self, bench: Bench, *videos, images=()):
        return replace(bench.post("Berekaman"), images=images, videos=videos)

    def test_one_goes_by_itself_as_the_file_it_is(self, bench: Bench, server: ContainerServer, shown: str):
        post = self.filmed(bench, film(shown, "Petugas menambal jalan"))
        published = bench.publish(post)
        assert isinstance(published, Published), published
        [made] = server.posts
        assert (made.kind, made.text, server.films) == (self.alone, post.text, [MP4])
        assert made.alts == (("Petugas menambal jalan",) if self.describes else ())
        assert bench.find(post).remote_id == published.remote_id
        assert server.problems == []

    def test_pictures_and_videos_go_together_the_pictures_first(self, bench: Bench, server, shown: str):
        images = (picture(shown, "Jalan Setu"), picture(shown))
        assert isinstance(bench.publish(self.filmed(bench, film(shown), film(shown), images=images)), Published)
        [made] = server.posts
        assert (made.kind, made.parts) == ("CAROUSEL", ("IMAGE", "IMAGE", "VIDEO", "VIDEO"))
        assert server.problems == []

    def test_pictures_and_videos_keep_the_order_of_the_item(self, bench: Bench, server, shown: str):
        images = (picture(shown, "Jalan Setu"), picture(shown))
        post = replace(self.filmed(bench, film(shown), images=images), order="ivi")
        assert isinstance(bench.publish(post), Published)
        [made] = server.posts
        assert made.parts == ("IMAGE", "VIDEO", "IMAGE")
        assert bench.find(post).remote_id

    def test_one_is_waited_for(self, bench: Bench, server: ContainerServer, proxy: Proxy, shown: str):
        server.working = 9
        assert isinstance(bench.publish(self.filmed(bench, film(shown))), Published)

    @pytest.mark.parametrize("size", [len(MP4), 200_000_000])
    def test_one_is_given_longer_than_pictures_and_a_large_one_no_longer(self, bench, server, shown, monkeypatch, size):
        """We carry nothing, so that a worker that was killed is given up as soon for a large one."""
        seconds = bench.channel.manifest.attempt.total_seconds() + 60
        monkeypatch.setattr(patience, "clock", lambda: seconds * len(server.containers))
        assert isinstance(bench.publish(self.filmed(bench, film(shown, size=size))), Published)
        seconds = uploads.FETCHING.total_seconds()
        server.containers.clear()
        assert isinstance(bench.publish(self.filmed(bench, film(shown, size=size))), RetryLater)
        assert len(server.posts) == 1

    def test_the_next_is_made_only_when_the_one_before_it_is_fetched(self, bench: Bench, server, proxy, shown: str):
        """However many videos a post has, one at a time is fetched from us."""
        server.working = 2
        assert isinstance(bench.publish(self.filmed(bench, film(shown), film(shown), film(shown))), Published)
        first, second, third, _whole = server.containers
        lines = [line for line in proxy.seen if self.make in line or any(one in line for one in (first, second, third))]
        order = [next((one for one in (first, second, third) if one in line), "made") for line in lines]
        assert order[:12] == ["made", *[first] * 3, "made", *[second] * 3, "made", *[third] * 3]

    @pytest.mark.parametrize(
        ("name", "kind", "words"),
        [("bukan.mp4", Rejected, "FAILED_PROCESSING_VIDEO"), ("hilang.mp4", RetryLater, "FAILED_DOWNLOADING_VIDEO")],
    )
    def test_one_that_cannot_be_used_and_one_that_was_not_fetched(self, bench, server, shown: str, name, kind, words):
        outcome = bench.publish(self.filmed(bench, film(shown, name=name)))
        assert isinstance(outcome, kind)
        assert words in outcome.message
        assert server.posts == []

    def test_without_a_public_address_it_is_refused_in_words(self, bench: Bench, server: ContainerServer, shown: str):
        outcome = bench.publish(self.filmed(bench, replace(film(shown), url="")))
        assert isinstance(outcome, Rejected)
        assert "no public address" in outcome.message
        assert server.containers == {}

    @pytest.mark.parametrize(
        ("code", "subcode", "kind"),
        [
            (352, 2_207_026, Rejected),
            (-1, 2_207_053, RetryLater),
            (9_004, 2_207_052, RetryLater),
            (9_007, 2_207_027, RetryLater),
            (-2, 2_207_020, RetryLater),
        ],
    )
    def test_the_class_of_an_error_about_a_video(self, bench, server, proxy: Proxy, shown: str, code, subcode, kind):
        proxy.faults.append(Fault(self.make, accept=False, status=400, body=error(code, "x", error_subcode=subcode)))
        assert type(bench.publish(self.filmed(bench, film(shown)))) is kind
        assert server.posts == []


class FindingAgain:
    """An account is shown all its own posts."""

    def add(self, server: ContainerServer, text: str, at: datetime | None = None) -> str:
        made = Made(str(next(server.numbers)), text, at or datetime.now(UTC))
        server.posts.insert(0, made)
        return made.number

    def test_it_is_found_on_a_later_page(self, bench: Bench, server: ContainerServer):
        post = bench.post("Tertimbun")
        published = bench.publish(post)
        server.page_size = 5
        for number in range(12):
            self.add(server, f"Kabar {number}")
        assert bench.find(post).remote_id == published.remote_id

    def test_an_older_post_of_that_text_is_another_one(self, bench: Bench, server: ContainerServer):
        post = bench.post("Pekan lalu")
        self.add(server, post.text, datetime.now(UTC) - timedelta(days=7))
        assert isinstance(bench.find(post), Absent)

    @pytest.mark.parametrize("answer", [{"data": {}}, {"paging": {}}, [], {}])
    def test_a_list_that_cannot_be_read_is_no_absence(self, bench: Bench, proxy: Proxy, answer):
        proxy.edit = lambda real: httpx.Response(200, json=answer)
        assert isinstance(bench.find(bench.post("Tidak terbaca")), Unsure)
