"""Words as columns: which column a word has, and how rare it has been so far."""

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from kentongan.listening.clustering import sparse
from kentongan.listening.clustering.sparse import Ints, Singles
from kentongan.listening.stopwords import STOPWORDS

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

BITS = 20
WIDTH = 2**BITS
MOST_WORDS = 500_000
# What English adds to a word. The pipeline has taken off what Indonesian does.
ENDINGS = ("ing", "ed", "es", "s")
SHORTEST = 4
# A word never seen before weighs less: it can match nothing, and would only push its post away from all others.
KNOWN, NEWCOMER = 1.5, 0.4
# A word that more than this share of posts use says next to nothing.
COMMON, LEAST = 0.3, 0.02
FAINT = 1e-9


def bare(word: str) -> str:
    """Return a word without its English ending, so that "printed" and "printing" are one."""
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > SHORTEST and word[-1] in "ey" else word


class Columns(dict[str, int]):
    """Word to column, -1 for what says nothing; a word is looked at once."""

    def __missing__(self, word: str) -> int:
        plain = len(word) < 2 or word.isdigit() or word in STOPWORDS
        column = -1 if plain else crc32(bare(word).encode("utf-8", "surrogatepass")) & (WIDTH - 1)
        if len(self) >= MOST_WORDS:
            self.clear()
        self[word] = column
        return column


class Words:
    """Counts how many posts use each word; what is long ago counts less."""

    def __init__(self, window: int) -> None:
        self.window = window
        self.documents = 0.0
        self.frequency = np.zeros(WIDTH, np.float32)
        self._columns = Columns()

    def rows(self, posts: Sequence[Sequence[str]]) -> "csr_matrix":
        """Return posts x words: one for each distinct word that says something."""
        found = np.fromiter(map(self._columns.__getitem__, chain.from_iterable(posts)), np.int64)
        owners = np.repeat(np.arange(len(posts)), np.fromiter(map(len, posts), np.int64, len(posts)))
        said = found >= 0
        distinct = np.unique((owners[said] << BITS) | found[said])
        starts = np.searchsorted(distinct, np.arange(len(posts) + 1) << BITS)
        return sparse.matrix(np.ones(len(distinct), np.float32), distinct & (WIDTH - 1), starts, WIDTH)

    def count(self, rows: "csr_matrix") -> None:
        """Add posts to the counts."""
        if self.documents > self.window:
            self.frequency *= 0.5
            self.documents *= 0.5
        columns, times = np.unique(rows.indices, return_counts=True)
        self.frequency[columns] += times
        self.documents += rows.shape[0]

    def rarity(self, columns: Ints) -> Singles:
        """Return how much words weigh where groups are compared: the logarithm of how rare they are."""
        frequency = self.frequency[columns]
        weight = np.log((self.documents + 1.0) / (frequency + 1.0)) + 1.0
        return np.where(frequency < KNOWN, NEWCOMER * weight, weight).astype(np.float32)

    def sharpness(self, columns: Ints) -> Singles:
        """Return how much words weigh where posts are compared: less for rare ones, next to nothing for common ones."""
        frequency = self.frequency[columns]
        spread = np.log(COMMON * (self.documents + 20.0) / np.maximum(frequency, 0.5))
        weight = np.sqrt(np.maximum(spread, LEAST))
        return np.where(frequency < KNOWN, NEWCOMER * weight, weight).astype(np.float32)

    @property
    def total(self) -> float:
        """How many words have been said, each once a post."""
        return float(self.frequency.sum())

    def background(self, columns: Ints) -> Singles:
        """Return the share of words in all that is said."""
        return np.maximum(self.frequency[columns] / max(self.total, 1.0), FAINT).astype(np.float32)
