"""How long an upload may take: what a worker is given for it, and when an adapter gives it up."""

from collections.abc import Callable
from datetime import timedelta

from django.utils.translation import gettext as _

from kentongan.channels.contract import Manifest, Post, RetryLater
from kentongan.core import clock

VIDEO_WORK = timedelta(minutes=3)
"""What platforms work on a video before they say anything."""
SLOWEST = 100_000
"""Bytes a second; slower than that a video is given up."""
ATTEMPT = timedelta(minutes=2)
FETCHING = timedelta(minutes=30)
"""What a platform is given that fetches videos itself: we carry nothing, so that is no longer for a larger one."""
FETCHED_TOGETHER = 1024 * 1024 * 1024
"""Bytes that can be fetched and worked on in that time, all videos of a post together."""


def extra_time(manifest: Manifest, size: int) -> timedelta:
    """Return how much longer than usual a call may take that sends videos of so many bytes in all; nothing for none."""
    carried = 0 if manifest.fetches_videos else size
    return VIDEO_WORK + timedelta(seconds=carried / SLOWEST) if carried else timedelta(0)


def longest(manifest: Manifest, size: int) -> timedelta:
    """Return how long one attempt may take with videos of so many bytes: a worker that takes longer is given up."""
    fetching = FETCHING if size and manifest.fetches_videos else timedelta(0)
    return max(manifest.attempt, fetching, ATTEMPT + extra_time(manifest, size))


class Deadline:
    """When an upload is given up that has not decided anything yet: afterwards another worker may be at it.

    By the clock on the wall, since a machine may have slept meanwhile.
    """

    def __init__(self, manifest: Manifest, post: Post) -> None:
        self.at = clock.now() + longest(manifest, post.video_size)
        self.confirm: Callable[[], None] = post.confirm

    def check(self) -> None:
        """Raise RetryLater once it has passed; to be asked before the call that publishes, never after it."""
        if clock.now() > self.at:
            raise RetryLater(_("The upload took too long and was given up before anything was published."))

    def last_check(self) -> None:
        """Ask right before the call that publishes, where there is time for it, whether it is still to go out."""
        self.check()
        self.confirm()
        self.check()  # to ask may have taken a while
