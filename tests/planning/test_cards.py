"""Link cards: fetched once from the page itself, again when asked, within limits, never from private networks."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from core.pictures import opened, photo
from kentongan.cli import plan
from kentongan.core import clock, files, http, jobs, tokens
from kentongan.core.errors import Conflict, NotAllowed, NotFound, TooMany
from kentongan.core.models import AuditEntry, Job, StoredFile, User
from kentongan.planning import actions, approvals, cards, queries
from kentongan.planning.actions import cards as writing
from kentongan.planning.drafts import ItemDraft, RenditionDraft
from kentongan.planning.models import ContentItem, LinkCard, Rendition
from named_cast import SYSTEM, Cast
from servers.stub import Asked, Said, serving

from .conftest import ROAD

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
HEAD = """<html><head><title>Judul biasa</title>
<meta property="og:title" content="Jalan Setu ditutup &amp; dialihkan">
<meta property="og:description" content="Lewat jalur Serang
  sampai Jumat."><meta property="og:site_name" content="Pemkab Bekasi">
<meta property="og:image" content="/gambar.jpg"></head><body>isi</body></html>"""


@dataclass
class Site:
    """A website whose pages tests write: what it says by path, and which paths were asked for."""

    pages: dict[str, Said] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def __call__(self, asked: Asked) -> Said:
        self.asked.append(asked.path)
        return self.pages.get(asked.path, Said(b"nothing", 404))

    def html(self, path: str, text: str | bytes, media_type: str = "text/html; charset=utf-8", **more: str) -> str:
        """Put a page there and return its address."""
        body = text.encode() if isinstance(text, str) else text
        self.pages[path] = Said(body, headers={"Content-Type": media_type, **more})
        return self.url + path


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A website with one page, which has a picture."""
    made = Site()
    with serving(made) as made.url:
        made.html("/jalan", HEAD)
        made.html("/gambar.jpg", photo(tmp_path / "besar.jpg", 2_400, 1_260).read_bytes(), "image/jpeg")
        yield made


@pytest.fixture
def english(cast: Cast) -> Iterator[None]:
    User.objects.update(language="en")
    with translation.override("en"):
        yield


@pytest.fixture
def linked(cast: Cast, draft: ItemDraft, rules_loaded: None, site: Site) -> ContentItem:
    """Dewi's draft with a link in its versions for Bluesky and Mastodon."""
    versions = {
        "bluesky": RenditionDraft(ROAD[:200], link=f"{site.url}/jalan"),
        "mastodon": RenditionDraft(f"{ROAD[:200]} {site.url}/jalan"),
    }
    return actions.create_item(cast.actor("dewi"), replace(draft, renditions=versions), unit_id=cast.root.pk)


def fetch(cast: Cast, item: ContentItem, again: str = "") -> LinkCard:
    job = actions.ask_cards(cast.actor("dewi"), item.pk, again=again)
    assert job is not None
    assert jobs.run_now(job).state == Job.State.DONE
    return item.cards.get()


def test_a_page_is_asked_once_for_all_versions_and_its_picture_is_our_own_copy(cast: Cast, site: Site, linked):
    card = fetch(cast, linked)
    assert (card.title, card.description) == ("Jalan Setu ditutup & dialihkan", "Lewat jalur Serang sampai Jumat.")
    assert (card.state, card.site) == (LinkCard.State.KNOWN, "Pemkab Bekasi")
    assert site.asked == ["/jalan", "/gambar.jpg"]
    copy = opened(files.path(card.picture).read_bytes())
    assert copy.width == 1_200
    assert card.picture.size <= 300_000
    assert not dict(copy.getexif())
    assert (card.picture.unit_id, card.picture.capability) == (cast.root.pk, "listen")
    assert actions.ask_cards(cast.actor("dewi"), linked.pk) is None
    verbs = AuditEntry.objects.filter(verb__startswith="planning.card").values_list("verb", flat=True)
    assert sorted(verbs) == ["planning.card.ask", "planning.card.keep"]


def test_it_is_fetched_again_when_asked_and_only_its_own_addresses(cast: Cast, site: Site, linked):
    fetch(cast, linked)
    site.html("/jalan", "<title>Jalan Setu dibuka</title>")
    card = fetch(cast, linked, again=f"{site.url}/jalan")
    assert (card.title, card.picture, card.site) == ("Jalan Setu dibuka", None, "127.0.0.1")
    with pytest.raises(NotFound):
        actions.ask_cards(cast.actor("dewi"), linked.pk, again=f"{site.url}/lain")


@pytest.mark.parametrize(
    ("body", "media_type", "title"),
    [
        ("<title>Café Bekasi</title>".encode("latin-1"), "text/html; charset=iso-8859-1", "Café Bekasi"),
        ('<meta charset="windows-1252"><title>“Setu”</title>'.encode("cp1252"), "text/html", "“Setu”"),
        (b'<meta charset="tidak-ada"><title>Setu</title>', "text/html", "Setu"),
        ("<title>Setu é</title>".encode(), "application/xhtml+xml", "Setu é"),
        (b"<title>Setu\x00\x07 dua\xff</title>", "text/html", "Setu dua�"),
        (f"<title>{'x' * 400}</title>".encode(), "text/html", "x" * 299 + "…"),
        (b'<meta name="twitter:title" content="Dari X"><title>Lain</title>', "text/html", "Dari X"),
        (b"<title>Dalam</title>" + b"<div>" * 50_000, "text/html", "Dalam"),
        (b"<title>Setu</title>", "text/html; charset=hex", "Setu"),
        (b"<title>Setu</title>", "text/html; charset=rot13", "Setu"),
        (b'<meta charset="zip"><title>Setu</title>', "text/html", "Setu"),
        (rb"<title>Setu \ud800</title>", "text/html; charset=unicode_escape", r"Setu \ud800"),
        (b"<title>Setu-</title>", "text/html; charset=punycode", "Setu-"),
        ("<title>Café</title>".encode("cp1252"), 'text/html; charset="windows-1252"', "Café"),
        (b"<![kotak[ <!-- tak ditutup --><title>Setu</title>", "text/html", "Setu"),
        (b"<head><title>Setu</title></head>" + b"<!--" * 900_000, "text/html", "Setu"),
    ],
)
def test_pages_as_they_are_found_are_read(site: Site, body: bytes, media_type: str, title: str):
    assert cards.fetch(site.html("/x", body, media_type)).title == title


@pytest.mark.parametrize(
    ("picture", "media_type"),
    [
        (b"<svg/>", "image/svg+xml"),
        (b"no picture at all", "image/jpeg"),
        (b"", "image/jpeg"),
        (b"GIF89a", "text/html"),
    ],
)
def test_a_picture_that_cannot_be_used_is_left_out(site: Site, picture: bytes, media_type: str):
    site.html("/gambar.jpg", picture, media_type)
    found = cards.fetch(f"{site.url}/jalan")
    assert (found.title, found.picture) == ("Jalan Setu ditutup & dialihkan", None)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (Said(b"gone", 410), "410"),
        (Said(b"%PDF", headers={"Content-Type": "application/pdf"}), "another kind of content (application/pdf)"),
        (Said(b"<p>tanpa judul</p>"), "has no title"),
        (Said(b"x" * (5 << 20)), "longer than"),
        (Said(b"", 302, {"Location": "ftp://lain.id/x"}), "must not be called"),
        (Said(b"", 302, {"Location": "/putar"}), "redirects"),
    ],
)
def test_what_fails_is_kept_with_its_reason_and_shown(cast, sign_in: SignIn, site: Site, linked, english, said, told):
    site.pages["/jalan"] = site.pages["/putar"] = said
    card = fetch(cast, linked)
    assert card.state == LinkCard.State.FAILED
    assert told in card.problem
    page = sign_in(cast.user("dewi")).get(reverse("planning:item", args=[linked.pk])).content.decode()
    assert told.partition("(")[0] in page
    assert "Fetch again" in page


def test_a_page_that_names_no_address_for_its_picture_has_none(site: Site):
    found = cards.fetch(site.html("/x", '<title>Setu</title><meta property="og:image" content="http://[x">'))
    assert (found.title, found.picture) == ("Setu", None)


@pytest.mark.parametrize("where", ["reading", "keeping"])
def test_a_page_that_breaks_us_is_its_own_cards_failure(cast, site, draft, rules_loaded, monkeypatch, where: str):
    site.html("/rusak", "<title>Rusak</title>")
    versions = {
        "bluesky": RenditionDraft(ROAD[:200], link=f"{site.url}/rusak"),
        "mastodon": RenditionDraft(ROAD[:200], link=f"{site.url}/jalan"),
    }
    item = actions.create_item(cast.actor("dewi"), replace(draft, renditions=versions), unit_id=cast.root.pk)
    job, fetch_one = actions.ask_cards(cast.actor("dewi"), item.pk), cards.fetch

    def broken(url: str) -> cards.Found:
        if url.endswith("/jalan"):
            return fetch_one(url)
        if where == "reading":
            raise RecursionError
        return cards.Found("Rusak \x00", "", "")  # PostgreSQL takes no such text

    monkeypatch.setattr(cards, "fetch", broken)
    assert job is not None
    assert jobs.run_now(job).result == {"known": 1, "failed": 1}
    assert dict(item.cards.values_list("state", "title")) == {"failed": "", "known": "Jalan Setu ditutup & dialihkan"}
    assert item.cards.get(state="failed").problem
    assert not item.cards.filter(state="asked").exists()


def test_without_deliveries_a_card_changes_no_version(cast: Cast, linked):
    fetch(cast, linked)
    fetch(cast, linked, again=linked.cards.get().url)
    linked.refresh_from_db()
    assert linked.version == 1


def test_a_page_that_does_not_answer_is_given_up(cast: Cast, site: Site, linked, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cards, "SECONDS", 0.2)
    slow = Site.__call__

    def late(self: Site, asked: Asked) -> Said:
        time.sleep(0.6)
        return slow(self, asked)

    monkeypatch.setattr(Site, "__call__", late)
    assert fetch(cast, linked).state == LinkCard.State.FAILED


@pytest.mark.parametrize("place", ["page", "redirect", "picture"])
def test_private_networks_are_never_called(cast, site: Site, linked, settings, monkeypatch, place: str):
    """By the page, by a redirect of it, or for its picture: refused where the connection is made."""
    real = http.is_permitted
    if place == "page":
        settings.KENTONGAN_ALLOW_LOCAL_NETWORK = False
    else:  # the page itself may be called; 127.0.0.2 stands for a private network
        monkeypatch.setattr(http, "is_permitted", lambda one, local: str(one) != "127.0.0.2" and real(one, local=local))
    inside = site.url.replace("127.0.0.1", "127.0.0.2")
    if place == "redirect":
        site.pages["/jalan"] = Said(b"", 302, {"Location": f"{inside}/rahasia"})
    if place == "picture":
        site.html("/jalan", HEAD.replace("/gambar.jpg", f"{inside}/rahasia"))
    card = fetch(cast, linked)
    assert "/rahasia" not in site.asked
    if place == "picture":
        assert (card.state, card.picture) == (LinkCard.State.KNOWN, None)
    else:
        assert card.state == LinkCard.State.FAILED
        assert card.title == ""
    assert place != "page" or site.asked == []


def test_a_worker_that_was_killed_is_followed_by_another(cast: Cast, site: Site, linked):
    job = actions.ask_cards(cast.actor("dewi"), linked.pk)
    assert job is not None
    card = linked.cards.get()
    assert (card.state, card.is_slow) == (LinkCard.State.ASKED, False)
    assert actions.ask_cards(cast.actor("dewi"), linked.pk, again=card.url) is None
    LinkCard.objects.update(asked_at=clock.now() - timedelta(minutes=3))
    assert linked.cards.get().is_slow
    assert fetch(cast, linked, again=card.url).state == LinkCard.State.KNOWN
    jobs.run_now(job)  # the first worker comes back: nothing waits for it any more
    assert site.asked == ["/jalan", "/gambar.jpg"]


def test_an_answer_to_an_earlier_question_changes_nothing(cast: Cast, linked):
    actions.ask_cards(cast.actor("dewi"), linked.pk)
    card = linked.cards.get()
    late = cards.Found("Lama", "", "")
    kept = actions.keep_card(SYSTEM, card.pk, asked_at=card.asked_at - timedelta(minutes=9), found=late)
    assert kept is None
    assert linked.cards.get().state == LinkCard.State.ASKED
    LinkCard.objects.all().delete()
    assert actions.keep_card(SYSTEM, card.pk, asked_at=card.asked_at, found=late) is None


def test_a_card_whose_link_was_taken_out_goes(cast: Cast, linked, draft: ItemDraft):
    fetch(cast, linked)
    actions.change_item(cast.actor("dewi"), linked.pk, draft, version=1)
    assert actions.ask_cards(cast.actor("dewi"), linked.pk) is None
    assert not LinkCard.objects.exists()


def test_an_item_and_a_person_have_a_limit(cast: Cast, linked, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(writing, "PER_HOUR", 2)
    fetch(cast, linked)
    fetch(cast, linked, again=linked.cards.get().url)
    with pytest.raises(TooMany):
        actions.ask_cards(cast.actor("dewi"), linked.pk, again=linked.cards.get().url)
    assert linked.cards.get().state == LinkCard.State.KNOWN
    monkeypatch.setattr(writing, "PER_ITEM", 1)
    linked.renditions.filter(kind="mastodon").update(text="Baca https://bekasikab.go.id/lain")
    assert actions.ask_cards(cast.actor("dewi"), linked.pk) is None


def test_only_web_addresses_of_versions_that_show_cards_are_fetched():
    rows = [
        Rendition(kind="x", text="a", link="javascript:alert(1)"),
        Rendition(kind="x", text="a", link="https://a.id/" + "b" * 500),
        Rendition(kind="instagram", text="https://instagram.id"),
        Rendition(kind="facebook", text="Baca https://bekasikab.go.id/satu dan https://bekasikab.go.id/dua"),
        Rendition(kind="bluesky", text="a", link="https://bekasikab.go.id/satu"),
    ]
    assert cards.addresses(rows) == ["https://bekasikab.go.id/satu"]


def test_who_may_not_write_fetches_nothing(cast: Cast, sign_in: SignIn, linked):
    for name, error in (("sari", NotAllowed), ("euis", NotFound)):
        with pytest.raises(error):
            actions.ask_cards(cast.actor(name), linked.pk)
    address = reverse("planning:item_cards", args=[linked.pk])
    assert sign_in(cast.user("sari")).post(address).status_code == 403
    assert sign_in(cast.user("dewi")).get(address).status_code == 405
    assert not Job.objects.filter(kind="planning.cards").exists()


def test_saving_has_new_links_fetched_and_the_page_says_how_it_stands(
    cast: Cast, sign_in: SignIn, site: Site, linked, english
):
    client = sign_in(cast.user("dewi"))
    address = reverse("planning:item", args=[linked.pk])
    assert "Its card is not fetched yet." in client.get(address).content.decode()
    form = {"unit": cast.root.code, "title": "Jalan Setu", "purpose": "service", "language": "id", "text": ROAD}
    sent = form | {"version": 1, "mastodon_text": f"Baca {site.url}/jalan", "bluesky_text": ROAD[:200]}
    assert client.post(reverse("planning:item_edit", args=[linked.pk]), sent).status_code == 302
    page = client.get(address).content.decode()
    assert "Its card is being fetched." in page
    assert 'hx-trigger="load delay:3s"' in page
    jobs.run_now(Job.objects.get(kind="planning.cards"))
    page = client.get(address).content.decode()
    assert '<p class="pv-card-title">Jalan Setu ditutup &amp; dialihkan</p>' in page
    assert LinkCard.objects.get().picture.get_absolute_url() in page
    assert site.url + "/gambar.jpg" not in page
    assert "load delay:3s" not in page
    assert client.get(LinkCard.objects.get().picture.get_absolute_url()).status_code == 200


def test_an_approval_covers_the_card_that_was_seen(cast: Cast, site: Site, linked, approve):
    fetch(cast, linked)
    actions.submit(cast.actor("dewi"), linked.pk)
    seen = queries.item_page(cast.actor("hendra"), linked.pk)
    assert seen.effects.count == 0
    site.html("/jalan", "<title>Lain sekali</title>")
    fetch(cast, linked, again=f"{site.url}/jalan")
    with pytest.raises(Conflict):
        approve(cast.actor("hendra"), linked, effects=seen.effects.digest)
    linked.refresh_from_db()
    approved = approve(cast.actor("hendra"), linked, effects=approvals.effects(linked).digest)
    with pytest.raises(Conflict):
        actions.ask_cards(cast.actor("dewi"), approved.pk, again=f"{site.url}/jalan")
    assert linked.cards.get().title == "Lain sekali"


def test_the_command_line_says_what_confirms_the_cards(cast: Cast, linked, run_command):
    fetch(cast, linked)
    shown = run_command(plan, "show", linked.pk, "--as", "hendra@example.id")
    assert shown["effects"] == {"count": 0, "digest": approvals.effects(linked).digest}
    assert shown["effects"]["digest"]


def test_a_card_that_comes_after_the_approval_is_not_kept(cast: Cast, linked, approve):
    job = actions.ask_cards(cast.actor("dewi"), linked.pk)
    assert job is not None
    approve(cast.actor("hendra"), actions.submit(cast.actor("dewi"), linked.pk))
    jobs.run_now(job)
    card = linked.cards.get()
    assert (card.state, card.title) == (LinkCard.State.FAILED, "")
    assert not card.is_known


def test_the_database_holds_cards_to_their_rules(linked):
    with pytest.raises(IntegrityError), transaction.atomic():
        LinkCard.objects.create(item=linked, url="https://a.id", state="known", asked_at=clock.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        LinkCard.objects.create(
            item=linked, url="https://a.id", state="failed", asked_at=clock.now(), answered_at=clock.now()
        )


def test_looking_at_many_asks_as_often_as_at_one(cast: Cast, sign_in: SignIn, site: Site, linked, draft: ItemDraft):
    client = sign_in(cast.user("hendra"))

    def asked() -> int:
        with CaptureQueriesContext(connection) as queried:
            assert client.get(reverse("planning:look")).status_code == 200
        return len(queried)

    fetch(cast, linked)
    actions.submit(cast.actor("dewi"), linked.pk)
    asked()
    few = asked()
    for n in range(4):
        versions = {"bluesky": RenditionDraft(f"Kabar {n}", link=f"{site.url}/jalan")}
        item = actions.create_item(cast.actor("dewi"), replace(draft, renditions=versions), unit_id=cast.root.pk)
        fetch(cast, item)
        actions.submit(cast.actor("dewi"), item.pk)
    assert asked() == few
    assert StoredFile.objects.filter(capability="listen").count() == 1


def test_the_api_has_cards_fetched_and_shows_them(cast: Cast, sign_in: SignIn, site: Site, linked):
    token = tokens.create(cast.actor("dewi"), "naskah", ["planning:read", "planning:write"])[1]
    client, address = Client(headers={"Authorization": f"Bearer {token}"}), f"/api/v1/planning/items/{linked.pk}/cards"
    answer = client.post(address, "{}", content_type="application/json")
    assert answer.status_code == 202
    assert [(one["url"], one["state"]) for one in answer.json()["cards"]] == [(f"{site.url}/jalan", "asked")]
    jobs.run_now(Job.objects.get(kind="planning.cards"))
    (card,) = client.get(f"/api/v1/planning/items/{linked.pk}").json()["cards"]
    assert (card["state"], card["title"]) == ("known", "Jalan Setu ditutup & dialihkan")
    wrong = client.post(address, '{"again": "https://lain.id"}', content_type="application/json")
    assert wrong.status_code == 404
