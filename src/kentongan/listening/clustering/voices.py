"""How each group talks: a model of its words, smoothed by how everybody talks (Dirichlet)."""

from typing import TYPE_CHECKING

import numpy as np

from kentongan.listening.clustering import sparse
from kentongan.listening.clustering.sparse import Floats, Ints, Singles

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


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
    found = counts @ weights
    rows, columns = sparse.rows_of(found), found.indices
    lengths = np.asarray(counts.sum(1)).ravel()
    score = found.data + lengths[rows] * a_word[columns] + a_group[columns]
    score[(times[rows, 0] > last[columns] + gap) | (times[rows, 1] < first[columns] - gap)] = -np.inf
    best = sparse.best_of_rows(rows, score, len(numbers))
    return np.where(best >= 0, groups[np.append(columns, 0)[best]], numbers)
