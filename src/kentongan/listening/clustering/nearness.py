"""Which facet is nearest to a post."""

from typing import TYPE_CHECKING

import numpy as np

from kentongan.listening.clustering import sparse
from kentongan.listening.clustering.facets import Facets
from kentongan.listening.clustering.settings import Settings
from kentongan.listening.clustering.sparse import Bools, Floats, Ints, Singles
from kentongan.listening.clustering.words import WIDTH, Words

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


def weighted(counts: "csr_matrix", words: Words) -> "csr_matrix":
    """Return tf-idf rows of length one."""
    return sparse.unit(counts, counts.data * words.sharpness(counts.indices))


class Index:
    """The facets as they were at the last refresh, and those opened since; by the words that tell them apart."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._age = settings.refresh
        self._rows = self._columns = sparse.empty(0, WIDTH)

    def forget(self) -> None:
        """Be made anew before the next use."""
        self._age = self.settings.refresh

    def _refresh(self, posts: int, facets: Facets, words: Words) -> None:
        """Take in how all facets talk now, every so many posts."""
        if self._age >= self.settings.refresh:
            self._age = 0
            self._rows = weighted(facets.counts, words)
            self._columns = self._telling(self._rows)
        self._age += posts

    def _telling(self, rows: "csr_matrix") -> "csr_matrix":
        """Return words x facets, without the words of little weight: half the facets use them, and none for them."""
        return sparse.above(rows, self.settings.faint).T.tocsr()

    def nearest(self, posts: "csr_matrix", times: Floats, facets: Facets, words: Words) -> Ints:
        """Return the row of the facet of each post, or -1."""
        self._refresh(len(times), facets, words)
        known = self._rows.shape[0]
        fresh = weighted(facets.counts[known:], words)
        owners, found, values = self._candidates(posts, self._rows, self._columns)
        used = np.unique(posts.indices)
        posts, fresh = sparse.narrow(posts, used), sparse.narrow(fresh, used)
        late = self._candidates(posts, fresh, self._telling(fresh))
        owners, values = np.concatenate([owners, late[0]]), np.concatenate([values, late[2]])
        found = np.concatenate([found, late[1] + known])
        spans = facets.times[found]
        fits = (spans[:, 0] - self.settings.gap <= times[owners]) & (times[owners] <= spans[:, 1] + self.settings.gap)
        owners, found, values = owners[fits], found[fits], values[fits]
        best = sparse.best_of_rows(owners, values, len(times))
        return np.where(best >= 0, np.append(found, -1)[best], -1)

    def _candidates(self, posts: "csr_matrix", rows: "csr_matrix", columns: "csr_matrix") -> tuple[Ints, Ints, Singles]:
        """Return pairs of posts and facets that are alike, and how much. What the index leaves out is added here."""
        shared = posts @ columns
        near = np.flatnonzero(shared.data > self.settings.similar - self.settings.slack)
        owners, found = sparse.rows_of(shared)[near], shared.indices[near]
        likeness, agreed = compare(posts, rows, owners, found, self.settings.witness)
        agreed &= likeness > self.settings.similar
        return owners[agreed], found[agreed], likeness[agreed]


def compare(one: "csr_matrix", other: "csr_matrix", left: Ints, right: Ints, witness: float) -> tuple[Singles, Bools]:
    """Return, for pairs of rows, how alike they are and whether more than one word speaks for them.

    On an ordinary day one shared word is no shared happening.
    """
    shared = one[left].multiply(other[right]).tocsr()
    rows, size = sparse.rows_of(shared), len(left)
    strong = np.bincount(rows[shared.data >= witness], minlength=size)
    agreed = (strong > 1) | ((strong == 1) & (np.diff(one.indptr)[left] == 1))
    return np.bincount(rows, shared.data, minlength=size).astype(np.float32), np.asarray(agreed)


def lead(posts: "csr_matrix", times: Floats, settings: Settings) -> Ints:
    """Return the leader of each post among these posts: the first that nobody leads takes what is like it."""
    size = posts.shape[0]
    narrow = sparse.narrow(posts, np.unique(posts.indices))
    alike = narrow @ narrow.T.tocsr()
    rows = sparse.rows_of(alike)
    near = np.flatnonzero((alike.data > settings.leading) & (alike.indices > rows))
    near = near[np.abs(times[rows[near]] - times[alike.indices[near]]) <= settings.gap]
    near = near[compare(narrow, narrow, rows[near], alike.indices[near], settings.witness)[1]]
    leaders = np.arange(size)
    for post, follower in zip(rows[near].tolist(), alike.indices[near].tolist(), strict=True):
        if leaders[post] == post and leaders[follower] == follower:
            leaders[follower] = post
    return leaders
