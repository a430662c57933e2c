"""Videos of two seconds, made by ffmpeg: H.264 in `jalan.mp4` and (turned) `tegak.mp4`, HEVC in `jalan.mov`, VP9."""

import hashlib
import tempfile
from pathlib import Path

from kentongan.channels.contract import Video
from kentongan.core.media import videos

FOLDER = Path(__file__).parent


def video(name: str = "jalan.mp4", alt: str = "Jalan Setu dari udara") -> Video:
    """Return a sample as adapters get it."""
    path = FOLDER / name
    kind = {"mp4": "video/mp4", "mov": "video/quicktime", "webm": "video/webm"}[path.suffix[1:]]
    content = path.read_bytes()
    return Video(path, kind, hashlib.sha256(content).hexdigest(), len(content), 2.0, alt, 96, 64)


def clean(padding: int = 0) -> bytes:
    """Return an MP4 that tells nothing, so that what goes out is the same; with free space of that many bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "jalan.mp4"
        path.write_bytes((FOLDER / "jalan.mp4").read_bytes())
        videos.clean(path)
        return path.read_bytes() + (padding + 8).to_bytes(4) + b"free" + bytes(padding)
