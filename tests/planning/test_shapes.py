"""How narrow and how wide pictures and videos may be, in words."""

import pytest
from django.utils import translation

from kentongan.channels import registry
from kentongan.core.models.files import StoredFile
from kentongan.core.models.media import MediaFacts
from kentongan.planning import media, shapes
from kentongan.planning.models import ItemAsset, Rendition

FILE = StoredFile(name="setu.mp4", sha256="a" * 64, media_type="video/mp4")
PLATFORM = {"platform": "X"}


def told(width: int, height: int, allowed: tuple[float, float] | None = (1 / 3, 3.0)) -> list[str]:
    facts = {FILE.sha256: MediaFacts(sha256=FILE.sha256, width=width, height=height)}
    with translation.override("en"):
        return list(shapes.problems([FILE], allowed, PLATFORM, facts))


@pytest.mark.parametrize(("width", "height"), [(1080, 1920), (1920, 1080), (640, 640), (300, 900), (299, 900)])
def test_what_fits_is_not_mentioned(width: int, height: int):
    assert told(width, height) == []


@pytest.mark.parametrize(("width", "height"), [(280, 900), (3100, 1000)])
def test_what_is_too_narrow_or_too_wide_says_what_to_do(width: int, height: int):
    [text] = told(width, height)
    assert "between 1:3 and 3:1" in text
    assert f"{width} × {height}" in text
    assert "crop" in text


def test_a_platform_without_such_a_limit_and_a_file_nobody_looked_into_say_nothing():
    assert told(1, 1000, None) == []
    assert list(shapes.problems([FILE], (1.0, 1.0), PLATFORM, {})) == []


@pytest.mark.parametrize(
    ("shape", "text"), [(0.8, "4:5"), (1.91, "1.91:1"), (1 / 3, "1:3"), (3.0, "3:1"), (0.01, "1:100"), (10.0, "10:1")]
)
def test_a_shape_is_written_as_people_write_it(shape: float, text: str):
    assert shapes.ratio(shape) == text


@pytest.mark.parametrize("kind", [channel.kind for channel in registry.every()])
def test_every_platform_names_sane_limits_for_videos(kind: str):
    limits = registry.get(kind).manifest.limits
    for shape in filter(None, (limits.image_shape, limits.video_shape)):
        assert 0 < shape[0] < 1 < shape[1]
    if limits.videos:
        assert (limits.video_shortest or 0) < (limits.video_seconds or 10**9)


@pytest.mark.django_db
@pytest.mark.parametrize(("seconds", "codec", "words"), [(141, "h264", "up to 2:20"), (60, "hevc", "coding")])
def test_a_video_that_x_would_not_take_is_said_before_it_is_scheduled(seconds: int, codec: str, words: str):
    facts = MediaFacts.objects.create(sha256=FILE.sha256, width=1080, height=1920, seconds=seconds, codec=codec)
    file = StoredFile(name="setu.mp4", sha256=facts.sha256, media_type="video/mp4", size=1_000)
    with translation.override("en"):
        found = media.problems([Rendition(kind="x", text="Jalan Setu")], [ItemAsset(file=file)])
    assert words in " ".join(found["x"])
