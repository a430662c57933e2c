"""How long an attempt may go on: what publishes begins only while the claim on the delivery certainly holds.

Who lets a claim lapse has the post looked for, and sent again where it is absent: to publish after that would be a
second post.
"""

import time
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _

from kentongan.channels.contract import RetryLater

# What the call that publishes takes itself (forty seconds at most), and what passed before the adapter was called.
RESERVE = timedelta(seconds=50)
NOT_READY_WAIT = timedelta(minutes=1)
clock = time.monotonic


@dataclass(frozen=True, slots=True)
class Patience:
    """Until when what publishes may begin, by the monotonic clock."""

    until: float

    @classmethod
    def of(cls, attempt: timedelta) -> "Patience":
        """Return that of an attempt which begins now and may take so long (`Manifest.attempt`)."""
        return cls(clock() + (attempt - RESERVE).total_seconds())

    def lasts(self, seconds: float = 0.0) -> bool:
        """Whether there is time in so many seconds from now."""
        return clock() + seconds <= self.until

    def check(self) -> None:
        """Raise RetryLater where it is over: nothing was published, and nothing will be."""
        if not self.lasts():
            raise RetryLater(_("The platform is not done with the pictures and videos yet."), {}, NOT_READY_WAIT)
