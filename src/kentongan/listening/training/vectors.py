"""Word vectors: words that stand among the same words are near each other, whatever their spelling.

Positive pointwise mutual information of words within four words of each other, brought to few dimensions; each vector
is weighed down by how common its word is. They serve while a head is fitted: since a text is the sum of its words, what
they say ends up in the weights of the words themselves.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.preprocessing import normalize

from kentongan.listening.pipeline import features
from kentongan.listening.pipeline.normalise import spelled

DIMENSIONS = 150
WINDOW = 4
SEEN = 3
COMMON = 1e-3


@dataclass(frozen=True, slots=True)
class Vectors:
    """`places` of words (as spelled in full) in `rows` (words x DIMENSIONS)."""

    places: dict[str, int]
    rows: NDArray[np.float32]

    def of_texts(self, tokens: pa.Array) -> NDArray[np.float32]:
        """Return the sum of each text's vectors."""
        seen = features.units(tokens)
        known = np.array([self.places.get(spelled(word), len(self.rows)) for word in seen.words])
        table = np.vstack([self.rows, np.zeros((1, self.rows.shape[1]), np.float32)])[known]
        owners = sparse.csr_matrix(
            (np.ones(len(seen.rows), np.float32), (seen.rows, seen.codes)), shape=(len(tokens), len(seen.words))
        )
        return np.asarray(owners @ table)


def learn(columns: Sequence[pa.Array]) -> Vectors:
    """Return the vectors of all words of these token columns that stand there at least SEEN times."""
    texts = [[spelled(word) for word in words] for column in columns for words in column.to_pylist()]
    counts = Counter(word for words in texts for word in words)
    places = {word: place for place, word in enumerate(word for word, seen in counts.items() if seen >= SEEN)}
    information = _information(_neighbours(texts, places))
    reduced = TruncatedSVD(DIMENSIONS, n_iter=3, random_state=1)
    rows = reduced.fit_transform(information) / np.sqrt(reduced.singular_values_)
    seen = np.array([counts[word] for word in places], float)
    rarity = COMMON / (COMMON + seen / seen.sum())
    return Vectors(places, (normalize(rows) * rarity[:, None]).astype(np.float32))


def _neighbours(texts: list[list[str]], places: dict[str, int]) -> sparse.coo_matrix:
    apart = [-1] * WINDOW
    line = np.concatenate([[*(places[word] for word in words if word in places), *apart] for words in texts]).astype(
        int
    )
    total = sparse.csr_matrix((len(places), len(places)), dtype=np.float32)
    for distance in range(1, WINDOW + 1):
        first, second = line[:-distance], line[distance:]
        both = (first >= 0) & (second >= 0)
        ones = np.full(both.sum(), 1.0 / distance)
        total = total + sparse.csr_matrix((ones, (first[both], second[both])), shape=total.shape)
    return (total + total.T).tocoo()


def _information(together: sparse.coo_matrix) -> sparse.csr_matrix:
    alone = np.asarray(together.sum(axis=1)).ravel()
    smoothed = alone**0.75 / (alone**0.75).sum()
    gain = np.log(together.data / (alone[together.row] * smoothed[together.col]))
    kept = sparse.csr_matrix((np.maximum(gain, 0), (together.row, together.col)), shape=together.shape)
    kept.eliminate_zeros()
    return kept
