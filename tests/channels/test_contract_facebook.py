"""Facebook's Pages pass the contract against a stub of the Pages API, signing in included."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.utils import translation

from channels.benches import enter, signed_in
from channels.graph_benches import PNG, error, fault_of
from kentongan.channels import registry
from kentongan.channels.contract import (
    Absent,
    Ambiguous,
    App,
    ChannelError,
    Counts,
    Credentials,
    CredentialsExpired,
    Found,
    Media,
    Post,
    Published,
    Rejected,
    RetryLater,
    Unsure,
)
from kentongan.channels.facebook.connector import API, SCOPES, WISHED
from kentongan.channels.graph import patience
from kentongan.channels.testing import Bench, HttpPublisherContract
from servers import facebook
from servers.facebook import FacebookServer, Page, PagePost
from servers.graph import APP_ID, APP_SECRET, REDIRECT
from servers.proxy import Fault, Proxy

CREATE = "/feed "
HANDLE = "kabaruji"


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
def app(proxy: Proxy) -> App:
    """The organisation's app at Meta."""
    return App(APP_ID, APP_SECRET, proxy.url)


def picked(
    server: FacebookServer, app: App, client: httpx.Client, handle: str = HANDLE, number: str = ""
) -> Credentials:
    """Sign in for the Page of that name."""
    person = enter("facebook", server, app, client)
    return registry.get("facebook").sign_in.pick(person, handle, number, client)


@pytest.fixture
def bench(server: FacebookServer, app: App, proxy: Proxy) -> Iterator[Bench]:
    """A Page, signed in for through the proxy."""
    with signed_in(
        "facebook",
        server,
        app,
        handle=HANDLE,
        count=lambda post: sum(post.text in one.message for one in server.posts),
        refused=Post("kunci", "x" * 63_207, datetime.now(UTC)),
        fail=lambda failure: proxy.faults.append(fault_of(failure, CREATE)),
    ) as bench:
        yield bench


class TestFacebook(HttpPublisherContract):
    """The contract."""


class TestSigningIn:
    """A person allows it, for the Pages that they tick."""

    def test_the_page_asks_for_what_publishing_needs_and_no_more(self, app: App):
        live = replace(app, service=API)
        page = registry.get("facebook").sign_in.page(live, redirect=REDIRECT, state="s" * 20, challenge="c" * 43)
        parts = urlsplit(page)
        assert (parts.scheme, parts.netloc, parts.path) == ("https", "www.facebook.com", "/v25.0/dialog/oauth")
        assert parse_qs(parts.query)["scope"] == [",".join((*SCOPES, WISHED))]
        assert APP_SECRET not in page

    def test_the_page_is_known_and_healthy(self, bench: Bench, server: FacebookServer):
        assert (bench.credentials.handle, bench.credentials.get("user_id")) == ("KabarUji", "61550001")
        health = bench.channel.connector.health(bench.credentials, bench.client)
        assert (health.ready, health.problem, health.url) == (True, "", "https://www.facebook.com/KabarUji")
        assert health.name == "Kabar Kabupaten"

    @pytest.mark.parametrize(
        ("handle", "number"),
        [("Kabar.Uji", ""), ("https://www.facebook.com/kabaruji", ""), ("61550001", ""), ("namalama", "61550001")],
    )
    def test_the_page_on_the_list_is_the_one_that_is_picked(self, server, app: App, bench: Bench, handle, number):
        others = [Page(f"6155{number:04}", f"Halaman {number}", f"halaman{number}") for number in range(100, 340)]
        server.pages = [*others, *server.pages]
        assert picked(server, app, bench.client, handle, number).get("user_id") == "61550001"

    def test_a_page_without_a_name_is_known_by_its_address(self, server, app: App, bench: Bench):
        server.pages = [Page("7001", "Tanpa Nama", link="https://www.facebook.com/profile.php?id=61559999")]
        credentials = picked(server, app, bench.client, "61559999")
        assert (credentials.handle, credentials.get("user_id")) == ("61559999", "7001")

    def test_a_page_of_a_portfolio_needs_access_to_the_portfolio(self, server: FacebookServer, app: App, bench: Bench):
        server.pages[0].portfolio = True
        assert picked(server, app, bench.client).handle == "KabarUji"
        server.withheld = {WISHED}
        with pytest.raises(Rejected, match="access to the portfolio"):
            picked(server, app, bench.client)
        server.pages[0].portfolio = False
        health = bench.channel.connector.health(picked(server, app, bench.client), bench.client)
        assert (health.ready, health.problem) == (True, "")

    def test_a_page_that_was_not_ticked_is_refused_with_what_to_do(self, server, app: App, bench: Bench):
        server.pages[0].ticked = False
        with pytest.raises(Rejected, match=r"no Page was ticked.*Edit settings"):
            picked(server, app, bench.client)
        server.pages.append(Page("61550002", "Dinas Lain", "dinaslain"))
        with pytest.raises(Rejected, match=r"kabaruji was not ticked, only: Dinas Lain\. Sign in again"):
            picked(server, app, bench.client)

    def test_a_page_on_which_one_may_not_publish_is_refused(self, server, app: App, bench: Bench):
        server.pages[0].tasks = ("ANALYZE", "MODERATE")
        with pytest.raises(Rejected, match="may not publish on the Page Kabar Kabupaten"):
            picked(server, app, bench.client)

    def test_a_code_is_good_once(self, server: FacebookServer, app: App, bench: Bench):
        sign_in = registry.get("facebook").sign_in
        code = server.allow(sign_in.page(app, redirect=REDIRECT, state="s" * 20, challenge=""))["code"]
        given = {"code": code, "verifier": "", "redirect": REDIRECT, "client": bench.client}
        sign_in.exchange(app, **given)
        with pytest.raises(CredentialsExpired):
            sign_in.exchange(app, **given)

    @pytest.mark.parametrize("wrong", [{"client_secret": "salah"}, {"client_id": "999"}])
    def test_an_app_that_facebook_does_not_know_is_told_apart(self, server, app: App, bench: Bench, proxy, wrong):
        proxy.faults.clear()
        code = server.allow(registry.get("facebook").sign_in.page(app, redirect=REDIRECT, state="s" * 20, challenge=""))
        with pytest.raises(Rejected, match="client id and secret") as refused:
            registry.get("facebook").sign_in.exchange(
                replace(app, **wrong), code=code["code"], verifier="", redirect=REDIRECT, client=bench.client
            )
        assert APP_SECRET not in str(refused.value.response)

    @pytest.mark.parametrize(
        "made",
        [
            {"accept": False},
            {"accept": True},
            {"accept": False, "status": 503},
            {"accept": False, "status": 200, "body": b"{}"},
            {"accept": False, "status": 400, "body": error(2, "Service temporarily unavailable")},
        ],
    )
    def test_an_outage_is_no_end_of_the_sign_in(self, server, app: App, bench: Bench, proxy: Proxy, made):
        proxy.faults.append(Fault("/oauth/access_token", **made))
        with pytest.raises(RetryLater):
            picked(server, app, bench.client)

    def test_what_was_not_allowed_is_named(self, server: FacebookServer, app: App, bench: Bench):
        server.withheld = {"pages_manage_posts"}
        health = bench.channel.connector.health(picked(server, app, bench.client), bench.client)
        assert not health.ready
        assert "pages_manage_posts" in health.problem

    def test_without_the_app_nobody_knows(self, bench: Bench):
        health = bench.channel.connector.health(replace(bench.credentials, app=None), bench.client)
        assert not health.ready
        assert "no app" in health.problem

    def test_when_it_ends_is_told_and_that_nobody_sees_it_is_warned_of(self, bench: Bench, server: FacebookServer):
        server.pages[0].published = False
        health = bench.channel.connector.health(bench.credentials, bench.client)
        assert health.ready
        assert "not published" in health.problem
        assert health.ends_at == server.data_access_ends.replace(microsecond=0)

    def test_no_secret_is_printed_or_kept_of_an_answer(self, bench: Bench, proxy: Proxy):
        token = bench.credentials.get("access")
        for secret in (APP_SECRET, token, bench.credentials.get("person")):
            assert secret not in repr(bench.credentials)
        proxy.faults.append(Fault(CREATE, accept=False, status=400, body=error(100, f"Bad token {token}")))
        outcome = bench.publish(bench.post("Rahasia"))
        assert token not in f"{outcome}{outcome.response}"


class TestStayingSignedIn:
    """A Page's token has no end, until Facebook refuses it."""

    def refused(self, bench: Bench) -> Credentials:
        return replace(bench.credentials, values={**bench.credentials.values, "access": "refused"})

    def test_nothing_is_asked_while_there_is_a_token(self, bench: Bench, proxy: Proxy):
        proxy.seen.clear()
        assert registry.get("facebook").sign_in.lasts(bench.credentials)
        assert bench.channel.connector.refresh(bench.credentials, bench.client) is bench.credentials
        assert proxy.seen == []

    def test_a_token_that_was_refused_is_fetched_anew(self, bench: Bench):
        assert not registry.get("facebook").sign_in.lasts(self.refused(bench))
        renewed = bench.channel.connector.refresh(self.refused(bench), bench.client)
        assert renewed.get("access") not in {"", "refused", bench.credentials.get("access")}
        assert isinstance(bench.publish(bench.post("Lagi"), renewed), Published)

    @pytest.mark.parametrize("happened", ["role", "ended", "revoked", "app"])
    def test_what_only_a_person_can_mend(self, bench: Bench, server: FacebookServer, happened: str):
        old = self.refused(bench)
        if happened == "role":
            server.pages[0].role = False
        elif happened == "ended":
            server.expire()
        elif happened == "revoked":
            server.revoke()
        else:
            old = replace(old, app=None)
        with pytest.raises(CredentialsExpired, match="Sign in again"):
            bench.channel.connector.refresh(old, bench.client)

    def test_a_lost_role_or_permission_holds_posts(self, bench: Bench, server: FacebookServer):
        server.pages[0].tasks = ("ANALYZE",)
        assert isinstance(bench.publish(bench.post("Tanpa tugas")), CredentialsExpired)
        server.pages[0].role = False
        assert isinstance(bench.publish(bench.post("Tanpa peran")), CredentialsExpired)
        server.revoke()
        assert not bench.channel.connector.health(bench.credentials, bench.client).ready
        assert server.posts == []

    def test_every_call_proves_that_we_hold_the_secret(self, bench: Bench, server: FacebookServer):
        server.wants_proof = True
        assert isinstance(bench.publish(bench.post("Dengan bukti")), Published)
        without = replace(bench.credentials, app=replace(bench.credentials.app, client_secret="lain"))
        assert isinstance(bench.publish(bench.post("Bukti palsu"), without), Rejected)


class TestWhatGoesOut:
    """Text, link and pictures with what they show."""

    def test_a_link_becomes_a_card_and_stands_in_the_text_beside_pictures(self, bench: Bench, server: FacebookServer):
        link = "https://kentongan.contoh.id/kabar/1/"
        post = replace(bench.post("Baca"), link=link)
        published = bench.publish(post)
        assert (server.posts[0].message, server.posts[0].link) == (post.text, link)
        assert published.url == f"https://www.facebook.com/{published.remote_id.replace('_', '/posts/')}"
        pictured = replace(bench.post("Lihat"), link=link, images=(Media(PNG, "image/png"),))
        bench.publish(pictured)
        assert (server.posts[0].message, server.posts[0].link) == (f"{pictured.text}\n\n{link}", "")
        assert isinstance(bench.find(pictured), Found)

    def test_pictures_go_in_order_with_their_descriptions(self, bench: Bench, server: FacebookServer):
        told = ["Jalan Setu", "", *(f"Gambar {number}" for number in range(8))]
        images = tuple(Media(PNG, "image/png", alt) for alt in told)
        post = replace(bench.post("Bergambar"), images=images)
        published = bench.publish(post)
        assert isinstance(published, Published), published
        assert [server.photos[key].alt for key in server.posts[0].photos] == told
        assert bench.find(post).remote_id == published.remote_id

    @pytest.mark.parametrize("picture", [Media(b"bukan", "image/png"), Media(PNG + b"\0" * (4 << 20), "image/png")])
    def test_a_picture_that_facebook_does_not_take_is_a_refusal(self, bench: Bench, server, picture: Media):
        outcome = bench.publish(replace(bench.post("Rusak"), images=(picture,)))
        assert isinstance(outcome, Rejected)
        assert "picture" in outcome.message
        assert server.posts == []

    @pytest.mark.parametrize("made", [{"accept": True}, {"accept": False}, {"accept": True, "status": 500}])
    def test_an_upload_that_breaks_off_has_published_nothing(self, bench: Bench, server, proxy: Proxy, made):
        proxy.faults.append(Fault("/photos ", **made))
        outcome = bench.publish(replace(bench.post("Putus"), images=(Media(PNG, "image/png"),)))
        assert isinstance(outcome, RetryLater)
        assert server.posts == []

    def test_nothing_is_published_once_the_claim_may_have_lapsed(self, bench, server, proxy: Proxy, monkeypatch):
        monkeypatch.setattr(patience, "clock", lambda: 60.0 * len(server.photos))
        images = (Media(PNG, "image/png"),) * 10
        outcome = bench.publish(replace(bench.post("Jalur lambat"), images=images))
        assert (type(outcome), outcome.after) == (RetryLater, timedelta(minutes=1))
        assert len(server.photos) == 8
        server.photos.clear()
        outcome = bench.publish(replace(bench.post("Terakhir"), images=images[:8]))
        assert isinstance(outcome, RetryLater)
        assert not any(CREATE in line for line in proxy.seen)
        assert server.posts == []

    def test_ten_of_the_largest_on_a_slow_line_are_in_time(self, bench: Bench, server: FacebookServer, monkeypatch):
        monkeypatch.setattr(patience, "clock", lambda: 40.0 * len(server.photos))
        images = (Media(PNG, "image/png"),) * 10
        assert isinstance(bench.publish(replace(bench.post("Masih sempat"), images=images)), Published)

    def test_every_request_was_one_that_the_description_knows(self, bench: Bench, server: FacebookServer):
        post = replace(bench.post("Sesuai uraian"), images=(Media(PNG, "image/png", "x"),))
        published = bench.publish(post)
        bench.find(post)
        bench.channel.metrics.read([published.remote_id], bench.credentials, bench.client)
        bench.channel.connector.health(bench.credentials, bench.client)
        bench.publisher.recall(published.remote_id, bench.credentials, bench.client)
        assert server.problems == []

    @pytest.mark.parametrize("answer", [{}, {"id": None}, {"success": True}, [], {"id": 7}])
    def test_a_success_that_names_no_post_is_a_doubt(self, bench: Bench, proxy: Proxy, answer):
        proxy.edit = lambda real: httpx.Response(200, json=answer)
        assert isinstance(bench.publish(bench.post("Aneh")), Ambiguous)


class TestWhatFacebookSays:
    """Each class of error is what the description says of it."""

    @pytest.mark.parametrize(
        ("code", "more", "status", "kind"),
        [
            (190, {"error_subcode": 460}, 400, CredentialsExpired),
            (102, {}, 400, CredentialsExpired),
            (10, {}, 403, CredentialsExpired),
            (200, {}, 403, CredentialsExpired),
            (4, {}, 400, RetryLater),
            (17, {}, 400, RetryLater),
            (32, {}, 403, RetryLater),
            (613, {}, 400, RetryLater),
            (80_001, {}, 400, RetryLater),
            (368, {}, 400, Rejected),
            (100, {}, 400, Rejected),
            (1_500, {}, 400, Rejected),
            (1, {}, 500, Ambiguous),
            (2, {}, 503, Ambiguous),
            (2, {}, 400, Ambiguous),
            (1_349_125, {"is_transient": True}, 400, Ambiguous),
            (190, {}, 200, CredentialsExpired),
        ],
    )
    def test_the_class_of_an_error(self, bench: Bench, server, proxy: Proxy, code, more, status, kind):
        body = error(code, "Ada masalah", **more)
        proxy.faults.append(Fault(CREATE, accept=False, status=status, body=body))
        outcome = bench.publish(bench.post("Galat"))
        assert type(outcome) is kind, outcome
        assert outcome.message
        assert server.posts == []

    def test_meta_says_in_minutes_when_it_takes_calls_again(self, bench: Bench, proxy: Proxy):
        row = {"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 19}
        headers = (("X-Business-Use-Case-Usage", json.dumps({"61550001": [row, {"type": "x"}]})),)
        proxy.faults.append(Fault(CREATE, accept=False, status=400, body=error(32), headers=headers))
        outcome = bench.publish(bench.post("Sabar"))
        assert (type(outcome), outcome.after) == (RetryLater, timedelta(minutes=19))

    @pytest.mark.parametrize("header", ["", "{", "[]", "{}", '{"1": 7}', '{"1": [7]}', '{"1": [{}]}'])
    def test_a_header_that_says_nothing_makes_no_time_up(self, bench: Bench, proxy: Proxy, header: str):
        headers = (("X-Business-Use-Case-Usage", header),)
        proxy.faults.append(Fault(CREATE, accept=False, status=400, body=error(4), headers=headers))
        assert bench.publish(bench.post("Sabar")).after is None

    @pytest.mark.parametrize("body", [b'{"error": "x"}', b'{"error": {}}', b'{"error": {"code": 100}}', b"[]", b"null"])
    def test_a_refusal_in_other_words_than_graphs_is_not_believed(self, bench: Bench, proxy: Proxy, body: bytes):
        proxy.faults.append(Fault(CREATE, accept=True, status=400, body=body))
        assert isinstance(bench.publish(bench.post("Proxy")), Ambiguous)


class TestSameText:
    """Facebook refuses the same text twice in a row: that is a trace, and not always of ours."""

    def test_a_text_of_before_is_a_refusal_that_says_what_to_do(self, bench: Bench, server: FacebookServer):
        post, before = bench.post("Setiap pagi"), datetime.now(UTC) - timedelta(hours=3)
        server.posts.append(PagePost("61550001_1", "61550001", post.text, before))
        outcome = bench.publish(post)
        assert isinstance(outcome, Rejected)
        assert "other words" in outcome.message
        assert len(server.posts) == 1

    def test_when_the_look_fails_it_stays_in_doubt(self, bench: Bench, proxy: Proxy):
        post = bench.post("Ragu")
        bench.publish(post)
        proxy.faults.append(Fault("/published_posts", accept=False))
        assert isinstance(bench.publish(post), Ambiguous)


class TestFinding:
    """A Page is shown all its own posts."""

    def add(self, server: FacebookServer, text: str, at: datetime | None = None) -> str:
        number = f"61550001_{next(server.numbers)}"
        server.posts.insert(0, PagePost(number, "61550001", text, at or datetime.now(UTC)))
        return number

    def test_it_is_found_on_a_later_page(self, bench: Bench, server: FacebookServer):
        post = bench.post("Tertimbun")
        published = bench.publish(post)
        server.page_size = 5
        for number in range(12):
            self.add(server, f"Kabar {number}")
        assert bench.find(post).remote_id == published.remote_id

    def test_too_many_to_look_through_is_unsure(self, bench: Bench, server: FacebookServer):
        server.page_size = 5
        for number in range(40):
            self.add(server, f"Kabar {number}")
        assert isinstance(bench.find(bench.post("Entah")), Unsure)

    def test_two_of_the_same_text_are_not_guessed_between(self, bench: Bench, server: FacebookServer):
        post = bench.post("Dua")
        published = bench.publish(post)
        other = self.add(server, post.text)
        assert isinstance(bench.find(post), Unsure)
        for taken in (other, f"https://www.facebook.com/{other.replace('_', '/posts/')}"):
            assert bench.find(post, frozenset({taken})).remote_id == published.remote_id

    @pytest.mark.parametrize("answer", [{"data": {}}, {"data": [], "paging": []}, {"paging": {}}, [], {}])
    def test_a_list_that_cannot_be_read_is_no_absence(self, bench: Bench, proxy: Proxy, answer):
        proxy.edit = lambda real: httpx.Response(200, json=answer)
        assert isinstance(bench.find(bench.post("Tidak terbaca")), Unsure)

    def test_a_post_that_is_listed_twice_is_one(self, bench: Bench, proxy: Proxy):
        post = bench.post("Ganda")
        bench.publish(post)
        proxy.edit = lambda real: httpx.Response(200, json={"data": real.json()["data"] * 2})
        assert isinstance(bench.find(post), Found)

    def test_an_older_post_of_that_text_is_another_one(self, bench: Bench, server: FacebookServer):
        post = bench.post("Pekan lalu")
        self.add(server, post.text, datetime.now(UTC) - timedelta(days=7))
        assert isinstance(bench.find(post), Absent)


class TestTakingBackAndCounting:
    """What a Page's token may delete and read."""

    def test_what_may_not_be_deleted_is_not_taken_for_gone(self, bench: Bench, server, proxy: Proxy):
        published = bench.publish(bench.post("Masih ada"))
        body = error(100, "Unsupported delete request.", error_subcode=33)
        proxy.faults.append(Fault("DELETE ", accept=False, status=400, body=body))
        with pytest.raises(Rejected):
            bench.publisher.recall(published.remote_id, bench.credentials, bench.client)
        assert len(server.posts) == 1

    def test_whether_it_is_gone_cannot_always_be_asked(self, bench: Bench, proxy: Proxy):
        published = bench.publish(bench.post("Tidak tahu"))
        body = error(100, "Unsupported delete request.", error_subcode=33)
        proxy.faults += [Fault("DELETE ", accept=False, status=400, body=body), Fault("GET ", accept=False)]
        with pytest.raises(RetryLater):
            bench.publisher.recall(published.remote_id, bench.credentials, bench.client)

    def test_an_address_that_a_person_gave_is_deleted_where_it_tells_the_post(self, bench: Bench, server):
        published = bench.publish(bench.post("Dari alamat"))
        bench.publisher.recall(published.url, bench.credentials, bench.client)
        assert server.posts == []
        with pytest.raises(Rejected, match="yourself"):
            bench.publisher.recall("https://www.facebook.com/kab/posts/pfbid0abc", bench.credentials, bench.client)

    def test_counts_tell_what_facebook_tells(self, bench: Bench, server: FacebookServer):
        first = bench.publish(bench.post("Dihitung")).remote_id
        gone = f"{first}9"
        read = bench.channel.metrics.read([first, gone, "https://www.facebook.com/x"], bench.credentials, bench.client)
        assert read == {first: Counts(None, 12, 2, 3)}

    @pytest.mark.parametrize("answer", [{"reactions": 7}, {"shares": [], "comments": {"summary": []}}, {}])
    def test_what_is_missing_is_not_zero(self, bench: Bench, proxy: Proxy, answer):
        proxy.edit = lambda real: httpx.Response(200, json=answer)
        assert bench.channel.metrics.read(["1_2"], bench.credentials, bench.client) == {"1_2": Counts()}

    def test_an_outage_is_no_silence(self, bench: Bench, proxy: Proxy):
        proxy.faults.append(Fault("GET /v25.0/1_2", accept=False))
        with pytest.raises(ChannelError):
            bench.channel.metrics.read(["1_2"], bench.credentials, bench.client)


def test_nothing_can_be_entered_by_hand(bench: Bench):
    with pytest.raises(Rejected, match="own page"):
        bench.channel.connector.connect({}, bench.client)
