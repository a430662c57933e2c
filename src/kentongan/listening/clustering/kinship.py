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

    alike: float = 0.07
    lull: float = 1000.0
    doubt: float = 0.5
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

    distances = 1.0 - _likeness(sides, sides, settings)[np.triu_indices(len(sides), 1)]
    joined = linkage(np.clip(distances, 0.0, 1.0), "average")
    return np.asarray(fcluster(joined, 1.0 - settings.alike, "distance"), np.int64) - 1


def nearest(sides: Sides, grouped: Sides, numbers: Ints, settings: Settings) -> Ints:
    """Return the group that each facet is most like on average, or -1 if it is like none."""
    found = np.full(len(sides), -1, np.int64)
    if not len(numbers):
        return found
    members = sparse.select(numbers, int(numbers.max()) + 1)
    sizes = np.bincount(numbers)
    for start in range(0, len(sides), PORTION):
        mean = (members @ _likeness(grouped, sides.part(start, start + PORTION), settings)).T / sizes
        found[start : start + PORTION] = np.where(mean.max(1) > settings.alike, mean.argmax(1), -1)
    return found


def _likeness(one: Sides, other: Sides, settings: Settings) -> Singles:
    alike = (one.roots @ other.roots.T.tocsr()).toarray()
    silence = _between(one.order, other.order)
    alike *= settings.doubt + (1.0 - settings.doubt) * np.exp(silence / -settings.lull)
    alike[_between(one.times, other.times) > settings.gap] = 0.0
    return alike  # type: ignore[no-any-return]


def _between(one: Floats, other: Floats) -> Singles:
    """Return how far each two spans lie apart, 0 if they overlap."""
    # Half the memory, and exact enough once they are counted from near by.
    start = one[:, 0].min(initial=0.0)
    one, other = (one - start).astype(np.float32), (other - start).astype(np.float32)
    apart = np.maximum(one[:, :1] - other[:, 1], other[:, 0] - one[:, 1:])
    return np.maximum(apart, 0.0)
