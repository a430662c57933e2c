"""What tests of faults need besides servers: a small disk that can be filled, a clock that can be moved."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import libfaketime

LIBRARY = Path(libfaketime.__file__).parent / "vendor/libfaketime/src/libfaketime.so.1"
BLOCK = 4096


@dataclass
class Disk:
    """A small disk, and the file that fills it."""

    folder: Path

    @property
    def balloon(self) -> Path:
        """Return the file that takes all the room."""
        return self.folder / "balloon"

    def fill(self) -> None:
        """Take all the room there is."""
        with self.balloon.open("ab") as file, suppress(OSError):
            while room := shutil.disk_usage(self.folder).free:
                os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, max(room // 2, BLOCK))

    def free(self) -> None:
        """Make room again."""
        self.balloon.unlink()


@contextmanager
def mounted(folder: Path, megabytes: int) -> Iterator[Disk | None]:
    """Mount a disk of so many megabytes there; None where that is not permitted, as to all but root."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        yield None
        return
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@dataclass
class Clock:
    """A clock that processes see which are started with `environment`; it can be moved while they run."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Return what makes a process see it."""
        return {
            "LD_PRELOAD": str(self.folder / LIBRARY.name),
            "FAKETIME_TIMESTAMP_FILE": str(self.folder / "offset"),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def move(self, seconds: int) -> None:
        """Move it to so many seconds from the real one."""
        fresh = self.folder / "fresh"
        fresh.write_text(f"{seconds:+d}")
        fresh.chmod(0o644)
        fresh.replace(self.folder / "offset")


@contextmanager
def movable_clock() -> Iterator[Clock]:
    """A clock that shows the real time at first; who runs PostgreSQL can read it too."""
    with tempfile.TemporaryDirectory(prefix="kentongan-clock-") as folder:
        Path(folder).chmod(0o755)
        shutil.copy(LIBRARY, folder)
        made = Clock(Path(folder))
        made.move(0)
        yield made
