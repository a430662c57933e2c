"""What the contract tests of Meta's platforms share."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from channels.benches import fault
from kentongan.channels.contract import Media, Video
from kentongan.channels.testing import Failure
from servers.proxy import Fault
from servers.stub import Asked, Said, serving

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def error(code: int, message: str = "Ada masalah", **more: object) -> bytes:
    """Return the body of an error in Graph's form."""
    return json.dumps({"error": {"message": message, "type": "OAuthException", "code": code, **more}}).encode()


def fault_of(failure: Failure, where: str) -> Fault:
    """Return the fault; Graph refuses too many calls with an error of its own."""
    made = fault(failure, where)
    return replace(made, body=error(4, "Application request limit reached")) if made.status == 429 else made


MP4 = b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 600  # more than the stub fetches at once
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffdb004300") + b"\x08" * 64 + bytes.fromhex("ffd9")


@contextmanager
def pictures() -> Iterator[str]:
    """Run a server with pictures, as this installation is one for the platform; yields its address."""
    kinds = {
        "/gambar.jpg": JPEG,
        "/gambar.png": PNG,
        "/besar.jpg": JPEG + b"\0" * (8 << 20),
        "/bukan.jpg": b"bukan",
        "/setu.mp4": MP4,
        "/bukan.mp4": b"bukan video",
    }

    def answer(asked: Asked) -> Said:
        content, part = kinds.get(asked.path), re.fullmatch(r"bytes=(\d+)-(\d+)", asked.headers.get("range", ""))
        if content is None or part is None:
            return Said(content or b"", 200 if content else 404)
        start, end = int(part[1]), min(int(part[2]) + 1, len(content))
        return Said(content[start:end], 206 if start < end else 416)

    with serving(answer) as url:
        yield url


def picture(base: str, alt: str = "", name: str = "gambar.jpg") -> Media:
    """Return a picture that the platform can fetch there."""
    return Media(JPEG, "image/jpeg", alt, url=f"{base}/{name}")


def film(base: str, alt: str = "", name: str = "setu.mp4", size: int = len(MP4)) -> Video:
    """Return a video that the platform can fetch there; nobody here opens the file itself."""
    return Video(Path("/tidak/dibuka"), "video/mp4", "a" * 64, size, 21.0, alt, 1080, 1920, url=f"{base}/{name}")
