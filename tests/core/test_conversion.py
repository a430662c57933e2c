"""Videos made anew by a real ffmpeg: what comes out, what it may not read, and how it ends."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from itertools import count
from pathlib import Path

import psutil
import pytest
from django.utils import translation

from core import ffmpeg as real
from core.ffmpeg import ffmpeg
from core.samples import FOLDER
from kentongan.core import files, room, sniff
from kentongan.core.errors import Invalid, Unavailable
from kentongan.core.media import conversion, videos
from kentongan.core.media.conversion import VideoRecipe

__all__ = ["ffmpeg"]
MEGABYTE = 1_000_000


def nothing(seconds: float) -> None:
    """Hear how far it is."""


def convert(path: Path, target: Path, max_bytes: int = 0, tell: conversion.Tell = nothing) -> videos.Seen:
    seconds = videos.look(path).seconds
    return conversion.convert(path, sniff.media_type(path), target, seconds, VideoRecipe(max_bytes), tell)


@pytest.mark.parametrize(
    ("name", "width", "height", "audio"),
    [("jalan.mov", 96, 64, ""), ("jalan.webm", 96, 64, ""), ("jalan.mp4", 96, 64, "aac"), ("tegak.mp4", 64, 96, "aac")],
)
def test_every_sample_becomes_an_mp4_that_is_upright_and_tells_nothing(ffmpeg, tmp_path, name, width, height, audio):
    target = tmp_path / "baru.mp4"
    seen = convert(FOLDER / name, target)
    assert seen == videos.Seen(width, height, 2.0, "h264", audio)
    whole = target.read_bytes()
    assert sniff.media_type(target) == sniff.MP4
    assert whole.index(b"moov") < whole.index(b"mdat")  # plays while it is still coming
    for told in (b"107.1508", b"Rapat tertutup", b"location", b"Lavf"):
        assert told not in whole, told


def test_the_same_video_becomes_the_same_file(ffmpeg, tmp_path: Path):
    first, second = tmp_path / "1.mp4", tmp_path / "2.mp4"
    convert(FOLDER / "jalan.mov", first)
    convert(FOLDER / "jalan.mov", second)
    assert first.read_bytes() == second.read_bytes()


def test_a_large_one_is_made_small_enough_with_even_sides_and_square_pixels(ffmpeg, tmp_path: Path):
    wide = real.make(
        tmp_path / "lebar.mov", "-vf", "setsar=4/3", "-c:v", "mpeg4", "-q:v", "1", seconds=3, size="2001x1201"
    )
    target = tmp_path / "baru.mp4"
    seen = convert(wide, target, max_bytes=600_000)
    assert (seen.width, seen.height, seen.codec) == (1280, 576, "h264")
    assert target.stat().st_size <= 600_000 < wide.stat().st_size
    upright = real.make(tmp_path / "tegak.webm", "-c:v", "libvpx", "-b:v", "8M", seconds=1, size="1300x2400")
    assert (seen := convert(upright, target)).height == 1920
    assert seen.width == 1040


def test_a_place_that_matroska_notes_stays_here(ffmpeg, tmp_path: Path):
    source = real.make(
        tmp_path / "a.webm", "-c:v", "libvpx", "-metadata", "LOCATION=-6.36,107.17", "-metadata", "title=X"
    )
    assert b"107.17" in source.read_bytes()
    target = tmp_path / "baru.mp4"
    assert not convert(source, target).located
    assert b"107.17" not in target.read_bytes()


def test_how_far_it_is_is_told(ffmpeg, tmp_path: Path):
    told: list[float] = []
    convert(FOLDER / "jalan.mov", tmp_path / "baru.mp4", tell=told.append)
    assert told[-1] == pytest.approx(2.0, abs=0.3)
    assert told == sorted(told)


def test_who_stops_it_ends_the_program(ffmpeg, tmp_path: Path):
    long = real.make(tmp_path / "panjang.mov", "-c:v", "mpeg4", "-q:v", "1", seconds=30, size="1280x720")
    steps = count()

    def stop(seconds: float) -> None:
        if next(steps) > 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(long, tmp_path / "baru.mp4", tell=stop)
    assert not [child for child in psutil.Process().children() if "ffmpeg" in child.name()]


def test_a_playlist_is_no_video(ffmpeg, tmp_path: Path):
    """What looks like a video to us and like a list of files to ffmpeg leads nowhere: its format is named."""
    secret = real.make(tmp_path / "rahasia.mp4", "-c:v", "libx264")
    for text in (f"ffconcat version 1.0\nfile '{secret}'\n", f"#EXTM3U\n#EXTINF:2,\nfile://{secret}\n#EXT-X-ENDLIST\n"):
        path = tmp_path / "daftar.mp4"
        path.write_text(text)
        with pytest.raises(Invalid):
            conversion.convert(path, sniff.MP4, tmp_path / "baru.mp4", 2.0, VideoRecipe(), nothing)


@pytest.mark.parametrize("keep", [900, 4_000])
def test_what_is_damaged_is_refused_with_what_to_do(ffmpeg, tmp_path: Path, keep: int):
    path = tmp_path / "rusak.mov"
    path.write_bytes((FOLDER / "jalan.mov").read_bytes()[:keep])
    with pytest.raises(Invalid) as refused:
        conversion.convert(path, sniff.QUICKTIME, tmp_path / "baru.mp4", 2.0, VideoRecipe(), nothing)
    assert refused.value.remedy


def test_one_that_lost_its_end_on_the_way_is_refused(ffmpeg, tmp_path: Path):
    """ffmpeg is content with half a video; what is shorter than it was is none."""
    whole = real.make(tmp_path / "utuh.webm", "-c:v", "libvpx", seconds=8)
    half = tmp_path / "separuh.webm"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(Invalid):
        conversion.convert(half, sniff.WEBM, tmp_path / "baru.mp4", 8.0, VideoRecipe(), nothing)


def test_where_there_is_no_program_it_says_how_a_telephone_does_it(settings, monkeypatch, tmp_path: Path):
    settings.KENTONGAN_FFMPEG = ""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert conversion.converter() is None
    with pytest.raises(Unavailable) as refused:
        conversion.convert(FOLDER / "jalan.mov", sniff.QUICKTIME, tmp_path / "baru.mp4", 2.0, VideoRecipe(), nothing)
    assert refused.value.code == "no_converter"
    assert "iPhone" in str(refused.value.remedy)


def script(folder: Path, body: str) -> str:
    """Return a program that stands in for ffmpeg."""
    path = folder / "ffmpeg"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("body", "error", "code"),
    [
        ("echo 'Unknown encoder libx264' >&2; exit 1", Unavailable, "no_converter"),
        ("echo 'av_interleaved_write_frame(): No space left on device' >&2; exit 1", room.NoRoom, "no_room"),
        ("exit 1", Invalid, "video"),
        ("kill -XCPU $$", Invalid, "video"),
    ],
)
def test_what_it_says_is_told_in_words(settings, tmp_path: Path, body: str, error, code: str):
    settings.KENTONGAN_FFMPEG = script(tmp_path, body)
    with pytest.raises(error) as refused:
        convert(FOLDER / "jalan.mov", tmp_path / "baru.mp4")
    assert refused.value.code == code


@pytest.mark.parametrize("body", ["kill -XFSZ $$", "echo 'Error writing trailer: File too large' >&2; exit 1"])
def test_one_that_came_out_too_large_is_not_called_damaged(settings, tmp_path: Path, body: str):
    settings.KENTONGAN_FFMPEG = script(tmp_path, body)
    with translation.override("en"), pytest.raises(Invalid, match="too large"):
        convert(FOLDER / "jalan.mov", tmp_path / "baru.mp4")


def test_a_real_one_that_writes_more_than_it_may_says_so(ffmpeg, monkeypatch, tmp_path: Path):
    source = real.make(tmp_path / "lebar.mov", "-c:v", "mpeg4", "-q:v", "1", size="640x360")
    monkeypatch.setattr(conversion, "_room", lambda seconds, max_bytes: conversion.VIDEO_RATE)
    with translation.override("en"), pytest.raises(Invalid, match="too large"):
        convert(source, tmp_path / "baru.mp4", max_bytes=10_000)
    assert (tmp_path / "baru.mp4").stat().st_size <= 10_000


def test_one_that_says_nothing_and_does_not_end_is_given_up(settings, monkeypatch, tmp_path: Path):
    settings.KENTONGAN_FFMPEG = script(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 600")
    monkeypatch.setattr(conversion, "MOST_SECONDS", 1.5)
    with translation.override("en"), pytest.raises(Invalid, match="too long"):
        convert(FOLDER / "jalan.mov", tmp_path / "baru.mp4")
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))


def test_it_ends_with_the_process_that_wanted_it(tmp_path: Path):
    """A worker is killed: nobody goes on converting for nobody."""
    fake = script(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 600")
    program = f"""
        import django; django.setup()
        from kentongan.core.media import conversion
        conversion._run([{fake!r}], 1000, 60.0, lambda seconds: None)
    """
    worker = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "kentongan.config.settings", "KENTONGAN_HOME": str(tmp_path)},
    )
    until = time.monotonic() + 60
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert worker.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)
    child = psutil.Process(int((tmp_path / "pid").read_text()))
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    psutil.wait_procs([child], timeout=10)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_what_a_killed_process_left_goes_when_it_is_done_anew(settings, tmp_path: Path):
    settings.KENTONGAN_HOME = tmp_path
    with files.scratch("convert-7") as folder:
        (folder / "video.mp4").write_bytes(b"half")
        left = tmp_path / "files" / "drafts" / "convert-7.lama"
        left.mkdir()
        other = left.with_name("convert-70.lain")
        other.mkdir()
        with files.scratch("convert-7") as again:
            assert again.is_dir()
            assert not left.exists()
            assert not folder.exists()
            assert other.exists()
        assert not again.exists()


def test_drafts_that_nobody_works_on_are_removed_after_a_day(settings, tmp_path: Path):
    settings.KENTONGAN_HOME = tmp_path
    drafts = tmp_path / "files" / "drafts"
    (drafts / "convert-1.x").mkdir(parents=True)
    (drafts / "tmpabc").write_bytes(b"half an upload")
    assert files.discard_drafts() == 0
    long_ago = time.time() - files.DRAFT_SECONDS - 60
    for draft in drafts.iterdir():
        os.utime(draft, (long_ago, long_ago))
    assert files.discard_drafts() == 2
    assert not list(drafts.iterdir())


def test_a_draft_that_is_gone_once_it_is_looked_at_keeps_no_other(settings, tmp_path: Path):
    settings.KENTONGAN_HOME = tmp_path
    drafts = tmp_path / "files" / "drafts"
    drafts.mkdir(parents=True)
    left = drafts / "tmpabc"
    left.write_bytes(b"half an upload")
    os.utime(left, (0, 0))
    for name in ("tmpaaa", "tmpzzz"):  # on the list of the folder, but nothing is there
        (drafts / name).symlink_to(drafts / "nowhere")
    assert files.discard_drafts() == 1
    assert not left.exists()


@pytest.mark.parametrize(
    ("seconds", "max_bytes", "recipe"),
    [
        (60, None, VideoRecipe()),
        (60, 100 * MEGABYTE, VideoRecipe()),
        (600, 100 * MEGABYTE, VideoRecipe(100 * MEGABYTE)),
        (3_600, 50 * MEGABYTE, None),
        (7_200, None, VideoRecipe(files.MAX_BYTES)),
    ],
)
def test_how_small_it_has_to_be(seconds: float, max_bytes: int | None, recipe: VideoRecipe | None):
    assert conversion.recipe_for(seconds, max_bytes) == recipe
    if recipe is not None:
        assert VideoRecipe.parse(recipe.key) == recipe
        assert conversion.is_conversion(recipe.key)
