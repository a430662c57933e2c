"""Cek Akun: what the public is told about an account, and what it is never told."""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Func, IntegerField
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kentongan.channels.addresses import PlatformNeeded, Unreadable
from kentongan.cli import check as check_command
from kentongan.core import clock, limits
from kentongan.core.errors import TooMany
from kentongan.core.models import Tries
from kentongan.registry import actions, likeness, queries
from kentongan.registry.models import Account, ImpostorCase, Person
from kentongan.registry.queries import checks
from kentongan.registry.queries.checks import KEPT_SECONDS, Verdict, cache_key
from named_cast import Cast

State = Account.State
LINK = "https://www.instagram.com/pemkabbekasi"


@pytest.fixture(autouse=True)
def _nothing_is_kept(db: None) -> None:
    cache.clear()


def declare(cast: Cast, pasted: str = LINK, state: str = State.PROVEN, **fields: object) -> Account:
    """Put an official account of the root on the list, in a state."""
    made = actions.declare_account(cast.actor("arif"), cast.root.pk, handle=pasted)
    if state in {State.PROVEN, State.CONNECTED, State.DORMANT}:
        fields |= {"proof": "code", "proven_at": clock.now()}
    Account.objects.filter(pk=made.pk).update(state=state, **fields)
    return made


def own(cast: Cast, handle: str, state: str = State.PROVEN, platform: str = "instagram") -> Account:
    """Put a member's own account on the list."""
    person = Person.objects.create(full_name="Maman", basis="uji")
    proof = {"proof": "code", "proven_at": clock.now()} if state in {"proven", "connected", "dormant"} else {}
    return Account.objects.create(
        unit=cast.sukamahi, person=person, kind="organic", platform=platform, handle=handle, identity=handle,
        url=f"https://www.instagram.com/{handle}/", state=state, **proof,
    )  # fmt: skip


def case(cast: Cast, handle: str, state: str, **fields: object) -> ImpostorCase:
    """Open a case in a state."""
    return ImpostorCase.objects.create(
        unit=cast.root, platform="instagram", identity=handle, handle=handle, state=state, opened_at=clock.now(),
        decided_at=clock.now(), **fields,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "verdict", "proven"),
    [
        (State.DECLARED, Verdict.OFFICIAL, False),
        (State.PROVEN, Verdict.OFFICIAL, True),
        (State.CONNECTED, Verdict.OFFICIAL, True),
        (State.DORMANT, Verdict.OFFICIAL, True),
        (State.LOST, Verdict.LOST, None),
        (State.RETIRED, Verdict.RETIRED, None),
        (State.IMPOSTOR, Verdict.IMPOSTOR, None),
    ],
)
def test_each_state_of_an_official_account_has_its_answer(cast, state, verdict, proven) -> None:
    declare(cast, state=state)
    answer = queries.check("IG: @PemkabBekasi")
    assert (answer.verdict, answer.proven) == (verdict, proven)


def test_the_answer_names_unit_place_and_letter(cast: Cast) -> None:
    made = actions.declare_account(cast.actor("joko"), cast.tambun_selatan.pk, handle="https://x.com/kec_tambun")
    letter = actions.note_letter(
        cast.actor("joko"), cast.tambun_selatan.pk, number="012/SK/2026", dated=date(2026, 3, 1)
    )
    Account.objects.filter(pk=made.pk).update(letter=letter)
    answer = queries.check("https://twitter.com/Kec_Tambun/status/1")
    assert answer.account is not None
    assert answer.account.unit == cast.tambun_selatan.name
    assert answer.above == (cast.root.name,)
    assert (answer.letter_number, answer.letter_dated) == ("012/SK/2026", date(2026, 3, 1))
    assert answer.since == clock.now().astimezone(clock.zone(cast.root.timezone)).date()


def test_a_retired_account_says_since_when(cast: Cast) -> None:
    declare(cast, state=State.RETIRED, state_since=datetime(2026, 5, 31, 20, 0, tzinfo=UTC))
    assert queries.check(LINK).since == date(2026, 6, 1)


def test_a_live_entry_counts_before_a_past_one(cast: Cast) -> None:
    declare(cast, state=State.RETIRED)
    declare(cast, state=State.DECLARED)
    assert queries.check(LINK).verdict == Verdict.OFFICIAL


@pytest.mark.parametrize(
    ("asked", "verdict"),
    [
        ("bekasikab.go.id", Verdict.OFFICIAL),
        ("https://www.bekasikab.go.id/berita/2026/banjir?x=1#a", Verdict.OFFICIAL),
        ("https://bekasikab.go.id.contoh.com/berita", Verdict.UNKNOWN),
        ("https://layanan.bekasikab.go.id", Verdict.UNKNOWN),
        ("https://sites.google.com/view/kecamatan/beranda", Verdict.OFFICIAL),
        ("https://sites.google.com/view/lain", Verdict.UNKNOWN),
    ],
)
def test_every_page_of_an_official_site_is_official(cast: Cast, asked: str, verdict: Verdict) -> None:
    declare(cast, "bekasikab.go.id")
    declare(cast, "https://sites.google.com/view/kecamatan")
    assert queries.check(asked).verdict == verdict


def test_pages_of_our_own_newsroom_are_ours(cast: Cast, settings) -> None:
    settings.PUBLIC_URL = "https://kabar.bekasikab.go.id"
    actions.declare_account(cast.actor("arif"), cast.root.pk, platform="newsroom", handle="kabar")
    assert queries.check("https://kabar.bekasikab.go.id/kabar/kabar/baca/banjir/").verdict == Verdict.OFFICIAL
    assert queries.check("https://kabar.bekasikab.go.id/kabar/lain/").verdict == Verdict.UNKNOWN


def test_a_confirmed_case_is_told_and_an_open_one_is_not(cast: Cast) -> None:
    confirmed = case(cast, "pemkab_palsu", "impostor")
    case(cast, "pemkab_palsu_2", "duplicate", same_as=confirmed)
    for state in ("new", "looking", "genuine", "not_ours"):
        case(cast, f"tetangga_{state}", state)
    assert queries.check("pemkab_palsu", "instagram").verdict == Verdict.IMPOSTOR
    assert queries.check("pemkab_palsu_2", "instagram").verdict == Verdict.IMPOSTOR
    for state in ("new", "looking", "genuine", "not_ours"):
        assert queries.check(f"tetangga_{state}", "instagram").verdict == Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("asked", "platform"),
    [
        ("pemkabbekas1", "instagram"),
        ("pemkab.bekasi.official", "instagram"),
        ("PEMKABBEKASI_RESMI", "tiktok"),
        ("pemkabbekassi", "tiktok"),
        ("pernkabbekasi", "instagram"),
        ("pеmkabbеkasi", "youtube"),
        ("pemkabbekasi@contoh.social", "mastodon"),
    ],
)
def test_a_name_that_resembles_an_official_one_is_said_to(cast: Cast, asked: str, platform: str) -> None:
    declare(cast)
    answer = queries.check(asked, platform)
    assert answer.verdict == Verdict.UNKNOWN
    assert [one.handle for one in answer.resembles] == ["pemkabbekasi"]


@pytest.mark.parametrize("asked", ["bekasikab-go-id.com", "bekasikab.com", "bekasikab.go.id.my.id", "bekas1kab.id"])
def test_sites_that_resemble_an_official_one_are_said_to(cast: Cast, asked: str) -> None:
    declare(cast, "bekasikab.go.id")
    assert [one.handle for one in queries.check(asked).resembles] == ["bekasikab.go.id"]


@pytest.mark.parametrize("asked", ["pemkabbandung", "bekasi", "kulinerbekasi", "pemuda_cikarang"])
def test_other_names_resemble_nothing(cast: Cast, asked: str) -> None:
    declare(cast)
    assert queries.check(asked, "instagram").resembles == ()


def test_a_retired_account_is_no_model_for_look_alikes(cast: Cast) -> None:
    declare(cast, state=State.RETIRED)
    assert queries.check("pemkabbekasi_resmi", "instagram").resembles == ()


def test_an_answer_does_not_wait_for_look_alikes(cast: Cast, monkeypatch) -> None:
    declare(cast)
    monkeypatch.setattr(checks, "PATIENCE_MS", 60)
    monkeypatch.setattr(
        checks,
        "TrigramSimilarity",
        lambda *_given: Func(template="(SELECT 1 FROM pg_sleep(9))", output_field=IntegerField()),
    )
    answer = queries.check("pemkabbekasi_resmi", "instagram")
    assert (answer.verdict, answer.resembles) == (Verdict.UNKNOWN, ())
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone()[0] == "0"


def test_what_cannot_be_read_says_so(cast: Cast) -> None:
    with pytest.raises(PlatformNeeded):
        queries.check("@pemkabbekasi")
    with pytest.raises(Unreadable):
        queries.check("https://bit.ly/3x")


# ---- members' own accounts ----


def _everything(client: Client, asked: str) -> tuple[list[bytes], list[str]]:
    """Return all that is said about a link, and all statements that it took."""
    cache.clear()
    said, ran = [], []
    for address, data in (("/cek/", {"q": asked}), ("/api/v1/registry/check", {"q": asked})):
        with CaptureQueriesContext(
            connection,
        ) as done:
            response = client.get(address, data)
        said.append(response.content + json.dumps(sorted(response.headers.items())).encode())
        ran += [re.sub(r"'[^']*'|\d+", "?", one["sql"]) for one in done.captured_queries]
        cache.clear()
    return said, ran


@pytest.mark.parametrize("state", State.values)
def test_a_members_own_account_is_told_from_nothing(cast: Cast, client: Client, state: str) -> None:
    declare(cast)
    asked = "https://www.instagram.com/maman.sukamahi"
    before = _everything(client, asked)
    own(cast, "maman.sukamahi", state)
    assert _everything(client, asked) == before


HANDLES = st.sampled_from(["pemkabbekasi", "pemkab.bekasi", "pemkabbekas1", "maman", "kec_tambun"])
ROWS = st.lists(st.tuples(HANDLES, st.sampled_from(State.values)), max_size=4, unique_by=lambda row: row[0])


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(official=ROWS, organic=ROWS, asked=HANDLES)
def test_no_own_account_ever_changes_an_answer(cast: Cast, official: list, organic: list, asked: str) -> None:
    with transaction.atomic():
        for handle, state in official:
            declare(cast, f"https://www.instagram.com/{handle}", State.DECLARED if state == "claimed" else state)
        cache.clear()
        before = queries.check(asked, "instagram")
        taken = {handle for handle, state in official if state in {"proven", "connected", "dormant"}}
        for handle, state in organic:
            if handle not in taken:
                own(cast, handle, state)
        cache.clear()
        assert queries.check(asked, "instagram") == before
        transaction.set_rollback(True)


@pytest.mark.parametrize("index", ["account_official_identity", "account_official_skeleton"])
def test_the_indexes_that_the_public_asks_hold_no_own_accounts(cast: Cast, index: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [index])
        assert re.search(r"WHERE .*kind.* = 'official'", cursor.fetchone()[0])


def test_look_alikes_can_be_found_by_their_index_alone(cast: Cast) -> None:
    declare(cast)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename = 'registry_account' AND indexdef LIKE '%official%'"
        )
        for (name,) in cursor.fetchall():
            if name != "account_official_skeleton":
                cursor.execute(f"DROP INDEX {name}")
        cursor.execute("SET LOCAL enable_seqscan = off")
    listed = Account.objects.filter(kind="official").annotate(skeleton=likeness.Skeleton("handle"))
    plan = listed.filter(skeleton__trigram_similar="pemkabbekasi").order_by().explain()
    assert "Index Scan on account_official_skeleton" in plan


@given(st.text(max_size=40))
def test_a_skeleton_is_its_own_skeleton(text: str) -> None:
    once = likeness.skeleton(text)
    assert likeness.skeleton(once) == once


@settings(max_examples=200)
@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789._-", min_size=1, max_size=30))
@pytest.mark.django_db
def test_the_database_makes_the_same_skeleton(handle: str) -> None:
    with connection.cursor() as cursor:
        sql = likeness.Skeleton.template % {"expressions": "%s"}
        cursor.execute(f"SELECT {sql}", [handle])
        assert cursor.fetchone()[0] == likeness.skeleton(handle)


# ---- page, API, command ----


def test_anybody_asks_the_page(cast: Cast, client: Client) -> None:
    declare(cast)
    empty = client.get("/cek/")
    assert empty.status_code == 200
    assert "noindex" not in empty.content.decode()
    answer = client.get("/cek/", {"q": LINK})
    assert cast.root.name in answer.content.decode()
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert "noindex" in answer.content.decode()
    assert "private" in answer.headers["Cache-Control"]
    again = client.get("/cek/", {"q": LINK}, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_a_bare_handle_is_asked_where_it_is(cast: Cast, client: Client) -> None:
    page = client.get("/cek/", {"q": "@pemkabbekasi"}).content.decode()
    assert "?q=%40pemkabbekasi&amp;platform=instagram" in page
    declare(cast)
    assert cast.root.name in client.get("/cek/?q=%40pemkabbekasi&platform=instagram").content.decode()


def test_a_handle_with_dots_may_be_a_site_or_an_account(cast: Cast, client: Client) -> None:
    declare(cast, "bekasikab.go.id")
    chooser = "platform=instagram"
    assert chooser in client.get("/cek/?q=kabar.bekasi.resmi").content.decode()
    assert chooser not in client.get("/cek/?q=bekasikab.go.id").content.decode()
    assert chooser not in client.get("/cek/?q=https://contoh.com").content.decode()


@pytest.mark.parametrize("asked", ["https://bit.ly/3x", "https://x.com/home", "x" * 1001, "<script>alert(1)</script>"])
def test_what_the_page_cannot_read_it_says(cast: Cast, client: Client, asked: str) -> None:
    answer = client.get("/cek/", {"q": asked, "platform": "x" if "<" in asked else ""})
    assert answer.status_code == 422
    assert "<script>" not in answer.content.decode()


def test_the_api_answers_without_a_token(cast: Cast, client: Client) -> None:
    declare(cast)
    answer = client.get("/api/v1/registry/check", {"q": LINK})
    told = answer.json()
    assert (answer.status_code, told["verdict"], told["account"]["unit"]) == (200, "official", cast.root.name)
    assert told["account"]["unit_url"].endswith(f"/cek/unit/{cast.root.slug}/")
    assert "public" in answer["Cache-Control"]
    assert answer["Access-Control-Allow-Origin"] == "*"
    again = client.get("/api/v1/registry/check", {"q": LINK}, headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304
    needed = client.get("/api/v1/registry/check", {"q": "pemkabbekasi"})
    assert (needed.status_code, needed.json()["error"]["code"]) == (422, "platform_needed")


def test_the_command_says_the_same(cast: Cast, run_command: Callable) -> None:
    declare(cast)
    assert run_command(check_command, LINK)["verdict"] == "official"
    assert run_command(check_command, "orang_lain", "--platform", "x")["verdict"] == "unknown"


def test_an_answer_is_kept_for_a_minute(cast: Cast, django_assert_num_queries) -> None:
    made = declare(cast)
    queries.check(LINK)
    Account.objects.filter(pk=made.pk).update(state=State.RETIRED)
    with django_assert_num_queries(1):
        assert queries.check(LINK).verdict == Verdict.OFFICIAL
    assert KEPT_SECONDS <= 60
    cache.delete(cache_key("instagram", "pemkabbekasi"))
    assert queries.check(LINK).verdict == Verdict.RETIRED


def test_the_number_of_queries_does_not_grow(cast: Cast, client: Client) -> None:
    def asked() -> int:
        cache.clear()
        with CaptureQueriesContext(connection) as done:
            client.get("/cek/", {"q": "https://www.instagram.com/pemkabbekas1"})
        return len(done)

    declare(cast)
    few = asked()
    for n in range(20):
        declare(cast, f"https://www.instagram.com/pemkabbekasi{'abcdefghijklmnopqrst'[n]}")
    assert asked() == few


def test_too_many_questions_are_refused_with_when_to_come_back(cast: Cast, client: Client, monkeypatch) -> None:
    monkeypatch.setattr("kentongan.registry.check.limits.CHECKS", 2)
    for _ in range(2):
        assert client.get("/api/v1/registry/check", {"q": LINK}).status_code == 200
    for address in ("/api/v1/registry/check", "/cek/"):
        refused = client.get(address, {"q": LINK})
        assert refused.status_code == 429
        assert 0 < int(refused["Retry-After"]) <= 60
    assert client.get("/cek/", {"q": LINK}, REMOTE_ADDR="198.51.100.7").status_code == 200
    assert not Tries.objects.filter(key__contains="127").exists()


@pytest.mark.django_db
def test_one_connection_of_ipv6_is_one_visitor(rf) -> None:
    for last in range(3):
        limits.visit(rf.get("/", REMOTE_ADDR=f"2001:db8:1:2::{last}"), "x", limit=3, seconds=60)
    with pytest.raises(TooMany):
        limits.visit(rf.get("/", REMOTE_ADDR="2001:db8:1:2:ffff::9"), "x", limit=3, seconds=60)
    limits.visit(rf.get("/", REMOTE_ADDR="2001:db8:1:3::1"), "x", limit=3, seconds=60)


# ---- a unit's page, badge and code ----


def test_a_units_page_shows_its_live_official_accounts_only(cast: Cast, client: Client) -> None:
    declare(cast)
    declare(cast, "https://x.com/pemkab_lama", State.RETIRED)
    own(cast, "maman.sukamahi")
    page = client.get(f"/cek/unit/{cast.root.slug}/").content.decode()
    assert "pemkabbekasi" in page
    assert "pemkab_lama" not in page
    assert "maman" not in page


def test_units_without_an_official_account_cannot_be_told_from_none(cast: Cast, client: Client) -> None:
    own(cast, "maman.sukamahi")
    for path in ("", "lencana.svg", "qr.svg", "qr.png"):
        hidden = client.get(f"/cek/unit/{cast.sukamahi.slug}/{path}")
        absent = client.get(f"/cek/unit/tidak-ada/{path}")
        assert (hidden.status_code, absent.status_code) == (404, 404)


def test_badge_and_codes_are_pictures_for_other_sites(cast: Cast, client: Client) -> None:
    declare(cast)
    type(cast.root).objects.filter(pk=cast.root.pk).update(name='Dinas <b>"Kominfo"</b> & lain-lain')
    for path, kind, start in (
        ("lencana.svg", "image/svg+xml", b"<svg"),
        ("qr.svg", "image/svg+xml", b"<?xml"),
        ("qr.png", "image/png", b"\x89PNG"),
    ):
        picture = client.get(f"/cek/unit/{cast.root.slug}/{path}")
        assert picture["Content-Type"].startswith(kind)
        assert picture.content.startswith(start)
        assert picture["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert "public" in picture["Cache-Control"]
        assert b"<b>" not in picture.content


def test_nobody_keeps_a_refusal(client: Client, cast: Cast) -> None:
    refused = client.get("/api/v1/registry/check", {"q": "pemkabbekasi"}, headers={"Accept-Encoding": "gzip"})
    assert refused.status_code == 422
    assert "public" not in refused.headers.get("Cache-Control", "")
    assert refused.json()["error"]["code"] == "platform_needed"
