"""Which facets are about the same matter, though they use different words for it.

Facets are compared by the roots of their words' weights (Bhattacharyya's measure): many shared words speak louder than
one heavy one; two sides of one happening share many, two happenings in one town share its name. What lies near each
other on average is one matter; what nobody talked about in between must be nearer.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kentongan.listening.clustering import sparse
from kentongan.listening.clustering.sparse import Floats, Ints, Singles

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# So many facets at a time are compared with all groups.
PORTION = 500


@dataclass(frozen=True, slots=True)
class Settings:
    """`alike` is the mean likeness (0 to 1) from which facets are one matter.

    A silence of `lull` posts between two facets makes them less alike, a longer one down to `doubt` times. More than
    `gap` seconds make them strangers.
    """

    alike: float = 0.08
    lull: float = 700.0
    doubt: float = 0.45
    gap: float = 4 * 86400.0


@dataclass(frozen=True, slots=True)
class Sides:
    """Facets to compare: `roots` are facets x words, rows of length one; `order` and `times` their spans (n x 2)."""

    roots: "csr_matrix"
    order: Floats
    times: Floats

    def part(self, first: int, last: int) -> "Sides":
        """Return some of them."""
        return Sides(self.roots[first:last], self.order[first:last], self.times[first:last])

    def __len__(self) -> int:
        return len(self.order)


def groups(sides: Sides, settings: Settings) -> Ints:
    """Return a group number (from 0) for each facet."""
    if len(sides) < 2:
        return np.arange(len(sides))
    # scipy takes a second to import: only the writer of clusters waits for it.
    from scipy.cluster.hierarchy import fcluster, linkage

    joined = linkage(_distances(sides, settings), "average")
    return np.asarray(fcluster(joined, 1.0 - settings.alike, "distance"), np.int64) - 1


def _distances(sides: Sides, settings: Settings) -> Floats:
    """Return the distance of each pair (0, 1), (0, 2), ..., (1, 2), ...: most share no word, and lie at 1."""
    shared = sides.roots @ sides.roots.T.tocsr()
    left, right = sparse.rows_of(shared), shared.indices
    once = right > left
    left, right = left[once], right[once]
    alike = shared.data[once] * _trust(sides, left, sides, right, settings)
    size = len(sides)
    distances = np.ones(size * (size - 1) // 2)
    distances[left * (2 * size - left - 1) // 2 + right - left - 1] = np.maximum(1.0 - alike, 0.0)
    return distances


def nearest(sides: Sides, grouped: Sides, numbers: Ints, settings: Settings) -> Ints:
    """Return the group that each facet is most like on average, or -1 if it is like none."""
    found = np.full(len(sides), -1, np.int64)
    if not len(numbers):
        return found
    members = sparse.select(numbers, int(numbers.max()) + 1).T.tocsr()
    sizes, words = np.bincount(numbers), grouped.roots.T.tocsr()
    for start in range(0, len(sides), PORTION):
        part = sides.part(start, start + PORTION)
        shared = part.roots @ words
        trust = _trust(part, sparse.rows_of(shared), grouped, shared.indices, settings)
        mean = (sparse.with_values(shared, shared.data * trust) @ members).toarray() / sizes
        found[start : start + PORTION] = np.where(mean.max(1) > settings.alike, mean.argmax(1), -1)
    return found


def _trust(one: Sides, left: Ints, other: Sides, right: Ints, settings: Settings) -> Singles:
    """Return, for pairs of facets, how far shared words count after the silence between them: 1 if there was none."""
    silence = _between(one.order, left, other.order, right)
    trust = np.float32(settings.doubt) + np.float32(1.0 - settings.doubt) * np.exp(silence / np.float32(-settings.lull))
    trust[_between(one.times, left, other.times, right) > settings.gap] = 0.0
    return np.asarray(trust, np.float32)


def _between(one: Floats, left: Ints, other: Floats, right: Ints) -> Singles:
    """Return how far two spans lie apart, 0 if they overlap, for pairs of rows."""
    # Half the memory, and exact enough once they are counted from near by.
    start = one.min() if len(one) else 0.0
    first, last = np.ascontiguousarray((one - start).T, np.float32)
    since, until = np.ascontiguousarray((other - start).T, np.float32)
    apart = np.maximum(first[left] - until[right], since[right] - last[left])
    return np.asarray(np.maximum(apart, 0.0), np.float32)
