"""How each group talks: a model of its words, smoothed by how everybody talks (Dirichlet)."""

from typing import TYPE_CHECKING

import numpy as np

from kentongan.listening.clustering import sparse
from kentongan.listening.clustering.sparse import Floats, Ints, Singles

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# So many facets at a time are compared with all groups.
PORTION = 2000


def likeliest(
    counts: "csr_matrix", posts: Ints, times: Floats, numbers: Ints, background: Singles, mass: float, gap: float
) -> Ints:
    """Return the group that would likeliest say what each facet says: words, posts, time span, group of facets so far.

    `background` is each word's share of all that is said, and counts as much as `mass` words. The larger group has the
    better prospects; one that shares no word, or is `gap` seconds away, has none.
    """
    groups, at = np.unique(numbers, return_inverse=True)
    said = sparse.select(at, len(groups)) @ counts
    totals = np.asarray(said.sum(1), np.float64).ravel()
    values = np.log1p(said.data / (mass * background[said.indices])).astype(np.float32)
    weights = sparse.with_values(said, values).T.tocsr()
    a_word = np.log(mass / (totals + mass))
    a_group = np.log(np.bincount(at, posts) + 0.1)
    first, last = np.full(len(groups), np.inf), np.full(len(groups), -np.inf)
    np.minimum.at(first, at, times[:, 0])
    np.maximum.at(last, at, times[:, 1])
    best = at.copy()
    for start in range(0, len(numbers), PORTION):
        part = slice(start, start + PORTION)
        shared = (counts[part] @ weights).toarray()
        score = shared + np.outer(np.asarray(counts[part].sum(1)).ravel(), a_word) + a_group
        near = (times[part, :1] <= last + gap) & (times[part, 1:] >= first - gap)
        score[(shared <= 0.0) | ~near] = -np.inf
        best[part] = np.where(np.isfinite(score.max(1)), score.argmax(1), at[part])
    return groups[best]
