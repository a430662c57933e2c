"""Instagram passes the contract against a stub of its containers, signing in included."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.utils import translation

from channels.graph_benches import enter, error, fault_of, picture, pictures
from kentongan.channels import oauth, registry
from kentongan.channels.contract import (
    Absent,
    Ambiguous,
    App,
    Credentials,
    CredentialsExpired,
    Found,
    Post,
    Published,
    Rejected,
    RetryLater,
    Unsure,
)
from kentongan.channels.graph import containers
from kentongan.channels.instagram.connector import API, SCOPES
from kentongan.channels.testing import Bench, HttpPublisherContract
from kentongan.core import http
from servers import instagram
from servers.containers import Made
from servers.graph import APP_ID, APP_SECRET, REDIRECT
from servers.instagram import InstagramServer
from servers.proxy import Fault, Proxy, between

CREATE = "/media_publish "


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(containers, "PAUSES", (0.0,))
    with translation.override("en"):
        yield


@pytest.fixture
def server() -> Iterator[InstagramServer]:
    """The stub."""
    with instagram.serve() as server:
        yield server


@pytest.fixture
def proxy(server: InstagramServer) -> Iterator[Proxy]:
    """A fault proxy before it."""
    with between(server.url) as proxy:
        yield proxy


@pytest.fixture
def app(proxy: Proxy) -> App:
    """The organisation's app at Meta."""
    return App(APP_ID, APP_SECRET, proxy.url)


@pytest.fixture
def shown() -> Iterator[str]:
    """Where pictures can be fetched."""
    with pictures() as url:
        yield url


@pytest.fixture
def bench(server: InstagramServer, app: App, proxy: Proxy, shown: str) -> Iterator[Bench]:
    """An account, signed in through the proxy."""
    with http.client() as client:
        credentials = enter("instagram", server, app, client)
        yield Bench(
            registry.get("instagram"),
            credentials,
            client,
            count=lambda post: sum(post.text in one.text for one in server.posts),
            refused=Post("kunci", "x" * 2_201, datetime.now(UTC), images=(picture(shown),)),
            fail=lambda failure: proxy.faults.append(fault_of(failure, CREATE)),
            expired=replace(credentials, values={**credentials.values, "access": "sudah-lewat"}),
            images=(picture(shown, "Jalan Setu"),),
        )


class TestInstagram(HttpPublisherContract):
    """The contract, but for taking back, which Instagram has not."""

    def test_a_recalled_post_is_gone_and_recalling_twice_is_harmless(self, bench: Bench) -> None:
        """There is none: it is refused in words, and the manifest says so beforehand."""
        published = bench.publish(bench.post("Keliru"))
        assert not bench.channel.manifest.recalls
        with pytest.raises(Rejected, match="in the app"):
            bench.publisher.recall(published.remote_id, bench.credentials, bench.client)


class TestSigningIn:
    """At Instagram itself."""

    def test_the_page_asks_for_what_publishing_needs_and_no_more(self, app: App):
        live = replace(app, service=API)
        page = registry.get("instagram").sign_in.page(live, redirect=REDIRECT, state="s" * 20, challenge="c" * 43)
        parts = urlsplit(page)
        assert (parts.scheme, parts.netloc, parts.path) == ("https", "www.instagram.com", "/oauth/authorize")
        assert parse_qs(parts.query)["scope"] == [",".join(SCOPES)]
        assert APP_SECRET not in page

    def test_who_signed_in_is_known_and_healthy(self, bench: Bench, server: InstagramServer):
        assert (bench.credentials.handle, bench.credentials.get("user_id")) == ("kabaruji", server.user_id)
        health = bench.channel.connector.health(bench.credentials, bench.client)
        assert (health.ready, health.problem, health.url) == (True, "", "https://www.instagram.com/kabaruji/")
        assert server.problems == []

    def test_a_private_account_is_told_what_to_become(self, bench: Bench, server: InstagramServer):
        server.account_type = "PERSONAL"
        health = bench.channel.connector.health(bench.credentials, bench.client)
        assert not health.ready
        assert "professional" in health.problem

    def test_what_was_not_allowed_is_no_health(self, bench: Bench, server: InstagramServer, app: App):
        server.withheld = {"instagram_business_content_publish"}
        credentials = enter("instagram", server, app, bench.client)
        health = bench.channel.connector.health(credentials, bench.client)
        assert not health.ready
        assert "not allowed" in health.problem
        assert isinstance(bench.publish(bench.post("Tanpa izin"), credentials), CredentialsExpired)

    def test_a_code_is_good_once(self, server: InstagramServer, app: App, bench: Bench):
        sign_in = registry.get("instagram").sign_in
        code = server.allow(sign_in.page(app, redirect=REDIRECT, state="s" * 20, challenge=""))["code"]
        given = {"code": code, "verifier": "", "redirect": REDIRECT, "client": bench.client}
        sign_in.exchange(app, **given)
        with pytest.raises(CredentialsExpired):
            sign_in.exchange(app, **given)

    @pytest.mark.parametrize("wrong", [{"client_secret": "salah"}, {"client_id": "999"}])
    def test_an_app_that_instagram_does_not_know_is_told_apart(self, server, app: App, bench: Bench, wrong):
        sign_in = registry.get("instagram").sign_in
        code = server.allow(sign_in.page(app, redirect=REDIRECT, state="s" * 20, challenge=""))["code"]
        with pytest.raises(Rejected, match="client id and secret"):
            sign_in.exchange(replace(app, **wrong), code=code, verifier="", redirect=REDIRECT, client=bench.client)

    def test_no_secret_is_printed_or_kept_of_an_answer(self, bench: Bench, proxy: Proxy):
        token = bench.credentials.get("access")
        proxy.faults.append(Fault(CREATE, accept=False, status=400, body=error(100, f"Bad token {token}")))
        outcome = bench.publish(bench.post("Rahasia"))
        for secret in (APP_SECRET, token):
            assert secret not in f"{bench.credentials!r}{outcome}{outcome.response}"


class TestStayingSignedIn:
    """A token of sixty days is renewed once half of its time is over."""

    def aged(self, bench: Bench, server: InstagramServer, days: int) -> Credentials:
        server.age(days)
        ends = datetime.fromisoformat(bench.credentials.get("expires_at")) - timedelta(days=days)
        return replace(bench.credentials, values={**bench.credentials.values, "expires_at": ends.isoformat()})

    def test_nothing_is_asked_in_the_first_half(self, bench: Bench, server: InstagramServer):
        young = self.aged(bench, server, 29)
        assert bench.channel.sign_in.lasts(young)
        assert bench.channel.connector.refresh(young, bench.client) is young
        assert server.refreshes == 0

    def test_in_the_second_half_it_is_renewed(self, bench: Bench, server: InstagramServer):
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

    def test_one_that_is_over_is_for_the_custodian(self, bench: Bench, server: InstagramServer):
        over = self.aged(bench, server, 61)
        with pytest.raises(CredentialsExpired, match="Sign in again"):
            bench.channel.connector.refresh(over, bench.client)

    def test_permission_taken_away_is_for_the_custodian(self, bench: Bench, server: InstagramServer):
        old = self.aged(bench, server, 31)
        server.revoke()
        with pytest.raises(CredentialsExpired):
            bench.channel.connector.refresh(old, bench.client)
        assert isinstance(bench.publish(bench.post("Dicabut")), CredentialsExpired)

    def test_an_answer_without_a_token_changes_nothing(self, bench: Bench, server: InstagramServer, proxy: Proxy):
        old = self.aged(bench, server, 31)
        said = json.dumps({"access_token": "", "expires_in": 5_184_000}).encode()
        proxy.faults.append(Fault("/refresh_access_token", accept=False, status=200, body=said))
        assert bench.channel.connector.refresh(old, bench.client) is old
        assert oauth.lasts(old)


class TestWhatGoesOut:
    """Pictures with what they show; nothing without one."""

    def test_one_picture_goes_with_its_description_and_its_link_in_the_text(self, bench: Bench, server, shown: str):
        link = "https://kentongan.contoh.id/kabar/1/"
        post = replace(bench.post("Bergambar"), link=link)
        published = bench.publish(post)
        assert (server.posts[0].text, server.posts[0].alts) == (f"{post.text}\n\n{link}", ("Jalan Setu",))
        assert server.fetched == [f"{shown}/gambar.jpg"]
        assert published.url == f"https://www.instagram.com/p/C{published.remote_id}/"
        assert server.problems == []

    @pytest.mark.parametrize("n", [2, 10])
    def test_several_become_a_carousel_in_order(self, bench: Bench, server: InstagramServer, shown: str, n: int):
        told = [f"Gambar {number}" for number in range(n)]
        post = replace(bench.post("Banyak"), images=tuple(picture(shown, alt) for alt in told))
        assert isinstance(bench.publish(post), Published)
        assert list(server.posts[0].alts) == told
        assert len(server.posts) == 1
        assert isinstance(bench.find(post), Found)

    def test_without_a_picture_it_is_refused_in_words(self, bench: Bench, proxy: Proxy):
        proxy.seen.clear()
        outcome = bench.publish(replace(bench.post("Hanya teks"), images=()))
        assert isinstance(outcome, Rejected)
        assert "without a picture" in outcome.message
        assert proxy.seen == []

    def test_more_than_thirty_hashtags_are_refused_in_words(self, bench: Bench):
        tags = " ".join(f"#tagar{number}" for number in range(31))
        outcome = bench.publish(replace(bench.post("x"), text=tags))
        assert isinstance(outcome, Rejected)
        assert "30 hashtags" in outcome.message

    def test_without_a_public_address_it_is_refused_in_words(self, bench: Bench, server: InstagramServer):
        images = (replace(bench.images[0], url=""),)
        outcome = bench.publish(replace(bench.post("Tanpa alamat"), images=images))
        assert isinstance(outcome, Rejected)
        assert "no public address" in outcome.message
        assert server.posts == []

    @pytest.mark.parametrize("name", ["gambar.png", "besar.jpg", "bukan.jpg"])
    def test_a_picture_that_instagram_does_not_take_is_a_refusal(self, bench: Bench, server, shown: str, name: str):
        outcome = bench.publish(replace(bench.post("Rusak"), images=(picture(shown, name=name),)))
        assert isinstance(outcome, Rejected)
        assert server.posts == []

    def test_a_picture_that_it_cannot_fetch_says_where_to_look(self, bench: Bench, shown: str):
        outcome = bench.publish(replace(bench.post("Hilang"), images=(picture(shown, name="hilang.jpg"),)))
        assert isinstance(outcome, Rejected)
        assert "public address" in outcome.message


class TestContainers:
    """Nothing is published before the second step; what the container says decides."""

    def test_it_is_waited_for(self, bench: Bench, server: InstagramServer):
        server.working = 7
        assert isinstance(bench.publish(bench.post("Sebentar")), Published)
        assert server.problems == []

    def test_one_that_takes_too_long_is_tried_again_later(self, bench: Bench, server, monkeypatch):
        monkeypatch.setattr(containers, "PATIENCE_SECONDS", 0.5)
        monkeypatch.setattr(containers, "PAUSES", (0.1,))
        server.working = 10**6
        outcome = bench.publish(bench.post("Lama sekali"))
        assert (type(outcome), outcome.after) == (RetryLater, timedelta(minutes=1))
        assert server.posts == []

    def test_pictures_that_take_too_long_to_fetch_are_tried_again_later(self, bench, server, shown, monkeypatch):
        monkeypatch.setattr(containers, "PATIENCE_SECONDS", -1.0)
        images = tuple(picture(shown) for _number in range(3))
        assert isinstance(bench.publish(replace(bench.post("Lambat"), images=images)), RetryLater)
        assert server.posts == []

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
    def test_the_states_of_a_container(self, bench: Bench, server: InstagramServer, ends_as: str, why: str, kind):
        server.ends_as, server.why = ends_as, why
        assert type(bench.publish(bench.post("Keadaan"))) is kind
        assert server.posts == []

    @pytest.mark.parametrize("where", ["/content_publishing_limit", "POST /v25.0/17841400001/media ", "fields=status"])
    @pytest.mark.parametrize("made", [{"accept": True}, {"accept": False}, {"accept": True, "status": 500}])
    def test_what_breaks_off_before_the_second_step_has_published_nothing(self, bench, server, proxy, where, made):
        proxy.faults.append(Fault(where, **made))
        assert isinstance(bench.publish(bench.post("Putus")), RetryLater)
        assert server.posts == []

    def test_a_400_in_its_own_words_after_it_took_the_post_is_a_doubt_and_found(self, bench, server, proxy: Proxy):
        post = bench.post("Diterima lalu ditolak")
        body = error(100, "Invalid parameter")
        proxy.faults.append(Fault(CREATE, accept=True, status=400, body=body))
        assert isinstance(bench.publish(post), Ambiguous)
        assert isinstance(bench.find(post), Found)
        assert len(server.posts) == 1

    def test_a_400_in_its_own_words_that_is_true_is_a_refusal(self, bench: Bench, server, proxy: Proxy):
        proxy.faults.append(Fault(CREATE, accept=False, status=400, body=error(100, "Invalid parameter")))
        assert isinstance(bench.publish(bench.post("Sungguh ditolak")), Rejected)
        assert server.posts == []

    def test_a_limit_after_it_took_the_post_is_a_doubt_too(self, bench: Bench, server, proxy: Proxy):
        proxy.faults.append(Fault(CREATE, accept=True, status=403, body=error(4, "Limit")))
        assert isinstance(bench.publish(bench.post("Batas palsu")), Ambiguous)
        assert len(server.posts) == 1

    def test_where_the_container_cannot_be_asked_it_stays_in_doubt(self, bench: Bench, proxy: Proxy):
        refused = Fault(CREATE, accept=True, status=400, body=error(100, "Invalid parameter"))
        proxy.faults.append(refused)
        take = proxy.take

        def and_then(line: str) -> Fault | None:
            if CREATE in line:
                proxy.faults.append(Fault("fields=status_code", accept=False))
            return take(line)

        proxy.take = and_then  # type: ignore[method-assign]
        assert isinstance(bench.publish(bench.post("Tidak tahu")), Ambiguous)

    def test_a_side_task_that_fails_never_posts_again(self, bench: Bench, server: InstagramServer, proxy: Proxy):
        proxy.faults.append(Fault("fields=permalink", accept=False, status=400, body=error(100, "x")))
        published = bench.publish(bench.post("Tanpa alamat tetap"))
        assert isinstance(published, Published)
        assert published.url == "https://www.instagram.com/kabaruji/"
        assert len(server.posts) == 1

    def test_a_day_that_is_used_up_is_asked_about_before_anything_is_made(self, bench: Bench, server):
        server.used = server.quota
        outcome = bench.publish(bench.post("Besok"))
        assert (type(outcome), outcome.after) == (RetryLater, timedelta(minutes=30))
        assert "100 posts" in outcome.message
        assert server.containers == {}

    @pytest.mark.parametrize("said", [{}, {"data": []}, {"data": [7]}, {"data": [{"config": 7, "quota_usage": 3}]}])
    def test_a_limit_that_is_not_told_holds_nothing_up(self, bench: Bench, proxy: Proxy, said):
        body = json.dumps(said).encode()
        proxy.faults.append(Fault("/content_publishing_limit", accept=False, status=200, body=body))
        assert isinstance(bench.publish(bench.post("Tanpa batas")), Published)

    @pytest.mark.parametrize("answer", [{}, {"id": None}, {"id": 7}])
    def test_a_success_that_names_no_post_is_a_doubt(self, bench: Bench, proxy: Proxy, answer):
        proxy.faults.append(Fault(CREATE, accept=True, status=200, body=json.dumps(answer).encode()))
        assert isinstance(bench.publish(bench.post("Aneh")), Ambiguous)

    @pytest.mark.parametrize(
        ("code", "subcode", "status", "kind"),
        [
            (9, 2_207_042, 403, RetryLater),
            (4, 2_207_051, 403, Rejected),
            (25, 2_207_050, 403, CredentialsExpired),
            (36_003, 2_207_009, 400, Rejected),
            (-2, 2_207_003, 400, RetryLater),
            (-1, 2_207_001, 400, RetryLater),
        ],
    )
    def test_the_class_of_an_error(self, bench: Bench, proxy: Proxy, code, subcode, status, kind):
        body = error(code, "Ada masalah", error_subcode=subcode)
        proxy.faults.append(Fault("POST /v25.0/17841400001/media ", accept=False, status=status, body=body))
        assert type(bench.publish(bench.post("Galat"))) is kind


class TestFinding:
    """An account is shown all its own posts."""

    def add(self, server: InstagramServer, text: str, at: datetime | None = None) -> str:
        made = Made(str(next(server.numbers)), text, at or datetime.now(UTC))
        server.posts.insert(0, made)
        return made.number

    def test_it_is_found_on_a_later_page(self, bench: Bench, server: InstagramServer):
        post = bench.post("Tertimbun")
        published = bench.publish(post)
        server.page_size = 5
        for number in range(12):
            self.add(server, f"Kabar {number}")
        assert bench.find(post).remote_id == published.remote_id

    def test_an_older_post_of_that_text_is_another_one(self, bench: Bench, server: InstagramServer):
        post = bench.post("Pekan lalu")
        self.add(server, post.text, datetime.now(UTC) - timedelta(days=7))
        assert isinstance(bench.find(post), Absent)

    @pytest.mark.parametrize("answer", [{"data": {}}, {"paging": {}}, [], {}])
    def test_a_list_that_cannot_be_read_is_no_absence(self, bench: Bench, proxy: Proxy, answer):
        proxy.edit = lambda real: httpx.Response(200, json=answer)
        assert isinstance(bench.find(bench.post("Tidak terbaca")), Unsure)
