"""Videos: what is in them, and a copy without what stands in its metadata."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from django.utils.translation import gettext_lazy as _

from kentongan.core.errors import Invalid, Unavailable

PROBE = Path(__file__).with_name("probe.py")
PROBE_SECONDS = 40
CODECS = {"AVC": "h264", "HEVC": "hevc", "VP8": "vp8", "VP9": "vp9", "AV1": "av1", "MPEG-4 Visual": "mpeg4"}
# Boxes of MP4 and QuickTime in which people, places and devices stand, and the boxes around them.
TELLING = frozenset({b"udta", b"meta", b"uuid"})
AROUND = frozenset({b"moov", b"trak"})
MOST_BOXES, MOST_HEAD = 20_000, 64 << 20
PLACES = (b"\xa9xyz", b"location", b"loci", b"GPS")
"""What a place is called in such a box."""
TRACKED = (b"gpmd", b"location.ISO6709")
"""What stands in the description of a track that notes the place again and again."""


class Unusable(Invalid):
    """What a person is told of a video that cannot be used."""

    code = "video"


@dataclass(frozen=True, slots=True)
class Seen:
    """What is in a video: pixels as it is shown, its length, its codecs; `tracked` notes places in a track."""

    width: int
    height: int
    seconds: float
    codec: str
    audio: str = ""
    located: bool = False
    tracked: bool = False


def look(path: Path) -> Seen:
    """Return what is in a video; raises Invalid for a broken one, Unavailable when nobody can look."""
    found = _probed(path)
    general, video, audio = (found.get(name) or {} for name in ("general", "video", "audio"))
    width, height = _number(video.get("width")), _number(video.get("height"))
    seconds = _number(video.get("duration") or general.get("duration")) / 1000
    if not (width and height and seconds):
        raise Unusable(
            _("This video has no pictures or no length: it is damaged, or was not sent whole."),
            remedy=_("Play it from the beginning to the end, save it anew as MP4, and send that."),
        )
    if round(_number(video.get("rotation"))) % 180 == 90:
        width, height = height, width
    tracked = _is_tracked(path)
    codec = str(video.get("format") or "")
    return Seen(
        width=int(width),
        height=int(height),
        seconds=round(seconds, 3),
        codec=CODECS.get(codec, codec.lower())[:20],
        audio=str(audio.get("format") or "").lower()[:20],
        located=bool(found.get("located")) or tracked or _names_place(path),
        tracked=tracked,
    )


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return 0.0


def _probed(path: Path) -> dict[str, Any]:
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(PROBE), str(path)], capture_output=True, timeout=PROBE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _unseen() from error
    if done.returncode:
        if b"ModuleNotFoundError" in done.stderr or b"Failed to load library" in done.stderr:
            raise Unavailable(
                _("This installation cannot look into videos."),
                remedy=_("Ask your administrator to install Kentongan again, or libmediainfo."),
            )
        raise _unseen()
    return dict(json.loads(done.stdout))


def _unseen() -> Unusable:
    return Unusable(
        _("This video cannot be read: it is damaged, or no video at all."),
        remedy=_("Save it anew as MP4 (H.264), and send that."),
    )


@dataclass(frozen=True, slots=True)
class _Box:
    """A box: its name, where it begins, where what is in it begins, where it ends; bytes from the file's start."""

    name: bytes
    start: int
    inside: int
    end: int


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[_Box]:
    """Yield the boxes between two places; raises Invalid for what is none."""
    for _number_of in range(MOST_BOXES):
        if end - start < 8:
            return
        file.seek(start)
        size, name, inside = int.from_bytes(file.read(4)), file.read(4), start + 8
        if size == 1:
            size, inside = int.from_bytes(file.read(8)), start + 16
        stop = end if size == 0 else start + size
        if stop < inside or stop > end:
            raise _unseen()
        yield _Box(name, start, inside, stop)
        start = stop
    raise _unseen()


def _telling(file: BinaryIO, start: int, end: int, outermost: bool = True) -> Iterator[_Box]:
    for box in _boxes(file, start, end):
        if box.name in TELLING:
            yield box
        elif box.name in AROUND and (outermost or box.name == b"trak"):
            yield from _telling(file, box.inside, box.end, outermost=False)


def _length(file: BinaryIO) -> int:
    return file.seek(0, 2)


def _tracks(file: BinaryIO) -> Iterator[bytes]:
    for outer in _boxes(file, 0, _length(file)):
        for box in _boxes(file, outer.inside, outer.end) if outer.name == b"moov" else ():
            if box.name == b"trak":
                yield _content(file, box)


def _has_boxes(file: BinaryIO) -> bool:
    file.seek(4)
    return file.read(4) == b"ftyp"


def _is_tracked(path: Path) -> bool:
    with path.open("rb") as file:
        return _has_boxes(file) and any(mark in track for track in _tracks(file) for mark in TRACKED)


def _names_place(path: Path) -> bool:
    with path.open("rb") as file:
        if not _has_boxes(file):
            return False
        return any(mark in _content(file, box) for box in _telling(file, 0, _length(file)) for mark in PLACES)


def _content(file: BinaryIO, box: _Box) -> bytes:
    file.seek(box.inside)
    return file.read(min(box.end - box.inside, MOST_HEAD))


def clean(path: Path) -> int:
    """Blank the metadata of an MP4 or QuickTime file in place, its pictures untouched; return how many parts that were.

    A part keeps its length and becomes free space, so that everything else stays where the file says that it is.
    """
    with path.open("r+b") as file:
        if not _has_boxes(file):
            return 0
        found = list(_telling(file, 0, _length(file)))
        for box in found:
            file.seek(box.start + 4)
            file.write(b"free")
            file.seek(box.inside)
            _blank(file, box.end - box.inside)
    return len(found)


def _blank(file: BinaryIO, count: int) -> None:
    zeros = bytes(1 << 16)
    while count > 0:
        count -= file.write(zeros[: min(count, len(zeros))])
