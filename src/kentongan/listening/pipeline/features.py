"""What every head sees of a text: hashed character n-grams and words, neighbouring pairs, and marks.

All of it adds up over a text's words. So what a word says to each head is computed once, when the word is first seen,
and the hashed n-gram matrix of the new words of a batch feeds all heads at once.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kentongan.listening.pipeline.columns import Ints, flat, single
from kentongan.listening.pipeline.normalise import spelled

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import HashingVectorizer

WRITTEN, MEANT = (2, 5), (2, 5)
WRITTEN_BITS, MEANT_BITS, WORD_BITS, PAIR_BITS = 18, 20, 21, 20
# Where each kind of feature begins in the one row of weights.
GRAMS = 1 << WRITTEN_BITS
WORDS = GRAMS + (1 << MEANT_BITS)
PAIRS = WORDS + (1 << WORD_BITS)
SINGLE = PAIRS  # so many columns has a word
# What no word says, each true or not of a text; the faces as people write them.
MARKS = (
    r"\?",
    r"!",
    r"\.\.",
    r"[😀-😆😉-😎😍🤩😘🥰🙂😊🙏👍👏💪❤💕💖✨🎉🥳]|:\)|:-\)|:D|<3",
    r"[😠-😥😭😞😒😔😡🤬😤😩😫👎💔🤮🤢😣😖🙄]|:\(|:-\(|:'\(",
    r"[😂🤣]",
)
MARKS_FROM = PAIRS + (1 << PAIR_BITS)
WIDTH = MARKS_FROM + len(MARKS)
EDGES = (0, GRAMS, WORDS, PAIRS, MARKS_FROM, WIDTH)


@dataclass(frozen=True, slots=True)
class Units:
    """The words of a batch: for each token its row and its place in `words`, which holds each different one once."""

    words: list[str]
    codes: Ints
    rows: Ints
    counts: Ints

    @property
    def pairs(self) -> tuple[Ints, Ints]:
        """The places of those tokens that are followed by another one of the same text, and the rows of both."""
        first = np.flatnonzero(self.rows[:-1] == self.rows[1:]) if len(self.rows) else np.array([], np.int64)
        return first, self.rows[first]


def units(tokens: pa.ChunkedArray | pa.Array) -> Units:
    """Return the units of a list column of lower-case tokens."""
    values, rows = flat(tokens)
    coded = values.dictionary_encode()
    codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return Units(coded.dictionary.to_pylist(), codes, rows, np.bincount(rows, minlength=len(tokens)))


@lru_cache(maxsize=2)
def _vectorizer(ngrams: tuple[int, int], bits: int) -> "HashingVectorizer":
    # Half a second to import: a web server that judges no posts never waits for it.
    from sklearn.feature_extraction.text import HashingVectorizer

    return HashingVectorizer(
        analyzer="char_wb", ngram_range=ngrams, n_features=1 << bits, norm=None, alternate_sign=False
    )


def hashes(words: list[str]) -> NDArray[np.uint32]:
    """Return a number for each word's normal spelling, the same on every machine."""
    from sklearn.utils import murmurhash3_32

    return np.array(
        [murmurhash3_32(spelled(word).encode("utf-8", "surrogatepass"), positive=True) for word in words], np.uint32
    )


def of_words(words: list[str], numbers: NDArray[np.uint32]) -> "csr_matrix":
    """Return words x SINGLE: each word's n-grams as it is written, and the word as it is meant."""
    from scipy import sparse

    written = _vectorizer(WRITTEN, WRITTEN_BITS).transform(words)
    grams = _vectorizer(MEANT, MEANT_BITS).transform([spelled(word) for word in words])
    columns = numbers & ((1 << WORD_BITS) - 1)
    meant = sparse.csr_matrix(
        (np.ones(len(words)), (np.arange(len(words)), columns)), shape=(len(words), 1 << WORD_BITS)
    )
    return sparse.hstack([written, grams, meant]).tocsr()


def pair_columns(first: NDArray[np.uint32], second: NDArray[np.uint32]) -> Ints:
    """Return the column (from PAIRS on) of each two neighbouring words, given by their numbers."""
    mixed = (first.astype(np.uint64) * np.uint64(0x9E3779B1) + second.astype(np.uint64)) * np.uint64(0xC2B2AE3D27D4EB4F)
    return (mixed >> np.uint64(64 - PAIR_BITS)).astype(np.int64)


def marks(texts: pa.ChunkedArray | pa.Array) -> NDArray[np.bool_]:
    """Return rows x marks."""
    column = single(texts)
    found = [pc.match_substring_regex(column, mark).to_numpy(zero_copy_only=False) for mark in MARKS]
    return np.stack(found, axis=1).astype(bool)


def matrix(tokens: pa.ChunkedArray | pa.Array, texts: pa.ChunkedArray | pa.Array) -> "tuple[csr_matrix, Ints]":
    """Return rows x WIDTH (how often each feature stands there) and how many words each row has: for training."""
    from scipy import sparse

    seen = units(tokens)
    numbers = hashes(seen.words)
    size = len(tokens)
    owners = sparse.csr_matrix((np.ones(len(seen.rows)), (seen.rows, seen.codes)), shape=(size, len(seen.words)))
    first, rows = seen.pairs
    columns = pair_columns(numbers[seen.codes[first]], numbers[seen.codes[first + 1]])
    pairs = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(size, 1 << PAIR_BITS))
    parts = [owners @ of_words(seen.words, numbers), pairs, sparse.csr_matrix(marks(texts).astype(float))]
    return sparse.hstack(parts).tocsr(), seen.counts
