"""The few sparse matrices of the clusterer. scipy takes half a second to import: only who clusters waits for it."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


def matrix(values: Singles, columns: Ints, starts: Ints, width: int) -> "csr_matrix":
    """Return a matrix whose row `i` holds the entries from `starts[i]` up to `starts[i + 1]`."""
    from scipy import sparse

    return sparse.csr_matrix((values, columns, starts), shape=(len(starts) - 1, width), copy=False)


def empty(height: int, width: int) -> "csr_matrix":
    """Return a matrix of nothing."""
    return matrix(np.zeros(0, np.float32), np.zeros(0, np.int64), np.zeros(height + 1, np.int64), width)


def with_values(found: "csr_matrix", values: Singles) -> "csr_matrix":
    """Return the matrix with other values in the same places."""
    return matrix(values, found.indices, found.indptr, found.shape[1])


def above(found: "csr_matrix", least: float) -> "csr_matrix":
    """Return the matrix without entries below `least`."""
    return _only(found, found.indices, found.data >= least, found.shape[1])


def _only(found: "csr_matrix", columns: Ints, kept: Bools, width: int) -> "csr_matrix":
    starts = np.concatenate([[0], np.cumsum(kept)])[found.indptr]
    return matrix(found.data[kept], columns[kept], starts, width)


def narrow(found: "csr_matrix", columns: Ints) -> "csr_matrix":
    """Return the matrix with only these columns (ascending): what is as wide as all words takes long to turn."""
    at = np.minimum(np.searchsorted(columns, found.indices), len(columns) - 1)
    kept = columns[at] == found.indices if len(columns) else np.zeros(len(at), np.bool_)
    return _only(found, at, kept, len(columns))


def select(groups: Ints, height: int) -> "csr_matrix":
    """Return the matrix that sums the rows of another by group: height x members, `groups[i]` is where row `i` goes."""
    from scipy import sparse

    ones = np.ones(len(groups), np.float32)
    return sparse.csr_matrix((ones, (groups, np.arange(len(groups)))), shape=(height, len(groups)))


def gathered(found: "csr_matrix", groups: Ints, height: int) -> "csr_matrix":
    """Return the sums of rows by group, as `select` does: faster for few rows as wide as all words, and in order.

    What is not in order, scipy adds to something else through an array as wide as all words.
    """
    width = found.shape[1]
    places, at = np.unique(groups[rows_of(found)] * width + found.indices, return_inverse=True)
    starts = np.searchsorted(places, np.arange(height + 1) * width)
    return matrix(np.bincount(at, found.data).astype(np.float32), places % width, starts, width)


def rows_of(found: "csr_matrix") -> Ints:
    """Return the row of each entry."""
    return np.repeat(np.arange(found.shape[0]), np.diff(found.indptr))


def unit(found: "csr_matrix", values: Singles) -> "csr_matrix":
    """Return the matrix with other values in the same places, and rows of length one."""
    rows = rows_of(found)
    lengths = np.sqrt(np.bincount(rows, values.astype(np.float64) ** 2, minlength=found.shape[0]))
    return with_values(found, (values / np.maximum(lengths, 1e-9)[rows]).astype(np.float32))


def best_of_rows(rows: Ints, values: Singles | Floats, height: int) -> Ints:
    """Return, for each of `height` rows, the index of its largest value, of equals the first, or -1."""
    best = np.full(height, -1, np.int64)
    if len(rows):
        highest = np.full(height, -np.inf)
        np.maximum.at(highest, rows, values)
        at = np.flatnonzero(values == highest[rows])[::-1]
        best[rows[at]] = at
    return best
