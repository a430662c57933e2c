"""What is published has a digest that changes with all that is sent, and a video is read in parts."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kentongan.channels.contract import Media, Post, Video

POST = Post("kunci", "Jalan Setu", datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC))


@pytest.fixture
def video(tmp_path: Path) -> Video:
    """A file that is taken for a video."""
    path = tmp_path / "setu.mp4"
    path.write_bytes(bytes(range(256)) * 10)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return Video(path, "video/mp4", sha256, path.stat().st_size, 12.5, "Jalan Setu dari udara", 1080, 1920)


def test_the_digest_of_a_post_without_video_is_the_one_it_always_had():
    # Attempts and articles of earlier versions keep this digest: it must not change.
    body = (
        b'{"created_at": "2026-11-20T01:02:03+00:00", "images": [], "key": "kunci", "language": "id", "link": "", '
        b'"summary": "", "tags": [], "text": "Jalan Setu", "title": ""}'
    )
    assert POST.digest() == hashlib.sha256(body).hexdigest()


def test_the_digest_changes_with_the_video_and_its_description(video: Video):
    other = [
        POST,
        replace(POST, images=(Media(b"x", "image/png"),)),
        replace(POST, videos=(video,)),
        replace(POST, videos=(replace(video, alt="Lain"),)),
        replace(POST, videos=(replace(video, sha256="0" * 64),)),
    ]
    assert len({post.digest() for post in other}) == len(other)
    assert replace(POST, videos=(video,)).digest() == other[2].digest()


def test_pictures_and_videos_keep_their_order_which_is_part_of_the_digest_where_it_matters(video: Video):
    first, second = Media(b"x", "image/png"), Media(b"y", "image/png")
    post = replace(POST, images=(first, second), videos=(video,))
    assert post.media == (first, second, video)
    assert replace(post, order="ivi").media == (first, video, second)
    assert replace(post, order="v").media == post.media  # one that does not fit is none
    assert replace(post, order="iiv").digest() == post.digest() != replace(post, order="ivi").digest()


def test_a_video_is_read_in_parts_that_make_the_whole(video: Video):
    parts = list(video.parts(1_000))
    assert [len(part) for part in parts] == [1_000, 1_000, 560]
    assert b"".join(parts) == video.path.read_bytes()
    with video.open() as file:
        assert file.read(4) == b"\x00\x01\x02\x03"
