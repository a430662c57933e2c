"""Weighted lexicons: read once, brought to normal form, scored as one sparse product."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
import pyarrow as pa

from kentongan.listening.pipeline.columns import Floats, scores
from kentongan.listening.pipeline.normalise import phrase


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Terms x heads: each term's evidence for each head."""

    heads: tuple[str, ...]
    terms: pa.Array
    weights: Floats

    def score(self, words: pa.ChunkedArray) -> Floats:
        """Return rows x heads."""
        return scores(words, self.terms, self.weights)


def _load(name: str) -> dict[str, dict[str, list[str]]]:
    content = tomllib.loads(files("kentongan.listening.pipeline").joinpath("data", name).read_text("utf-8"))
    # TOML reads `1.0 = [...]` as the dotted key 1 -> 0.
    by_head = content if all(not _is_number(key) for key in content) else {"score": content}
    return {head: _weights(groups) for head, groups in by_head.items()}


def _is_number(key: str) -> bool:
    return key.lstrip("-").isdigit()


def _weights(groups: dict[str, dict[str, list[str]]]) -> dict[str, list[str]]:
    return {f"{whole}.{part}": terms for whole, parts in groups.items() for part, terms in parts.items()}


@lru_cache(maxsize=8)
def load(name: str) -> Lexicon:
    """Return the lexicon of that file; a term listed twice keeps its strongest weight."""
    heads = _load(name)
    index: dict[str, int] = {}
    cells: dict[tuple[int, int], float] = {}
    for column, groups in enumerate(heads.values()):
        for weight, terms in groups.items():
            for term in terms:
                cell = (index.setdefault(phrase(term), len(index)), column)
                cells[cell] = max(cells.get(cell, 0.0), float(weight), key=abs)
    weights = np.zeros((len(index), len(heads)))
    for (row, column), value in cells.items():
        weights[row, column] = value
    return Lexicon(tuple(heads), pa.array(list(index), pa.string()), weights)
