"""Videos for tests: any bytes will do, since no stub looks into them."""

import hashlib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from kentongan.channels.contract import Post, Video
from kentongan.channels.testing import Bench

KILOBYTE = 1024


def video(folder: Path, size: int = 700 * KILOBYTE, **more: object) -> Video:
    """Return a video of so many bytes, each unlike its neighbours."""
    content = b"".join(number.to_bytes(4, "big") for number in range(size // 4 + 1))[:size]
    path = folder / f"{size}.mp4"
    path.write_bytes(content)
    given = {"seconds": 21.0, "alt": "Petugas menambal jalan", "width": 1080, "height": 1920}
    return Video(path, "video/mp4", hashlib.sha256(content).hexdigest(), size, **(given | more))


@dataclass
class VideoBench(Bench):
    """A bench of a channel that publishes videos only: each of its posts has one."""

    video: Video = field(default=None)  # type: ignore[assignment]

    def post(self, text: str) -> Post:
        """Return a post with a key and the video."""
        return replace(super().post(text), videos=(self.video,))


def with_video(bench: Bench, clip: Video) -> VideoBench:
    """Return the same bench, each of whose posts has the video and no picture."""
    kept = {field.name: getattr(bench, field.name) for field in fields(bench)}
    refused = replace(bench.refused, images=(), videos=(clip,))
    return VideoBench(**{**kept, "images": (), "refused": refused}, video=clip)
