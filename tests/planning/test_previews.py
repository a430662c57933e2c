"""Versions drawn as their platforms do: from the manifest alone, with pictures, videos and whose post it is."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from kentongan.core.models import MediaFacts, StoredFile, User
from kentongan.planning import media, preview
from kentongan.planning.models import ContentItem, ItemAsset
from kentongan.planning.preview import Face, Piece, Written
from kentongan.registry import actions as registry
from named_cast import SYSTEM, Cast

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
LINK = "https://bekasikab.go.id/jalan"


def picture(width: int = 1_200, height: int = 900, alt: str = "Jalan Setu") -> Piece:
    return Piece("/berkas/a/", alt, width=width, height=height)


def video(seconds: float = 45.0) -> Piece:
    return Piece("/berkas/v/", "Jalan Setu dari udara", True, 1_080, 1_920, seconds)


def file(unit_id: int, number: int = 1, media_type: str = "image/png") -> StoredFile:
    sha256 = f"{number:064x}"
    MediaFacts.objects.create(sha256=sha256, width=1_200, height=900)
    return StoredFile.objects.create(
        sha256=sha256, size=10, media_type=media_type, name=f"setu-{number}", unit_id=unit_id, capability="listen"
    )


@pytest.fixture
def english(cast: Cast):
    User.objects.update(language="en")
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("kind", "count", "shown", "beyond", "left_out"),
    [
        ("x", 1, 1, 0, 0),
        ("x", 5, 4, 0, 1),
        ("facebook", 7, 5, 2, 0),
        ("instagram", 10, 10, 0, 0),
        ("instagram", 12, 10, 0, 2),
        ("bluesky", 4, 4, 0, 0),
        ("youtube", 2, 0, 0, 2),
        ("newsroom", 12, 12, 0, 0),
    ],
)
def test_as_many_pictures_are_shown_as_the_platform_shows(kind, count, shown, beyond, left_out):
    drawn = preview.draw(kind, Written("Jalan Setu"), [picture()] * count)
    assert (len(drawn.pictures), drawn.beyond, drawn.left_out) == (shown, beyond, left_out)


@pytest.mark.parametrize(
    ("kind", "size", "shape"),
    [
        ("instagram", (1_080, 1_350), "free"),
        ("instagram", (1_080, 1_351), "4x5"),
        ("instagram", (1_920, 1_080), "free"),
        ("mastodon", (1_080, 4_000), "free"),
        ("x", (1_000, 2_000), "4x5"),
        ("x", (0, 0), "free"),
    ],
)
def test_a_picture_alone_is_cut_where_it_is_too_tall(kind, size, shape):
    assert preview.draw(kind, Written("Jalan Setu"), [picture(*size)]).shape == shape


def test_several_are_cut_to_one_shape_and_swiped_through_where_the_platform_does_that():
    drawn = preview.draw("instagram", Written("Jalan Setu"), [picture()] * 3)
    assert (drawn.shape, len(drawn.dots)) == ("1x1", 3)
    assert len(preview.draw("x", Written("Jalan Setu"), [picture()] * 3).dots) == 0


@pytest.mark.parametrize(
    ("kind", "media", "text", "lost"),
    [
        ("x", [], f"Jalan\n\n{LINK}", False),
        ("facebook", [], "Jalan", False),
        ("facebook", [picture()], f"Jalan\n\n{LINK}", False),
        ("bluesky", [], "Jalan", False),
        ("bluesky", [picture()], "Jalan\n\nbekasikab.go.id/jalan", False),
        ("instagram", [picture()], f"Jalan\n\n{LINK}", False),
    ],
)
def test_the_link_stands_where_the_adapter_puts_it(kind, media, text, lost):
    drawn = preview.draw(kind, Written("Jalan", link=LINK), media)
    shown = "".join(part.text for part in drawn.shown)
    assert shown in {text, text.replace("https://", "")}
    assert drawn.link_lost is lost
    led = [part.text for part in drawn.shown if part.kind == "link"]
    assert len(led) == (kind != "instagram" and "bekasikab" in text)


def test_pictures_and_videos_that_are_swiped_through_keep_their_order(english):
    media = [picture(alt="Satu"), video(), picture(alt="Tiga")]
    for kind in ("instagram", "threads"):
        drawn = preview.draw(kind, Written("Jalan"), media)
        assert [one.alt for one in drawn.pictures] == ["Satu", "Jalan Setu dari udara", "Tiga"]
        assert (list(drawn.videos), drawn.left_out, len(drawn.dots)) == ([], 0, 3)
        page = render_to_string("planning/_preview.html", {"preview": drawn})
        assert page.index('alt="Satu"') < page.index("<video") < page.index('alt="Tiga"')
    assert preview.draw("instagram", Written("Jalan"), [video()] * 6 + [picture()] * 6).left_out == 2
    drawn = preview.draw("wordpress", Written("Jalan"), media)
    assert [one.is_video for one in (*drawn.pictures, *drawn.videos)] == [False, False, True]


@pytest.mark.parametrize(("width", "height", "shape"), [(1_080, 1_350, "4x5"), (9, 9, "1x1"), (191, 100, "16x9")])
def test_the_first_picture_decides_to_what_instagram_cuts_them(width, height, shape):
    assert preview.draw("instagram", Written("Jalan"), [picture(width, height), picture(9, 9)]).shape == shape


@pytest.mark.parametrize(
    ("kind", "text", "media", "approximate"),
    [
        ("facebook", "kata " * 200, [], True),
        ("facebook", "kata", [], False),
        ("facebook", "kata", [picture()] * 2, True),
        ("facebook", "kata", [picture()], False),
        ("instagram", "kata " * 200, [picture(1_080, 1_351)], False),
        ("tiktok", "kata", [video()], True),
        ("x", f"kata {LINK}/yang-panjang-sekali-alamatnya", [], True),
        ("mastodon", f"kata {LINK}/yang-panjang-sekali-alamatnya", [], False),
        ("newsroom", "kata " * 400, [picture()] * 3, False),
    ],
)
def test_it_says_where_it_is_drawn_approximately(english, kind, text, media, approximate):
    drawn = preview.draw(kind, Written(text, "Judul"), media)
    assert drawn.is_approximate is approximate
    assert ("Approximately:" in render_to_string("planning/_preview.html", {"preview": drawn})) is approximate


def test_it_says_where_descriptions_do_not_go_out():
    assert preview.draw("telegram", Written("Jalan"), [picture()]).silent
    assert not preview.draw("telegram", Written("Jalan")).silent
    assert not preview.draw("mastodon", Written("Jalan"), [video()]).silent
    assert preview.draw("youtube", Written("Jalan"), [video()]).silent
    assert not preview.draw("newsroom", Written("Jalan"), [video()]).silent


def test_an_article_is_html_of_which_nothing_is_believed():
    long = "\n\n".join(["<script>alert(1)</script> kata " * 20, "## Kedua", "- satu\n- dua"])
    drawn = preview.draw("newsroom", Written(long, "Judul"))
    assert drawn.body is not None
    assert "<script>" not in drawn.body
    assert "&lt;script&gt;" in drawn.body
    assert "<h2>Kedua</h2>" in (drawn.rest or "")
    assert len(drawn.teaser) <= 300


@pytest.mark.parametrize(("name", "letter"), [("Kab. Bekasi", "K"), ("“siaga”", "S"), ("!!!", "?"), ("", "?")])
def test_a_letter_stands_where_a_picture_would(name, letter):
    assert Face(name).letter == letter


def test_the_item_page_draws_each_version_as_its_account(cast: Cast, sign_in: SignIn, item: ContentItem, english):
    declared = registry.declare_account(SYSTEM, cast.root.pk, platform="bluesky", handle="bekasi.bsky.social")
    item.assets.create(file=file(cast.root.pk), alt="Lubang di Jalan Setu", position=0)
    page = sign_in(cast.user("dewi")).get(reverse("planning:item", args=[item.pk])).content.decode()
    assert declared.handle in page
    assert page.count('<span class="pv-tag">#BekasiSiaga</span>') == 1
    assert page.count('<span class="pv-alt" aria-hidden="true">ALT</span>') == 3
    assert 'class="pv-media pv-stack pv-n1 pv-free"' in page
    assert cast.root.name in page


def test_the_pages_load_small_copies(cast: Cast, sign_in: SignIn, item: ContentItem):
    kept = file(cast.root.pk)
    item.assets.create(file=kept, alt="Lubang di Jalan Setu", position=0)
    page = sign_in(cast.user("dewi")).get(reverse("planning:item", args=[item.pk])).content.decode()
    assert page.count(f'src="/berkas/{kept.public_id}/kecil/"') == 4  # three versions, and the list of files


def test_a_link_beside_pictures_counts_with_the_text(cast: Cast, sign_in: SignIn, item: ContentItem, english):
    item.renditions.filter(kind="bluesky").update(text="x" * 290, link=LINK)
    item.refresh_from_db()
    versions = list(item.renditions.filter(kind="bluesky"))
    assert media.problems(versions, []) == {}
    item.assets.create(file=file(cast.root.pk), alt="Lubang di Jalan Setu", position=0)
    [problem] = media.problems(versions, item.assets.all())["bluesky"]
    assert problem == "Bluesky: 13 too many (313 of 300). Beside a picture or video the link stands in the text."
    page = sign_in(cast.user("dewi")).get(reverse("planning:item", args=[item.pk])).content.decode()
    assert "313" in page


def test_a_claimed_account_is_not_shown_as_the_units_own(cast: Cast, sign_in: SignIn, item: ContentItem):
    declared = registry.declare_account(SYSTEM, cast.root.pk, platform="bluesky", handle="gadungan.bsky.social")
    declared.state = "impostor"
    declared.save()
    page = sign_in(cast.user("dewi")).get(reverse("planning:item", args=[item.pk])).content.decode()
    assert "gadungan" not in page


def test_a_picture_without_a_description_is_marked(english):
    drawn = preview.draw("x", Written("Jalan"), [picture(alt="")])
    assert "no ALT" in render_to_string("planning/_preview.html", {"preview": drawn})


def test_while_writing_the_server_draws_with_the_items_pictures(cast: Cast, sign_in: SignIn, item: ContentItem):
    item.assets.create(file=file(cast.root.pk), alt="Lubang di Jalan Setu", position=0)
    client = sign_in(cast.user("dewi"))
    sent = {"kind": "instagram", "instagram_text": "kata " * 60 + "#Setu", "item": item.pk}
    page = client.post(reverse("planning:count"), sent).content.decode()
    assert "Lubang di Jalan Setu" in page
    assert '<details class="pv-fold">' in page
    assert '<span class="pv-tag">#Setu</span>' in page.partition("<details")[2]
    without = client.post(reverse("planning:count"), sent | {"item": ""}).content.decode()
    assert "Lubang" not in without


def test_nobody_sees_the_pictures_of_an_item_that_is_not_theirs(cast: Cast, sign_in: SignIn, item: ContentItem):
    item.assets.create(file=file(cast.root.pk), alt="Lubang di Jalan Setu", position=0)
    client = sign_in(cast.user("euis"))
    sent = {"kind": "x", "x_text": "kata", "item": item.pk}
    answer = client.post(reverse("planning:count"), sent)
    assert answer.status_code == 404
    assert "Lubang" not in answer.content.decode()
    assert client.post(reverse("planning:count"), sent | {"item": "9" * 30}).status_code == 200


def test_the_form_shows_each_version_before_a_script_runs(cast: Cast, sign_in: SignIn, item: ContentItem):
    item.assets.create(file=file(cast.root.pk), alt="Lubang di Jalan Setu", position=0)
    page = sign_in(cast.user("dewi")).get(reverse("planning:item_edit", args=[item.pk])).content.decode()
    assert page.count("pv-where") >= 10
    assert page.count('alt="Lubang di Jalan Setu"') == 3  # of the others nothing is written yet


def test_as_many_queries_for_many_pictures_as_for_few(cast: Cast, sign_in: SignIn, item: ContentItem):
    client, address = sign_in(cast.user("dewi")), reverse("planning:item", args=[item.pk])

    def asked() -> int:
        with CaptureQueriesContext(connection) as queried:
            assert client.get(address).status_code == 200
        return len(queried)

    item.assets.create(file=file(cast.root.pk), alt="Lubang nomor 0", position=0)
    asked()
    few = asked()
    for n in range(2, 5):
        ItemAsset.objects.create(item=item, file=file(cast.root.pk, n), alt=f"Lubang nomor {n}", position=n)
    assert asked() == few
