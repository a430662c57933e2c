"""Locks between the processes of one installation. The kernel releases them when their holder ends, however it ends."""

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

PAUSE = 0.05


class FileLock:
    """An advisory lock on one file, which also says who holds it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    def acquire(self, *, shared: bool = False, seconds: float = 0) -> bool:
        """Take the lock, or change how it is held; wait at most `seconds`. Return whether it is ours."""
        if self._descriptor is None:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        deadline = time.monotonic() + seconds
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        while True:
            try:
                fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    self.release()
                    return False
                time.sleep(PAUSE)
            else:
                return True

    def release(self) -> None:
        """Give the lock back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def sign(self, text: str) -> None:
        """Write who holds the lock, for the others to read."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, text.encode(), 0)

    def holder(self) -> str:
        """Return what the last holder wrote, or an empty text."""
        with suppress(OSError):
            return self.path.read_text(encoding="utf-8").strip()
        return ""
