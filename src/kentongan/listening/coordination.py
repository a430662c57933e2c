"""Copy-paste bursts: nearly the same text by many authors within minutes. Evidence on an issue, no list of people.

Reposts by the platform's own button do not count: they say openly whose words they are. The order in which posts arrive
does not matter, only when they were written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

LEAST_AUTHORS = 10
WINDOW_SECONDS = 1800.0
# Of 64 bits: texts that differ in a hashtag, a mention or a word.
NEAR_BITS = 12
MOST_KEYS = 3000


@dataclass(frozen=True, slots=True)
class Burst:
    """Posts that say nearly the same: how many, by how many authors, in which span of time, with one of the texts."""

    key: int
    first: datetime
    last: datetime
    posts: int
    authors: int
    excerpt: str

    def evidence(self) -> dict[str, object]:
        """Return plain JSON for the issue's page."""
        return {
            "key": str(self.key),
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "minutes": max(1, round((self.last - self.first).total_seconds() / 60)),
            "posts": self.posts,
            "authors": self.authors,
            "excerpt": self.excerpt[:200],
        }


@dataclass(frozen=True, slots=True)
class Copy:
    """What is known of a post for this purpose; `author` is a 64-bit hash."""

    key: int
    at: float
    author: int
    text: str


def _families(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each key the first one that differs from it in at most NEAR_BITS bits."""
    unique, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    order = np.argsort(-counts)[:MOST_KEYS]
    leader = np.arange(len(unique))
    free = np.ones(len(unique), bool)
    bits = unique.view(np.uint64)
    for index in order:
        if not free[index]:
            continue
        near = free & (np.bitwise_count(bits ^ bits[index]) <= NEAR_BITS)
        leader[near] = index
        free[near] = False
    return unique[leader[inverse]]


def _densest(times: NDArray[np.float64], authors: NDArray[np.int64]) -> tuple[int, int, int]:
    """Return (start, end, distinct authors) of the window with the most authors; `times` ascend."""
    best = (0, 0, 0)
    start = 0
    inside: dict[int, int] = {}
    for end, (time, author) in enumerate(zip(times.tolist(), authors.tolist(), strict=True)):
        inside[author] = inside.get(author, 0) + 1
        while time - times[start] > WINDOW_SECONDS:
            gone = int(authors[start])
            inside[gone] -= 1
            if not inside[gone]:
                del inside[gone]
            start += 1
        if len(inside) > best[2]:
            best = (start, end + 1, len(inside))
    return best


def bursts(copies: Sequence[Copy]) -> list[Burst]:
    """Return the bursts among the posts of one issue, the largest first."""
    if len(copies) < LEAST_AUTHORS:
        return []
    family = _families(np.array([copy.key for copy in copies], np.int64))
    found = []
    for key in np.unique(family):
        members = sorted((copies[int(index)] for index in np.flatnonzero(family == key)), key=lambda copy: copy.at)
        if len(members) < LEAST_AUTHORS:
            continue
        times = np.array([copy.at for copy in members])
        start, end, authors = _densest(times, np.array([copy.author for copy in members], np.int64))
        if authors >= LEAST_AUTHORS:
            found.append(
                Burst(
                    int(key),
                    datetime.fromtimestamp(members[start].at, UTC),
                    datetime.fromtimestamp(members[end - 1].at, UTC),
                    end - start,
                    authors,
                    members[start].text,
                )
            )
    return sorted(found, key=lambda burst: -burst.posts)


def combine(known: Sequence[dict[str, object]], found: Sequence[Burst], most: int = 5) -> list[dict[str, object]]:
    """Return the evidence with what was found now; of the same family the larger finding stays."""
    by_key = {str(burst["key"]): dict(burst) for burst in known}
    for burst in found:
        evidence = burst.evidence()
        before = by_key.get(str(burst.key))
        if before is None or int(str(before["posts"])) < burst.posts:
            by_key[str(burst.key)] = evidence
    return sorted(by_key.values(), key=lambda burst: -int(str(burst["posts"])))[:most]


def share(evidence: Sequence[dict[str, object]], posts: int) -> float:
    """Return which part of an issue's posts lies in bursts, 0 to 1."""
    return min(1.0, sum(int(str(burst["posts"])) for burst in evidence) / posts) if posts else 0.0
