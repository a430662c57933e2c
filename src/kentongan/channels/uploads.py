"""How long an upload may take: what a worker is given for it, and when an adapter gives it up."""

from datetime import timedelta

from django.utils.translation import gettext as _

from kentongan.channels.contract import Manifest, RetryLater
from kentongan.core import clock

VIDEO_WORK = timedelta(minutes=3)
"""What platforms work on a video before they say anything."""
SLOWEST = 100_000
"""Bytes a second; slower than that a video is given up."""
ATTEMPT = timedelta(minutes=2)


def extra_time(size: int) -> timedelta:
    """Return how much longer than usual a call may take that sends videos of so many bytes in all; nothing for none."""
    return VIDEO_WORK + timedelta(seconds=size / SLOWEST) if size else timedelta(0)


def longest(manifest: Manifest, size: int) -> timedelta:
    """Return how long one attempt may take with videos of so many bytes: a worker that takes longer is given up."""
    return max(manifest.attempt, ATTEMPT + extra_time(size))


class Deadline:
    """When an upload is given up that has not decided anything yet: afterwards another worker may be at it.

    By the clock on the wall, since a machine may have slept meanwhile.
    """

    def __init__(self, manifest: Manifest, size: int) -> None:
        self.at = clock.now() + longest(manifest, size)

    def check(self) -> None:
        """Raise RetryLater once it has passed; to be asked before the call that publishes, never after it."""
        if clock.now() > self.at:
            raise RetryLater(_("The upload took too long and was given up before anything was published."))
