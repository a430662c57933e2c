"""Facets: handfuls of posts in nearly the same words, as arrays; a row each."""

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

import numpy as np

from kentongan.listening.clustering import sparse
from kentongan.listening.clustering.sparse import Floats, Ints, Singles
from kentongan.listening.clustering.words import WIDTH

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


def _none() -> Ints:
    return np.zeros(0, np.int64)


def _never() -> Floats:
    return np.zeros((0, 2), np.float64)


@dataclass(slots=True)
class Facets:
    """Ascending `ids`, `cluster` keys, number of `posts`, their first and last `times` (seconds), `order` of arrival.

    `counts` are facets x words: how many of a facet's posts use a word.
    """

    ids: Ints = field(default_factory=_none)
    cluster: Ints = field(default_factory=_none)
    posts: Ints = field(default_factory=_none)
    times: Floats = field(default_factory=_never)
    order: Floats = field(default_factory=_never)
    counts: "csr_matrix" = field(default_factory=lambda: sparse.empty(0, WIDTH))

    def __len__(self) -> int:
        return len(self.cluster)

    def open(self, ids: Ints) -> None:
        """Add empty facets, each a cluster of its own under its own number."""
        more = len(ids)
        self.ids, self.cluster = np.concatenate([self.ids, ids]), np.concatenate([self.cluster, ids])
        self.posts = np.concatenate([self.posts, np.zeros(more, np.int64)])
        nothing = np.tile([np.inf, -np.inf], (more, 1))
        self.times, self.order = np.concatenate([self.times, nothing]), np.concatenate([self.order, nothing])
        starts = np.concatenate([self.counts.indptr, np.full(more, self.counts.indptr[-1])])
        self.counts = sparse.matrix(self.counts.data, self.counts.indices, starts, self.counts.shape[1])

    def take(self, chosen: Ints, posts: "csr_matrix", times: Floats, order: Floats) -> None:
        """Add each post to the facet chosen for it."""
        self.counts = self.counts + sparse.gathered(posts, chosen, len(self))
        self.posts += np.bincount(chosen, minlength=len(self))
        for spans, values in ((self.times, times), (self.order, order)):
            np.minimum.at(spans[:, 0], chosen, values)
            np.maximum.at(spans[:, 1], chosen, values)

    def sizes(self) -> dict[int, int]:
        """Return how many posts of each cluster are in these facets."""
        keys, at = np.unique(self.cluster, return_inverse=True)
        return dict(zip(keys.tolist(), np.bincount(at, self.posts).astype(np.int64).tolist(), strict=True))

    def keep(self, rows: Ints) -> None:
        """Forget all facets but these."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name)[rows])

    def prune(self, weights: Singles, most: int) -> None:
        """Keep the `most` heaviest words of facets with twice as many, and halve them, so that facets drift."""
        sizes = np.diff(self.counts.indptr)
        long = sizes > 2 * most
        if not long.any():
            return
        rows = sparse.rows_of(self.counts)
        order = np.lexsort((-weights, rows))
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order)) - self.counts.indptr[rows[order]]
        kept = ~long[rows] | (rank < most)
        values = np.where(long[rows], self.counts.data * np.float32(0.5), self.counts.data)
        starts = np.concatenate([[0], np.cumsum(np.bincount(rows[kept], minlength=len(self)))])
        self.counts = sparse.matrix(values[kept], self.counts.indices[kept], starts, self.counts.shape[1])
