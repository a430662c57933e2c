"""How each group talks: a model of its words, smoothed by how everybody talks (Dirichlet)."""

from typing import TYPE_CHECKING

import numpy as np

from kentongan.listening.clustering import sparse
from kentongan.listening.clustering.sparse import Ints, Singles

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# So many texts at a time are compared with all groups.
PORTION = 2000


def likeliest(counts: "csr_matrix", posts: Ints, numbers: Ints, background: Singles, mass: float) -> Ints:
    """Return the group that would likeliest say each text: texts x words, posts in each, their groups so far.

    `background` is each word's share of all that is said, and counts as much as `mass` words. The larger group has the
    better prospects.
    """
    groups, at = np.unique(numbers, return_inverse=True)
    said = sparse.select(at, len(groups)) @ counts
    totals = np.asarray(said.sum(1), np.float64).ravel()
    values = np.log1p(said.data / (mass * background[said.indices])).astype(np.float32)
    weights = sparse.matrix(values, said.indices, said.indptr, said.shape[1]).T.tocsr()
    a_word = np.log(mass / (totals + mass))
    a_group = np.log(np.bincount(at, posts) + 0.1)
    best = np.empty(len(numbers), np.int64)
    for start in range(0, len(numbers), PORTION):
        part = counts[start : start + PORTION]
        lengths = np.asarray(part.sum(1)).ravel()
        best[start : start + PORTION] = ((part @ weights).toarray() + np.outer(lengths, a_word) + a_group).argmax(1)
    return groups[best]
