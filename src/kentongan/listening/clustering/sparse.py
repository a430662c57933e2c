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


def scaled(found: "csr_matrix", weights: Singles) -> "csr_matrix":
    """Return the matrix with each entry times its weight."""
    return matrix(found.data * weights, found.indices, found.indptr, found.shape[1])


def rooted(found: "csr_matrix") -> "csr_matrix":
    """Return the matrix with the root of each entry."""
    return matrix(np.sqrt(found.data), found.indices, found.indptr, found.shape[1])


def select(groups: Ints, height: int) -> "csr_matrix":
    """Return the matrix that sums the rows of another by group: height x members, `groups[i]` is where row `i` goes."""
    from scipy import sparse

    ones = np.ones(len(groups), np.float32)
    return sparse.csr_matrix((ones, (groups, np.arange(len(groups)))), shape=(height, len(groups)))


def rows_of(found: "csr_matrix") -> Ints:
    """Return the row of each entry."""
    return np.repeat(np.arange(found.shape[0]), np.diff(found.indptr))


def unit(found: "csr_matrix") -> "csr_matrix":
    """Return the matrix with rows of length one."""
    rows = rows_of(found)
    lengths = np.sqrt(np.bincount(rows, found.data.astype(np.float64) ** 2, minlength=found.shape[0]))
    values = (found.data / np.maximum(lengths, 1e-9)[rows]).astype(np.float32)
    return matrix(values, found.indices, found.indptr, found.shape[1])


def best_of_rows(rows: Ints, values: Singles, height: int) -> Ints:
    """Return, for each of `height` rows, the index of its largest value (rows ascending), or -1."""
    best = np.full(height, -1, np.int64)
    order = np.lexsort((-np.arange(len(rows)), values, rows))
    best[rows[order]] = order
    return best
