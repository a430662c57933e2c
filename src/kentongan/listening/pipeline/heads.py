"""Linear heads over hashed features: what a word says to all of them is computed once, when it is first seen.

Trained by `kentongan.listening.training` (`make models`) and committed with their cards in `data/`.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kentongan.listening.pipeline import features
from kentongan.listening.pipeline.columns import Floats, Ints, put
from kentongan.listening.pipeline.context import Context
from kentongan.listening.pipeline.features import Units

Single = NDArray[np.float32]
NAMES = ("language", "sentiment")
# Beyond so many different words their scores are forgotten, and computed again when they come again.
MOST_WORDS = 400_000


@dataclass(frozen=True, slots=True)
class Head:
    """One question: its outputs are the columns `start` to `end` of what the model says; `sure` was measured."""

    labels: list[str]
    start: int
    end: int
    power: float
    sure: float


class Model:
    """All heads together: features x outputs, the features that none uses left out."""

    def __init__(self, heads: dict[str, Head], slots: NDArray[np.int32], weights: Single, bias: Single) -> None:
        """`slots` gives each feature its row in `weights`, whose last one is empty."""
        self.heads = heads
        self.bias = bias
        self._slots, self._weights = slots, weights
        self._places: dict[str, int] = {}
        self._said = np.zeros((0, len(bias)), np.float32)
        self._numbers = np.zeros(0, np.uint32)

    def _learn(self, words: list[str]) -> None:
        if len(self._places) + len(words) > MOST_WORDS:
            self._places, self._said, self._numbers = {}, self._said[:0], self._numbers[:0]
        numbers = features.hashes(words)
        found = features.of_words(words, numbers)
        rows = np.repeat(np.arange(len(words)), np.diff(found.indptr))
        slots = self._slots[found.indices]
        used = slots < len(self._weights) - 1
        said = np.zeros((len(words), len(self.bias)), np.float32)
        np.add.at(said, rows[used], self._weights[slots[used]] * found.data[used, None].astype(np.float32))
        self._places |= {word: len(self._said) + n for n, word in enumerate(words)}
        self._said = np.concatenate([self._said, said])
        self._numbers = np.concatenate([self._numbers, numbers])

    def words(self, units: Units) -> tuple[Single, NDArray[np.uint32]]:
        """Return what each token says (tokens x outputs), and the number of its word."""
        new = [word for word in units.words if word not in self._places]
        if new:
            self._learn(new if len(self._places) + len(new) <= MOST_WORDS else units.words)
        places = np.array([self._places[word] for word in units.words], np.int64)[units.codes]
        return self._said[places], self._numbers[places]

    def sums(self, units: Units, texts: pa.ChunkedArray | pa.Array) -> Single:
        """Return texts x outputs: what words, pairs and marks say, for the length of each text, and the bias."""
        said, numbers = self.words(units)
        total = _by_row(said, units.counts)
        first, rows = units.pairs
        slots = self._slots[features.PAIRS + features.pair_columns(numbers[first], numbers[first + 1])]
        total += _by_row(self._weights[slots], np.bincount(rows, minlength=len(units.counts)))
        total += features.marks(texts) @ self._weights[self._slots[features.MARKS_FROM :]]
        said_of_texts: Single = total * self.scale(units.counts) + self.bias
        return said_of_texts

    def scale(self, counts: Ints) -> Single:
        """Return what texts of so many words are multiplied by, for each output."""
        powers = np.concatenate([np.full(head.end - head.start, head.power) for head in self.heads.values()])
        scales: Single = (np.maximum(counts, 1)[:, None] ** -powers).astype(np.float32)
        return scales


def _by_row(values: Single, counts: Ints) -> Single:
    """Return the sums of neighbouring rows: the first counts[0], the next counts[1], ..."""
    total = np.zeros((len(counts), values.shape[1]), np.float32)
    filled = np.flatnonzero(counts)
    if len(filled):
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        total[filled] = np.add.reduceat(values, starts[filled], axis=0)
    return total


def _read(name: str) -> tuple[dict[str, Any], Ints, Single, Single]:
    folder = files("kentongan.listening.pipeline").joinpath("data")
    card = json.loads(folder.joinpath(f"{name}.json").read_text("utf-8"))
    with np.load(BytesIO(folder.joinpath(f"{name}.npz").read_bytes()), allow_pickle=False) as arrays:
        weights = arrays["weights"].astype(np.float32) * arrays["scale"]
        return card, np.cumsum(arrays["steps"].astype(np.int64)), weights, arrays["bias"]


@lru_cache(maxsize=1)
def load() -> Model:
    """Return the committed heads as one model."""
    read = {name: _read(name) for name in NAMES}
    columns = np.unique(np.concatenate([own for _card, own, _weights, _bias in read.values()]))
    slots = np.full(features.WIDTH, len(columns), np.int32)
    slots[columns] = np.arange(len(columns), dtype=np.int32)
    weights = np.zeros((len(columns) + 1, sum(len(bias) for *_rest, bias in read.values())), np.float32)
    heads: dict[str, Head] = {}
    start = 0
    for name, (card, own, values, bias) in read.items():
        end = start + len(bias)
        weights[slots[own], start:end] = values
        heads[name] = Head(card["labels"], start, end, card["power"], card["sure"])
        start = end
    return Model(heads, slots, weights, np.concatenate([bias for *_rest, bias in read.values()]))


def of(table: pa.Table, name: str) -> tuple[Head, Floats]:
    """Return a head and what was said to it of each text, by `step`."""
    head = load().heads[name]
    said = table["heads"].combine_chunks().flatten().to_numpy().reshape(len(table), len(load().bias))
    return head, said[:, head.start : head.end].astype(float)


def step(table: pa.Table, context: Context) -> pa.Table:
    """Add `heads`: for each text what all heads are told, one list of numbers."""
    model = load()
    said = model.sums(features.units(table["tokens"]), table["text"])
    return put(table, "heads", pa.FixedSizeListArray.from_arrays(pa.array(said.ravel(), pa.float32()), said.shape[1]))
