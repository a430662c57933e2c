"""What platforms take of pictures and videos, said before anything is handed in or scheduled."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.utils import translation

from kentongan.channels import registry
from kentongan.channels.contract import Channel, Limits
from kentongan.core.models import MediaFacts, StoredFile
from kentongan.planning import media
from kentongan.planning.models import ItemAsset, Rendition

pytestmark = pytest.mark.django_db
MEGABYTE = 1_000_000
ONE_VIDEO = Limits(500, images=4, image_bytes=MEGABYTE, videos=1, video_bytes=10 * MEGABYTE)


def picture(name: str = "setu.png") -> ItemAsset:
    return ItemAsset(file=StoredFile(name=name, media_type="image/png", size=10, sha256="1" * 64))


def video(name: str = "setu.mp4", media_type: str = "video/mp4", size: int = 9 * MEGABYTE) -> ItemAsset:
    return ItemAsset(file=StoredFile(name=name, media_type=media_type, size=size, sha256="2" * 64))


@pytest.fixture
def complaints(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Return a function that says what a platform with those limits complains of."""
    manifest = registry.get("telegram").manifest

    def of(limits: Limits, *assets: ItemAsset, text: str = "Jalan Setu") -> list[str]:
        monkeypatch.setattr(registry, "get", lambda kind: Channel(replace(manifest, limits=limits)))
        with translation.override("en"):
            return media.problems([Rendition(kind="telegram", text=text)], assets).get("telegram", [])

    return of


@pytest.mark.parametrize(
    ("limits", "assets", "told"),
    [
        (
            Limits(500),
            [video()],
            "No video can be sent to Telegram: take it out, or leave this version empty.",
        ),
        (ONE_VIDEO, [video(), video("dua.mp4")], "Telegram takes 1 video; the item has 2."),
        (
            ONE_VIDEO,
            [video(), picture()],
            "Telegram takes either pictures or a video in one post, not both.",
        ),
        (ONE_VIDEO, [video("a.webm", "video/webm")], "Telegram does not take “a.webm”: save it as MP4."),
        (
            ONE_VIDEO,
            [video(size=11 * MEGABYTE)],
            "Telegram takes videos up to 9.5\xa0MB; “setu.mp4” is larger.",
        ),
        (
            replace(ONE_VIDEO, video_needed=True),
            [],
            "Telegram publishes videos only: add one, or leave this version empty.",
        ),
        (
            replace(ONE_VIDEO, media_needed=True),
            [],
            "Telegram publishes nothing without a picture or video: add one.",
        ),
    ],
)
def test_what_is_not_taken_is_refused_with_what_to_do(complaints, limits: Limits, assets, told: str):
    assert complaints(limits, *assets) == [told]


@pytest.mark.parametrize(
    ("limits", "assets"),
    [
        (ONE_VIDEO, [video()]),
        (ONE_VIDEO, [picture()]),
        (ONE_VIDEO, []),
        (replace(ONE_VIDEO, video_alone=False), [video(), picture()]),
        (replace(ONE_VIDEO, video_needed=True), [video()]),
        (replace(ONE_VIDEO, media_needed=True), [picture()]),
        (replace(ONE_VIDEO, media_needed=True), [video()]),
        (replace(ONE_VIDEO, video_bytes=None), [video(size=900 * MEGABYTE)]),
    ],
)
def test_what_is_taken_is_not_complained_of(complaints, limits: Limits, assets):
    assert complaints(limits, *assets) == []


def test_a_text_beside_a_video_is_counted_by_the_limit_of_captions(complaints):
    limits = replace(ONE_VIDEO, caption=10)
    assert complaints(limits, video(), text="x" * 10) == []
    (told,) = complaints(limits, video(), text="x" * 11)
    assert told == "Telegram takes at most 10 characters beside a picture or video; this version has 11."


@pytest.mark.parametrize(
    ("limits", "facts", "told"),
    [
        ({"video_codecs": frozenset({"h264"})}, {"codec": "hevc"}, "does not take the coding of “setu.mp4” (HEVC)"),
        ({"video_seconds": 60}, {"seconds": 61.0}, "takes videos up to 1:00; “setu.mp4” lasts 1:01."),
        ({"video_shortest": 3}, {"seconds": 2.9}, "takes videos from 0:03 on; “setu.mp4” lasts 0:02."),
        ({}, {"tracked": True}, "notes in a track of its own where it was filmed"),
        ({"video_seconds": 60, "video_codecs": frozenset({"h264"})}, {}, ""),
    ],
)
def test_length_and_coding_of_a_video_are_held_against_the_limits(complaints, limits, facts, told: str):
    MediaFacts.objects.create(
        **({"sha256": "2" * 64, "width": 96, "height": 64, "seconds": 60.0, "codec": "h264"} | facts)
    )
    found = complaints(replace(ONE_VIDEO, **limits), video())
    assert bool(found) is bool(told)
    assert not told or told in found[0]


def test_a_picture_that_moves_is_refused_where_it_would_stand_still(complaints):
    MediaFacts.objects.create(sha256="1" * 64, width=30, height=30, animated=True)
    (told,) = complaints(ONE_VIDEO, picture("gerak.gif"))
    assert "“gerak.gif”, which moves" in told
    assert complaints(replace(ONE_VIDEO, image_types=frozenset({"image/gif"})), picture("gerak.gif")) == []


def test_facts_are_read_in_one_query(complaints, django_assert_num_queries):
    with django_assert_num_queries(1):
        complaints(ONE_VIDEO, video(), *(picture(f"{n}.png") for n in range(4)))


@pytest.mark.parametrize(("seconds", "shown"), [(0.4, "0:00"), (59.9, "0:59"), (61, "1:01"), (3_723, "1:02:03")])
def test_lengths_are_shown_as_players_do(seconds: float, shown: str):
    assert media.length(seconds) == shown
