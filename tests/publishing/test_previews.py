"""A delivery's page draws what goes out, not what the item says by now, and shows its pictures to nobody else."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.urls import reverse

from core import samples
from core.pictures import opened, photo
from kentongan.core import clock, files, jobs
from kentongan.core.errors import Unavailable
from kentongan.core.models import AuditEntry, FittedFile, Job, StoredFile
from kentongan.planning import actions as planning
from kentongan.planning import cards
from kentongan.planning.models import ContentItem, LinkCard, Rendition
from kentongan.publishing import content, tasks
from kentongan.publishing.actions import card_pictures
from kentongan.publishing.states import State
from named_cast import SYSTEM
from publishing.desk import Desk, Platform
from publishing.test_media import add, approved, sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def scheduled(desk: Desk, platform: Platform, sign_in, tmp_path: Path):
    """A delivery to Mastodon with one photograph."""
    item = desk.item(
        kinds=["mastodon"], text="Jalan Setu ditutup. #JalanSetu https://bekasikab.go.id/berita/jalan-setu"
    )
    add(desk, item, sign_in, sent(photo(tmp_path / "setu.jpg", 1_600, 900)))
    return desk.schedule(desk.account(), item=approved(desk, item))


def test_it_draws_what_was_fixed_with_the_accounts_name(desk: Desk, scheduled, sign_in):
    ContentItem.objects.update(state="draft", approved_by=None, approved_at=None)
    Rendition.objects.update(text="Teks lain sama sekali")
    page = sign_in(desk.cast.user("hendra")).get(reverse("publishing:delivery", args=[scheduled.pk])).content.decode()
    assert '<span class="pv-tag">#JalanSetu</span>' in page
    assert '<span class="pv-link">bekasikab.go.id/berita/jalan-s…</span>' in page
    assert "Teks lain" not in page
    assert scheduled.account.handle in page
    assert 'alt="Perbaikan Jalan Setu"' in page


def test_the_picture_shown_is_the_copy_that_goes_out(desk: Desk, scheduled, sign_in):
    client, address = sign_in(desk.cast.user("hendra")), reverse("publishing:sent", args=[scheduled.pk, 0])
    assert address in client.get(reverse("publishing:delivery", args=[scheduled.pk])).content.decode()
    assert client.get(address).status_code == 404  # never what was uploaded, with its place and camera
    jobs.run_now(Job.objects.get(kind="planning.fit"))
    assert FittedFile.objects.exists()
    answer = client.get(address)
    copy = b"".join(answer.streaming_content)
    assert b"Telepon" not in copy
    assert not dict(opened(copy).getexif())
    assert answer["Cache-Control"] == "private, max-age=3600"
    assert "sandbox" in answer["Content-Security-Policy"]
    part = client.get(address, headers={"Range": "bytes=2-5"})
    assert (part.status_code, b"".join(part.streaming_content)) == (206, copy[2:6])
    assert part["Content-Range"] == f"bytes 2-5/{len(copy)}"


def test_the_page_loads_a_small_copy_of_what_goes_out(desk: Desk, scheduled, sign_in):
    client, address = sign_in(desk.cast.user("hendra")), reverse("publishing:sent_small", args=[scheduled.pk, 0])
    assert f'src="{address}"' in client.get(reverse("publishing:delivery", args=[scheduled.pk])).content.decode()
    assert client.get(address).status_code == 404  # as long as nothing is made that goes out
    jobs.run_now(Job.objects.get(kind="planning.fit"))
    answer = client.get(address)
    small = opened(b"".join(answer.streaming_content))
    assert (answer["Content-Type"], small.format) == ("image/webp", "WEBP")
    assert 400 <= small.width <= 800
    assert not dict(small.getexif())
    assert "sandbox" in answer["Content-Security-Policy"]
    assert sign_in(desk.cast.user("euis")).get(address).status_code == 404


def test_the_pictures_of_cards_are_looked_up_by_an_index(desk: Desk):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")
    assert "delivery_card_picture" in card_pictures.unused().explain()


def test_pictures_and_videos_go_out_in_the_order_of_the_item(desk: Desk, platform: Platform, sign_in, tmp_path: Path):
    item = desk.item(kinds=["newsroom"])
    add(desk, item, sign_in, sent(samples.FOLDER / "jalan.mp4"))
    add(desk, item, sign_in, sent(photo(tmp_path / "setu.jpg", 1_600, 900)))
    rendition, assets = item.renditions.get(), list(item.assets.select_related("file"))
    fixed = content.fixed(item, rendition, assets)
    assert fixed["order"] == "vi"
    assert "order" not in content.fixed(item, rendition, assets[::-1])


def test_only_who_sees_the_delivery_sees_its_pictures(desk: Desk, scheduled, sign_in, client):
    address = reverse("publishing:sent", args=[scheduled.pk, 0])
    assert sign_in(desk.cast.user("euis")).get(address).status_code == 404
    assert sign_in(desk.cast.user("maman")).get(address).status_code in {403, 404}
    client.logout()
    assert client.get(address).status_code == 302
    hendra = sign_in(desk.cast.user("hendra"))
    assert hendra.get(reverse("publishing:sent", args=[scheduled.pk, 7])).status_code == 404
    StoredFile.objects.update(erased_at=scheduled.created_at)
    assert hendra.get(address).status_code == 404


LINK = "https://bekasikab.go.id/berita/jalan-setu"


@pytest.fixture
def carded(desk: Desk, tmp_path: Path) -> ContentItem:
    """An approved item for Bluesky and Mastodon with a link whose card the approver saw."""
    item = desk.item(kinds=["bluesky", "mastodon"], text=f"Jalan Setu ditutup. {LINK}")
    with photo(tmp_path / "kartu.jpg", 1_200, 630).open("rb") as picture:
        kept = files.store(SYSTEM, picture, "kartu.jpg", unit_id=item.unit_id)
    moment = item.approved_at - timedelta(minutes=1)
    item.cards.create(
        url=LINK,
        state="known",
        title="Jalan Setu ditutup",
        description="Lewat jalur Serang.",
        site="Pemkab Bekasi",
        picture=kept,
        asked_at=moment,
        answered_at=moment,
    )
    return item


def test_the_card_is_fixed_when_it_is_scheduled_and_goes_out_with_every_attempt(desk: Desk, carded: ContentItem):
    delivery = desk.schedule(desk.account("bluesky"), item=carded)
    first = content.post_of(delivery)
    assert first.card is not None
    assert (first.card.url, first.card.title, first.card.description) == (
        LINK,
        "Jalan Setu ditutup",
        "Lewat jalur Serang.",
    )
    assert first.card.picture is not None
    assert first.card.picture.media_type == "image/jpeg"
    LinkCard.objects.update(title="Lain sekali")
    delivery.refresh_from_db()
    assert content.post_of(delivery).digest() == first.digest()
    delivery.content["card"]["title"] = "Lain sekali"
    assert content.post_of(delivery).digest() != first.digest()


@pytest.mark.parametrize("state", ["asked", "failed"])
def test_a_card_that_is_not_known_does_not_go_out(desk: Desk, carded: ContentItem, state: str):
    LinkCard.objects.update(state=state, problem="x", answered_at=clock.now() if state == "failed" else None)
    assert "card" not in desk.schedule(desk.account("bluesky"), item=carded).content


def test_an_approved_card_goes_out_though_the_worker_s_clock_is_ahead(desk: Desk, carded: ContentItem):
    LinkCard.objects.update(answered_at=carded.approved_at + timedelta(minutes=3))
    assert desk.schedule(desk.account("bluesky"), item=carded).content["card"]["title"] == "Jalan Setu ditutup"


def keep(card: LinkCard, title: str) -> None:
    card.refresh_from_db()
    planning.keep_card(SYSTEM, card.pk, asked_at=card.asked_at, found=cards.Found(title, "", ""))


@pytest.mark.parametrize("when", ["replaced", "late", "first"])
def test_what_was_scheduled_with_another_card_waits_for_a_person(desk: Desk, carded: ContentItem, when: str):
    """Replaced before it is approved anew, on its way then, or fetched for the first time since it was scheduled."""
    if when == "first":
        carded.cards.all().delete()
    delivery = desk.schedule(desk.account("bluesky"), item=carded)
    assert ("card" in delivery.content) is (when != "first")
    planning.request_changes(desk.cast.actor("hendra"), carded.pk, "Kartunya lama.")
    assert planning.ask_cards(desk.cast.actor("dewi"), carded.pk, again="" if when == "first" else LINK)
    card = carded.cards.get()
    if when == "late":
        approved(desk, carded)
        keep(card, "Baru")
    else:
        keep(card, "Baru")
        approved(desk, carded)
    assert desk.run() == [None]
    assert desk.state(delivery) == State.HELD
    carded.refresh_from_db()
    assert carded.version > delivery.item_version
    anew = desk.schedule(desk.account("bluesky", handle="lain"), item=carded)
    assert anew.content.get("card", {}).get("title") == (None if when == "late" else "Baru")
    keep(card, "Lain")  # an answer that nobody waits for
    carded.refresh_from_db()
    assert carded.version == anew.item_version


def test_a_post_whose_cards_picture_is_gone_is_not_sent_without_it(desk: Desk, carded: ContentItem):
    delivery = desk.schedule(desk.account("bluesky"), item=carded)
    LinkCard.objects.all().delete()
    StoredFile.objects.all().delete()
    with pytest.raises(Unavailable):
        content.post_of(delivery)


def test_pictures_of_cards_that_nothing_names_are_thrown_away(desk: Desk, carded: ContentItem, tmp_path: Path):
    def kept(name: str, age: int = 2, **more: object) -> StoredFile:
        with photo(tmp_path / "x.jpg", 60, 40, orientation=len(made) + 1).open("rb") as picture:
            file = files.store(SYSTEM, picture, name, unit_id=carded.unit_id)
        StoredFile.objects.filter(pk=file.pk).update(created_at=clock.now() - timedelta(days=age), **more)
        made.append(file)
        return file

    made: list[StoredFile] = []
    ours = LinkCard.PICTURE_NAME
    shown, sent, replaced = kept(ours), kept(ours), kept(ours)
    young, others, persons = kept(ours, age=0), kept("foto.jpg"), kept(ours, created_by=desk.cast.user("dewi"))
    carded.cards.update(picture=sent)
    desk.schedule(desk.account("bluesky"), item=carded)
    carded.cards.create(url="https://a.id", state="known", asked_at=clock.now(), answered_at=clock.now(), picture=shown)
    carded.cards.filter(url=LINK).update(picture=None)
    LinkCard.objects.filter(url=LINK).delete()
    assert tasks.drop_card_pictures() == 1
    left = set(StoredFile.objects.values_list("pk", flat=True))
    assert replaced.pk not in left
    assert {one.pk for one in (shown, sent, young, others, persons)} <= left
    assert AuditEntry.objects.get(verb="publishing.card.drop").object_id == str(replaced.pk)
    assert tasks.drop_card_pictures() == 0


def test_where_the_platform_makes_its_own_card_none_is_sent(desk: Desk, carded: ContentItem):
    assert "card" not in desk.schedule(desk.account("mastodon"), item=carded).content


@pytest.mark.parametrize(("platform_kind", "ours"), [("bluesky", True), ("mastodon", False)])
def test_the_page_shows_the_card_that_goes_out_or_that_will_be_made(
    desk: Desk, carded: ContentItem, sign_in, platform_kind: str, ours: bool
):
    delivery = desk.schedule(desk.account(platform_kind), item=carded)
    client = sign_in(desk.cast.user("hendra"))
    page = client.get(reverse("publishing:delivery", args=[delivery.pk])).content.decode()
    assert '<p class="pv-card-title">Jalan Setu ditutup</p>' in page
    address = reverse("publishing:sent", args=[delivery.pk, 0])
    assert (address in page) is ours
    assert client.get(address).status_code == (200 if ours else 404)


def test_a_link_in_the_text_without_a_card_gets_none_on_bluesky(desk: Desk, carded: ContentItem, sign_in):
    LinkCard.objects.all().delete()
    delivery = desk.schedule(desk.account("bluesky"), item=carded)
    page = sign_in(desk.cast.user("hendra")).get(reverse("publishing:delivery", args=[delivery.pk])).content.decode()
    assert "pv-card-lines" not in page
    assert content.post_of(delivery).card is None
