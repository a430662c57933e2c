"""Which clusters are about the same matter, though they use different words for it.

"Air masuk rumah" and "butuh perahu karet" share no word; others write both in one post. So clusters are compared not by
their words but by the company that these keep: the main directions in which the words of all clusters vary together
(latent semantic analysis). What lies near each other there, on average, is one matter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Ints = NDArray[np.int64]
Singles = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Settings:
    """`apart` is the mean cosine distance up to which groups are one matter.

    With fewer clusters than `directions` nothing is simplified and only shared words count: what little there is in a
    quiet week is not forced together.
    """

    apart: float = 0.65
    directions: int = 250


def groups(terms: Sequence[Mapping[int, float]], spans: NDArray[np.float64], gap: float, settings: Settings) -> Ints:
    """Return a group number for each cluster: its weighted terms, and n x 2 its first and last second.

    Clusters with more than `gap` seconds between them count as strangers.
    """
    if len(terms) < 2:
        return np.arange(len(terms))
    # scipy and scikit-learn take a second to import: only the writer of clusters waits for them.
    from scipy.cluster.hierarchy import fcluster, linkage

    found = _directions(_roots(terms), settings)
    near = found @ found.T
    first, last = spans[:, 0], spans[:, 1]
    near[np.maximum(first[:, None] - last[None, :], first[None, :] - last[:, None]) > gap] = 0.0
    distances = np.clip(1.0 - near[np.triu_indices(len(terms), 1)], 0.0, 2.0)
    return np.asarray(fcluster(linkage(distances, "average"), settings.apart, "distance"), np.int64)


def _roots(terms: Sequence[Mapping[int, float]]) -> "csr_matrix":
    """Return clusters x words, each row of length one. Roots of weights: many words speak louder than one heavy one."""
    from scipy import sparse

    sizes = [len(words) for words in terms]
    column = {term: at for at, term in enumerate(dict.fromkeys(term for words in terms for term in words))}
    weights = np.fromiter((weight for words in terms for weight in words.values()), np.float64)
    rows = np.repeat(np.arange(len(terms)), sizes)
    totals = np.bincount(rows, weights, minlength=len(terms))
    values = np.sqrt(weights / totals[rows]).astype(np.float32)
    columns = np.fromiter((column[term] for words in terms for term in words), np.int64)
    return sparse.csr_matrix((values, (rows, columns)), shape=(len(terms), len(column)))


def _directions(matrix: "csr_matrix", settings: Settings) -> Singles:
    """Return each row in the main directions, of length one."""
    from sklearn.utils.extmath import randomized_svd

    most = min(settings.directions, *matrix.shape)
    # One thread: several wait for each other on a busy machine, and may add up in another order.
    with threadpool_limits(1, "blas"):
        _left, _strength, right = randomized_svd(matrix, most, n_iter=2, random_state=0)
    placed = np.asarray(matrix @ right.T, np.float32)
    return np.asarray(placed / np.maximum(np.linalg.norm(placed, axis=1, keepdims=True), 1e-9), np.float32)
