"""How often a delivery's numbers are read: often while it is fresh, seldom later, never once it no longer changes."""

from datetime import timedelta
from typing import Final

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

# (as long as it is younger than, read again after)
CADENCE: Final = (
    (HOUR, timedelta(minutes=2)),
    (6 * HOUR, timedelta(minutes=10)),
    (2 * DAY, timedelta(minutes=30)),
    (7 * DAY, 3 * HOUR),
    (30 * DAY, DAY),
    (180 * DAY, 7 * DAY),
)
FIRST_BACK_OFF: Final = timedelta(minutes=5)
LONGEST_BACK_OFF: Final = 6 * HOUR


def interval(age: timedelta) -> timedelta | None:
    """Return the time to the next reading of a post of that age; None when it is not read any more."""
    return next((again for younger, again in CADENCE if age < younger), None)


def back_off(failures: int) -> timedelta:
    """Return how long to wait after so many failures in a row."""
    doublings: int = 2 ** min(max(failures - 1, 0), 10)
    return min(FIRST_BACK_OFF * doublings, LONGEST_BACK_OFF)


def check() -> None:
    """Raise ValueError unless readings grow rarer with age."""
    ages, pauses = zip(*CADENCE, strict=True)
    if list(ages) != sorted(ages) or list(pauses) != sorted(pauses):
        raise ValueError("readings must grow rarer with age")


check()
