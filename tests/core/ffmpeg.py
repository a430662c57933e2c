"""A real ffmpeg for tests: that of the development dependencies, else the machine's own."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest


def program() -> str:
    """Return where it is; skips the test where there is none."""
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        found = shutil.which("ffmpeg")
        return found or pytest.skip("There is no ffmpeg: `make dev` installs imageio-ffmpeg, which has one.")


@pytest.fixture
def ffmpeg(settings: Any) -> str:
    """Let the product use it."""
    settings.KENTONGAN_FFMPEG = program()
    return str(settings.KENTONGAN_FFMPEG)


def make(target: Path, *options: str, seconds: int = 2, size: str = "96x64") -> Path:
    """Make a video of a test picture, as `options` say."""
    picture = ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25:duration={seconds}"]
    subprocess.run([program(), "-v", "error", *picture, *options, "-y", str(target)], check=True, timeout=120)
    return target
