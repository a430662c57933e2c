"""Linear heads whose score is a sum over words, so that each different word is computed once.

A head is a hashed character n-gram model: the score of a text is the mean of its words' scores plus a bias. Weights are
trained by `kentongan.listening.training.heads` and committed with their model cards in `data/`.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kentongan.listening.pipeline.columns import Floats, flat

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import HashingVectorizer

Single = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Settings:
    """How a head sees a word: its character n-grams, hashed."""

    ngrams: tuple[int, int]
    bits: int

    def vectorizer(self) -> "HashingVectorizer":
        """Return the vectoriser of single words (with their boundaries)."""
        # Half a second to import: a web server that judges no posts never waits for it.
        from sklearn.feature_extraction.text import HashingVectorizer

        return HashingVectorizer(
            analyzer="char_wb", ngram_range=self.ngrams, n_features=2**self.bits, norm=None, alternate_sign=False
        )


class Head:
    """A trained head: `probabilities(tokens)` for a list column of tokens."""

    def __init__(self, labels: list[str], weights: Single, bias: Single, settings: Settings) -> None:
        self.labels = labels
        self._weights = weights
        self._bias = bias
        self._vectorizer = settings.vectorizer()
        self._known: dict[str, Single] = {}

    def _word_scores(self, words: list[str]) -> Single:
        new = [word for word in words if word not in self._known]
        if new:
            if len(self._known) > 300_000:
                self._known.clear()
                new = words
            scored = np.asarray(self._vectorizer.transform(new) @ self._weights, np.float32)
            self._known.update(zip(new, scored, strict=True))
        return np.stack([self._known[word] for word in words]) if words else np.zeros((0, len(self.labels)), np.float32)

    def probabilities(self, tokens: pa.ChunkedArray | pa.Array) -> tuple[Floats, NDArray[np.int64]]:
        """Return rows x labels, and how many words each row has."""
        from scipy import sparse

        values, rows = flat(tokens)
        coded = values.dictionary_encode()
        scored = self._word_scores(coded.dictionary.to_pylist())
        counts = np.bincount(rows, minlength=len(tokens))
        table = sparse.csr_matrix(
            (np.ones(len(rows), np.float32), (rows, coded.indices.to_numpy())), shape=(len(tokens), len(scored))
        )
        logits = (table @ scored) / np.maximum(counts, 1)[:, None] + self._bias
        power = np.exp(logits - logits.max(axis=1, keepdims=True))
        return power / power.sum(axis=1, keepdims=True), counts


@lru_cache(maxsize=4)
def load(name: str) -> Head:
    """Return the committed head of that name."""
    folder = files("kentongan.listening.pipeline").joinpath("data")
    card = json.loads(folder.joinpath(f"{name}.json").read_text("utf-8"))
    with np.load(BytesIO(folder.joinpath(f"{name}.npz").read_bytes())) as arrays:
        weights = arrays["weights"].astype(np.float32) * arrays["scale"].astype(np.float32)
        bias = arrays["bias"].astype(np.float32)
    settings = Settings((card["ngrams"][0], card["ngrams"][1]), card["bits"])
    return Head(card["labels"], weights, bias, settings)
