"""What is found in videos, and what of it stays here; the samples were made by ffmpeg and are two seconds long."""

import shutil
from pathlib import Path

import pytest

from kentongan.core import sniff
from kentongan.core.errors import Invalid
from kentongan.core.media import videos
from kentongan.core.media.videos import Seen

SAMPLES = Path(__file__).with_name("samples")


def copied(tmp_path: Path, name: str) -> Path:
    return Path(shutil.copy(SAMPLES / name, tmp_path / name))


@pytest.mark.parametrize(
    ("name", "media_type", "seen"),
    [
        ("jalan.mp4", "video/mp4", Seen(96, 64, 2.0, "h264", "aac", located=True)),
        ("tegak.mp4", "video/mp4", Seen(64, 96, 2.0, "h264", "aac", located=True)),
        ("jalan.mov", "video/quicktime", Seen(96, 64, 2.0, "hevc", located=True)),
        ("jalan.webm", "video/webm", Seen(96, 64, 2.0, "vp9")),
    ],
)
def test_size_length_coding_and_place_are_found(name: str, media_type: str, seen: Seen):
    assert sniff.media_type(SAMPLES / name) == media_type
    assert videos.look(SAMPLES / name) == seen


@pytest.mark.parametrize("name", ["jalan.mp4", "jalan.mov", "tegak.mp4"])
def test_a_clean_copy_tells_nothing_and_plays_the_same(tmp_path: Path, name: str):
    path = copied(tmp_path, name)
    before = path.read_bytes()
    assert videos.clean(path) > 0
    after = path.read_bytes()
    assert len(after) == len(before)
    for told in (b"107.1508", b"Rapat tertutup", b"location", b"Lavf"):
        assert told not in after, told
    # The pictures and sounds are byte for byte where they were.
    start = before.index(b"mdat")
    size = int.from_bytes(before[start - 4 : start])
    assert after[start : start - 4 + size] == before[start : start - 4 + size]
    seen, was = videos.look(path), videos.look(SAMPLES / name)
    assert (seen.width, seen.height, seen.seconds, seen.codec) == (was.width, was.height, was.seconds, was.codec)
    assert not seen.located
    assert videos.clean(path) == 0


def test_a_track_that_notes_places_is_found(tmp_path: Path):
    path = copied(tmp_path, "jalan.mp4")
    whole = path.read_bytes()
    where = whole.index(b"SoundHandler")
    path.write_bytes(whole[:where] + b"gpmdHandler!" + whole[where + 12 :])
    assert videos.look(path).tracked
    assert not videos.look(SAMPLES / "jalan.mp4").tracked


@pytest.mark.parametrize("keep", [12, 40, 900, 4_000])
def test_what_was_cut_off_is_refused_or_read_and_never_hangs(tmp_path: Path, keep: int):
    path = copied(tmp_path, "jalan.mov")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(Invalid) as refused:
        videos.look(path)
    assert refused.value.remedy


def test_boxes_that_lead_nowhere_are_refused(tmp_path: Path):
    path = tmp_path / "bohong.mp4"
    path.write_bytes(b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x04moov" * 3)
    for use in (videos.look, videos.clean):
        with pytest.raises(Invalid):
            use(path)


def test_the_probe_ends_after_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    slow = tmp_path / "slow.py"
    slow.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(videos, "PROBE", slow)
    monkeypatch.setattr(videos, "PROBE_SECONDS", 0.5)
    with pytest.raises(Invalid):
        videos.look(SAMPLES / "jalan.mp4")
