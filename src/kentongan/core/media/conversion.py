"""Videos made anew by ffmpeg where a platform does not take them as they are: MP4 with H.264 and AAC, no metadata.

ffmpeg is a process of its own that ends with us, with little priority and within bounds. It is told what the file is,
so that no playlist is taken for a video and led to other files or addresses.
"""

import os
import re
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from kentongan.core import files, processes, room
from kentongan.core.errors import Unavailable
from kentongan.core.media import videos
from kentongan.core.media.videos import Seen, Unusable
from kentongan.core.sniff import MP4, QUICKTIME, WEBM

VIDEO_RATE, AUDIO_RATE, LEAST_RATE = 5_000_000, 128_000, 250_000
"""Bits a second: what a video gets at most, its sound, and below what nobody could look at it."""
SIDES = ((2_000_000, 1920, 1080), (900_000, 1280, 720), (0, 854, 480))
"""From which rate on a picture gets so many pixels along its longer and its shorter side at most."""
DEMUXERS = {MP4: "mov", QUICKTIME: "mov", WEBM: "matroska"}
KEY = "mp4 h264 "
THREADS, NICE, MOST_MEMORY = 2, 10, 4 << 30
LEAST_SECONDS, SECONDS_EACH, MOST_SECONDS = 120, 40, 6 * 3600
"""How long a conversion may take: something, and so much for each second of the video, but no longer than that."""
SAID_MOST = 2_000
PROGRESS = re.compile(r"(out_time_us=(?P<us>\d+)$|[a-z0-9_]+=)")

Tell = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class VideoRecipe:
    """What a video is converted to: of so many bytes at most; 0 where it is small enough in any case."""

    max_bytes: int = 0

    @property
    def key(self) -> str:
        """The recipe as a text that is stored; `parse` reads it again."""
        return f"{KEY}{self.max_bytes}"

    @classmethod
    def parse(cls, key: str) -> "VideoRecipe":
        """Return the recipe of that key."""
        return cls(int(key.removeprefix(KEY)))


def is_conversion(key: str) -> bool:
    """Whether a stored recipe is one of these."""
    return key.startswith(KEY)


def recipe_for(seconds: float, max_bytes: int | None) -> VideoRecipe | None:
    """Return how a video of that length is made small enough; None where it is too long for so few bytes.

    Platforms whose limit it cannot reach share one copy.
    """
    limit = min(max_bytes or files.MAX_BYTES, files.MAX_BYTES)
    if _room(seconds, limit) >= VIDEO_RATE:
        return VideoRecipe()
    return VideoRecipe(limit) if _room(seconds, limit) >= LEAST_RATE else None


def _room(seconds: float, max_bytes: int) -> float:
    """Return the bits a second that a video may have: a second more than it lasts is for the encoder's buffer."""
    return max_bytes * 8 * 0.94 / (seconds + 1) - AUDIO_RATE


def converter() -> str | None:
    """Return the program that converts videos (ffmpeg), or None where there is none."""
    return shutil.which(settings.KENTONGAN_FFMPEG or "ffmpeg")


def convert(path: Path, media_type: str, target: Path, seconds: float, recipe: VideoRecipe, tell: Tell) -> Seen:
    """Write the video to `target` and return what is in it; `tell` gets the seconds that are done, once a second.

    What `tell` raises ends the program. Raises Unavailable where there is no program, or it cannot do this; Invalid
    for a video that cannot be converted; NoRoom.
    """
    program = converter()
    if program is None:
        raise no_converter()
    limit = recipe.max_bytes or files.MAX_BYTES
    rate = int(min(VIDEO_RATE, _room(seconds, limit)))
    _run([program, *_reading(path, media_type), *_writing(target, rate)], limit, seconds, tell)
    videos.clean(target)
    made = videos.look(target)
    if made.codec != "h264" or made.located or abs(made.seconds - seconds) > max(1.0, seconds / 50):
        raise _failed()
    return made


def no_converter() -> Unavailable:
    """Return what a person is told where no ffmpeg is installed."""
    return Unavailable(
        _("This installation cannot convert videos: the program ffmpeg is not there."),
        remedy=phone_advice(),
        code="no_converter",
    )


def phone_advice() -> str:
    """Return how a person makes a video that every platform takes, without us."""
    return str(
        _(
            "On an iPhone: Settings, Camera, Formats, “Most compatible”, then film again, or export it as 1080p. "
            "On Android: turn off “High-efficiency video” (HEVC) in the camera's settings, or send the video through "
            "a video editor and save it as MP4 (H.264), 1080p. Or ask your administrator to install ffmpeg."
        )
    )


def _failed() -> Unusable:
    return Unusable(
        _("This video could not be converted: it is damaged, or of a kind that ffmpeg does not know."),
        remedy=_("Play it from the beginning to the end, save it anew as MP4 (H.264), and send that."),
    )


def _too_slow() -> Unusable:
    return Unusable(
        _("Converting this video took too long, so it was given up."),
        remedy=_("Cut it into shorter ones, or save it as MP4 (H.264) with 1080 lines, and send those."),
    )


def _too_large() -> Unusable:
    return Unusable(
        _("This video came out too large when it was converted, so it was given up."),
        remedy=_("Cut it into shorter ones, or save it as MP4 (H.264) with 720 lines, and send those."),
    )


def _reading(path: Path, media_type: str) -> list[str]:
    bounds = ["-nostdin", "-hide_banner", "-v", "error", "-progress", "pipe:1", "-stats_period", "0.5"]
    return [
        *bounds,
        "-protocol_whitelist",
        "file",
        "-threads",
        str(THREADS),
        "-f",
        DEMUXERS[media_type],
        "-i",
        f"file:{path}",
    ]


def _writing(target: Path, rate: int) -> list[str]:
    tracks = ["-map", "0:V:0", "-map", "0:a:0?", "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1"]
    plain = ["-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact", "-threads", str(THREADS)]
    picture = [
        "-vf",
        _size(rate),
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-profile:v",
        "high",
        "-pix_fmt",
        "yuv420p",
    ]
    bits = ["-crf", "22", "-maxrate", str(rate), "-bufsize", str(rate), "-fpsmax", "60"]
    sound = ["-c:a", "aac", "-b:a", str(AUDIO_RATE), "-ac", "2", "-ar", "48000"]
    return [*tracks, *plain, *picture, *bits, *sound, "-movflags", "+faststart", "-f", "mp4", "-y", f"file:{target}"]


def _size(rate: int) -> str:
    """Return the filter that makes pixels square and even, never more of them, upright or across as it was."""
    longer, shorter = next((longer, shorter) for least, longer, shorter in SIDES if rate >= least)
    width = f"'if(gte(iw,ih),min({longer},iw),min({shorter},iw))'"
    height = f"'if(gte(iw,ih),min({shorter},ih),min({longer},ih))'"
    fitted = f"scale=w={width}:h={height}:force_original_aspect_ratio=decrease:force_divisible_by=2"
    return f"scale='trunc(iw*sar/2)*2':'trunc(ih/2)*2',setsar=1,{fitted}"


def _run(command: Sequence[str], max_bytes: int, seconds: float, tell: Tell) -> None:
    allowed = min(LEAST_SECONDS + SECONDS_EACH * seconds, MOST_SECONDS)
    # It is killed with this thread: a worker that dies leaves nobody at work.
    running = processes.spawn(command, death_signal=signal.SIGKILL, output=subprocess.PIPE)
    try:
        _bound(running.pid, max_bytes, int(allowed))
        said = _follow(running, time.monotonic() + allowed, tell)
        ended = running.wait()
    finally:
        processes.end(running)
    if ended:
        raise _why(ended, said)


def _bound(pid: int, max_bytes: int, seconds: int) -> None:
    """Set narrow bounds for a process, where the system has such; it may have ended by now."""
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        process.nice(NICE)
        if hasattr(process, "rlimit"):
            for kind, most in (
                (psutil.RLIMIT_FSIZE, max_bytes),
                (psutil.RLIMIT_AS, MOST_MEMORY),
                (psutil.RLIMIT_CPU, seconds * THREADS),
            ):
                process.rlimit(kind, (most, most))


def _follow(running: "subprocess.Popen[bytes]", until: float, tell: Tell) -> str:
    """Pass on how far it is until it ends, and return what else it said."""
    done, said = 0.0, ""
    for line in _lines(running):
        if time.monotonic() > until:
            raise _too_slow()
        if progress := PROGRESS.match(line):
            done = int(progress["us"]) / 1_000_000 if progress["us"] else done
        elif line:
            said = (said + line + "\n")[-SAID_MOST:]
        tell(done)
    return said


def _lines(running: "subprocess.Popen[bytes]") -> Iterator[str]:
    """Yield the lines that a program writes, and an empty one for each second in which it is silent."""
    assert running.stdout is not None
    left = b""
    with running.stdout as source, selectors.DefaultSelector() as ready:
        ready.register(source, selectors.EVENT_READ)
        while True:
            if not ready.select(1.0):
                yield ""
                continue
            part = os.read(source.fileno(), 1 << 14)
            if not part:
                break
            *whole, left = (left + part).split(b"\n")
            yield from (line.decode(errors="replace").strip() for line in whole)
    yield left.decode(errors="replace").strip()


def _why(ended: int, said: str) -> Unusable | Unavailable:
    if "No space left" in said:
        return room.NoRoom()
    if "Unknown encoder" in said or "Unrecognized option" in said or "Option not found" in said:
        return Unavailable(
            _("The ffmpeg of this installation is too old, or cannot write H.264."),
            remedy=_("Ask your administrator to install ffmpeg 4.4 or newer with libx264."),
            code="no_converter",
        )
    if ended == -signal.SIGXFSZ or "File too large" in said:
        return _too_large()
    return _too_slow() if ended == -signal.SIGXCPU else _failed()
