"""The frame and the pages that belong to no single room."""

import gzip
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.mail import EmailMessage
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries

from kentongan.core import audit, clock, tokens
from kentongan.core.models import ApiToken, User
from kentongan.core.models.audit import AuditEntry
from kentongan.planning.models import ContentItem
from kentongan.web import errors, wall
from named_cast import Cast

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]

STAFF_PAGES = (
    "/dinding/",
    "/dinding/isi/",
    "/status/",
    "/cari/?q=cikarang",
    "/pengaturan/profil/",
    "/pengaturan/token/",
    "/akun/2fa/",
    "/akun/2fa/webauthn/",
    "/akun/email/",
    "/akun/password/change/",
    "/akun/sessions/",
)
OTHERS = [f"room_{room}" for room in tokens.ROOMS]
VISITOR_PAGES = ("/akun/login/", "/akun/login/code/", "/akun/password/reset/", "/luring/")


def test_a_visitor_is_led_to_signing_in(client: Client, cast: Cast) -> None:
    assert client.get("/").headers["Location"] == "/akun/login/"


def test_a_member_is_led_to_what_is_asked_of_them(cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.user("maman")).get("/").headers["Location"] == "/gerak/untuk-saya/"
    assert sign_in(cast.user("dewi")).get("/").headers["Location"] == "/simak/"


@pytest.mark.parametrize("path", VISITOR_PAGES)
def test_visitors_see_their_pages(client: Client, cast: Cast, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", STAFF_PAGES)
def test_staff_see_their_pages_and_visitors_do_not(client: Client, cast: Cast, sign_in: SignIn, path: str) -> None:
    assert "/akun/login/" in client.get(path).headers["Location"]
    answer = sign_in(cast.user("wulan")).get(path, follow=True)
    assert answer.status_code in (200, 401) or "reauthenticate" in answer.request["PATH_INFO"]


@pytest.mark.parametrize("path", [*STAFF_PAGES, *VISITOR_PAGES])
def test_no_page_holds_script_or_style_of_its_own(cast: Cast, sign_in: SignIn, client: Client, path: str) -> None:
    if path in STAFF_PAGES:
        sign_in(cast.user("wulan"))
    html = client.get(path, follow=True).content.decode()
    assert not re.search(r"<[^>]+\sstyle=", html)
    assert not re.search(r"<[^>]+\son[a-z]+=\"", html)
    for attributes, inner in re.findall(r"<script([^>]*)>(.*?)</script>", html, re.S):
        assert "src=" in attributes or 'type="application/json"' in attributes, inner
    assert "<style" not in html


def test_a_member_is_not_shown_the_wall(cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.user("maman")).get("/dinding/")
    assert answer.status_code == 403
    assert "Minta peran" in answer.content.decode() or "administrator" in answer.content.decode()


def test_rooms_are_shown_by_what_one_may_do(cast: Cast, sign_in: SignIn) -> None:
    member = sign_in(cast.user("maman")).get("/pengaturan/profil/").content.decode()
    assert 'href="/gerak/"' in member
    assert 'href="/simak/"' not in member
    staff = sign_in(cast.user("dewi")).get("/pengaturan/profil/").content.decode()
    assert 'href="/simak/"' in staff


def test_a_switch_changes_language_for_good(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.user("dewi"))
    assert 'lang="id"' in client.get("/pengaturan/profil/").content.decode()
    client.post("/tampilan/", {"language": "en", "theme": "dark", "next": "/pengaturan/profil/"})
    html = client.get("/pengaturan/profil/").content.decode()
    assert 'lang="en"' in html
    assert 'data-bs-theme="dark"' in html
    entry = AuditEntry.objects.filter(verb="web.profile.change").latest("id")
    assert entry.after == {"language": "en", "theme": "dark"}


@pytest.mark.parametrize("path", [*VISITOR_PAGES, "/tidak-ada/", "/siaran/"])
def test_pages_before_sign_in_are_indonesian_until_the_visitor_chooses(client: Client, cast: Cast, path: str) -> None:
    telephone = {"Accept-Language": "en-GB,en;q=0.9"}
    assert '<html lang="id"' in client.get(path, headers=telephone).content.decode()
    client.post("/tampilan/", {"language": "en", "next": path})
    assert '<html lang="en"' in client.get(path, headers={"Accept-Language": "id"}).content.decode()


def test_an_unknown_language_in_the_cookie_is_passed_over(client: Client, cast: Cast) -> None:
    client.cookies["language"] = "xx"
    assert '<html lang="id"' in client.get("/akun/login/").content.decode()


def test_a_user_is_written_to_in_their_own_language(cast: Cast, mailoutbox: list[EmailMessage]) -> None:
    User.objects.filter(pk=cast.user("dewi").pk).update(language="en")
    for name in ("dewi", "arif"):
        Client().post("/akun/login/code/", {"email": cast.user(name).email}, headers={"Accept-Language": "en"})
    english, indonesian = (mail.subject for mail in mailoutbox)
    assert english == "Kentongan: Sign-in code"
    assert indonesian not in ("", english)


def test_a_switch_leads_nowhere_else(client: Client, cast: Cast) -> None:
    answer = client.post("/tampilan/", {"language": "en", "next": "https://example.org/"})
    assert answer.headers["Location"] == "/"
    assert client.cookies["language"].value == "en"


def test_an_unknown_choice_is_refused(cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.user("dewi")).post("/tampilan/", {"theme": "pink"})
    assert answer.status_code == 422
    cast.user("dewi").refresh_from_db()
    assert cast.user("dewi").theme == "auto"


def test_a_token_is_shown_once_and_works_until_revoked(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.user("sari"))
    wanted = {"name": "Laporan", "days": "30", **dict.fromkeys(OTHERS, "none"), "room_listening": "read"}
    html = client.post("/pengaturan/token/", wanted).content.decode()
    secret = re.search(r"ktg_[\w-]+", html.split("k-secret")[1])
    assert secret is not None
    actor = tokens.authenticate(secret[0])
    assert actor is not None
    assert actor.scopes == {"listening:read"}
    assert secret[0] not in client.get("/pengaturan/token/").content.decode()
    client.post(f"/pengaturan/token/{ApiToken.objects.get().pk}/cabut/")
    assert tokens.authenticate(secret[0]) is None


def test_the_tokens_of_others_are_out_of_reach(cast: Cast, sign_in: SignIn) -> None:
    row, _secret = tokens.create(cast.actor("sari"), "Laporan", ["listening:read"])
    assert sign_in(cast.user("arif")).post(f"/pengaturan/token/{row.pk}/cabut/").status_code == 404


def test_the_audit_log_ends_at_ones_own_units(cast: Cast, sign_in: SignIn) -> None:
    everything = sign_in(cast.user("wulan")).get("/pengaturan/riwayat/").content.decode()
    assert "Hendra" in everything
    neighbour = sign_in(cast.user("joko")).get("/pengaturan/riwayat/").content.decode()
    assert "Hendra" not in neighbour
    assert "Euis" in neighbour
    assert sign_in(cast.user("dewi")).get("/pengaturan/riwayat/").status_code == 403


def test_the_audit_log_calls_users_by_name_and_finds_them_by_it(cast: Cast, sign_in: SignIn) -> None:
    sari = cast.user("sari")
    audit.record(cast.actor("sari"), cast.root, unit_id=cast.root.pk, verb="registry.unit.change")
    found = sign_in(cast.user("wulan")).get("/pengaturan/riwayat/", {"text": sari.name}).content.decode()
    assert f'title="{sari.email}">{sari.name}<' in found


@pytest.mark.parametrize(("path", "who"), [("/pengaturan/riwayat/", "wulan"), ("/pengaturan/organisasi/", "joko")])
def test_what_is_taken_along_ends_at_ones_own_units(cast: Cast, sign_in: SignIn, path: str, who: str) -> None:
    text = b"".join(sign_in(cast.user(who)).get(path, {"format": "csv"}).streaming_content).decode()
    assert "Euis" in text
    assert ("Hendra" in text) is (who == "wulan")
    assert sign_in(cast.user("dewi")).get(path, {"format": "csv"}).status_code == 403


def test_search_finds_units_within_ones_own_tree(cast: Cast, sign_in: SignIn) -> None:
    assert "Desa Sukamahi" in sign_in(cast.user("dewi")).get("/cari/?q=sukamahi").content.decode()
    assert "Desa Sukamahi" not in sign_in(cast.user("joko")).get("/cari/?q=sukamahi").content.decode()


def test_the_frame_costs_few_queries(
    cast: Cast, sign_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = sign_in(cast.user("dewi"))
    client.get("/pengaturan/profil/")
    with django_assert_max_num_queries(6):
        client.get("/pengaturan/profil/")


def test_the_wall_costs_a_fixed_number_of_queries(
    cast: Cast, sign_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = sign_in(cast.user("wulan"))
    client.get("/dinding/isi/")
    with django_assert_max_num_queries(43):
        client.get("/dinding/isi/")


def test_the_wall_says_what_was_made_each_day_beside_yesterday(
    cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    noon = datetime(2026, 11, 18, 5, 0, tzinfo=UTC)  # a Wednesday, 12.00 WIB
    monkeypatch.setattr(clock, "now", lambda: noon)
    for hours in (1, 2, 3, 25, 20, 40):  # three today, one yesterday before noon, one after, one the day before
        item = ContentItem.objects.create(
            unit=cast.root, title="Jalan", text="Jalan", purpose="service", created_by=cast.user("dewi")
        )
        ContentItem.objects.filter(pk=item.pk).update(created_at=noon - timedelta(hours=hours))
    shown = wall.wall(cast.actor("wulan"), cast.root).production
    assert [(bar.label, bar.value) for bar in shown.bars[-3:]] == [("Sen", 1), ("Sel", 2), ("Rab", 3)]
    assert (shown.made, shown.before) == (3, "▲ 2 dari kemarin pada jam ini")


def test_what_nobody_measured_is_not_zero_on_the_wall(cast: Cast, sign_in: SignIn) -> None:
    html = sign_in(cast.user("wulan")).get("/dinding/isi/").content.decode()
    reach = html[html.index("Jangkauan") :]
    assert "belum dilaporkan" in reach


def test_the_phone_can_install_it(client: Client, cast: Cast) -> None:
    manifest = client.get("/manifest.webmanifest").json()
    assert {icon["sizes"] for icon in manifest["icons"]} >= {"192x192", "512x512"}
    assert all(finders.find(icon["src"].removeprefix("/static/")) for icon in manifest["icons"])
    worker = client.get("/sw.js")
    assert worker.headers["Content-Type"].startswith("text/javascript")
    kept = re.findall(r'"(/[^"]+)"', worker.content.decode())
    assert "/luring/" in kept
    assert all(path.startswith(("/static/", "/luring/")) for path in kept), "nothing private is kept"


def test_an_unknown_address_says_what_to_do(client: Client, cast: Cast) -> None:
    answer = client.get("/tidak-ada/")
    assert answer.status_code == 404
    assert "Ke halaman depan" in answer.content.decode()


def test_a_form_without_its_token_is_refused_in_words(cast: Cast) -> None:
    answer = Client(enforce_csrf_checks=True).post("/tampilan/", {"language": "en"})
    assert answer.status_code == 403
    assert "Formulir ini kedaluwarsa" in answer.content.decode()


def test_our_own_mistake_is_told_without_the_database() -> None:
    request = RequestFactory().get("/simak/")
    answer = errors.server_error(request)
    assert answer.status_code == 500
    assert "Ada yang keliru di pihak kami." in answer.content.decode()


def _compressed(path: str) -> int:
    found = finders.find(path.removeprefix("/static/"))
    assert isinstance(found, str), path
    data = Path(found).read_bytes()
    return len(data) if path.endswith((".woff2", ".png")) else len(gzip.compress(data))


def test_public_pages_are_light_on_first_load(client: Client, cast: Cast) -> None:
    answer = client.get("/luring/")
    html = answer.content.decode()
    parts = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', html))
    assert any(part.endswith("public.css") for part in parts)
    assert not any("tabler" in part or part.endswith(".woff2") for part in parts)
    assert len(gzip.compress(answer.content)) + sum(map(_compressed, parts)) < 60_000
