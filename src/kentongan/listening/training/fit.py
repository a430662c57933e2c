"""What training has in common: features, their weights, measured thresholds, written files."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse

from kentongan.listening.pipeline import features
from kentongan.listening.pipeline.clean import LINK, MENTION, tokens
from kentongan.listening.pipeline.columns import Floats

TARGET = Path(__file__).parent.parent / "pipeline" / "data"
# A feature that stands in one text of the sets only is chance.
SEEN = 2


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts as clean as the pipeline makes them, their tokens, and how often each feature stands in each."""

    tokens: pa.Array
    counts: sparse.csr_matrix
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Texts":
        """Clean texts and count."""
        clean = pa.array([MENTION.sub(" ", LINK.sub(" ", text)) for text in texts], pa.string())
        words = tokens(clean)
        return cls(words, *features.matrix(words, clean))


@dataclass(frozen=True, slots=True)
class Scaling:
    """How counts become features: column weights, and by which power of its length a text is divided."""

    columns: Floats
    power: float

    @classmethod
    def by_rarity(cls, sets: Sequence[Texts], groups: Sequence[float], power: float) -> "Scaling":
        """Weigh columns by how rare they are in these sets; `groups` weigh the kinds of features (0 leaves one out)."""
        seen = np.sum([np.bincount(one.counts.indices, minlength=features.WIDTH) for one in sets], axis=0)
        rows = sum(len(one.lengths) for one in sets)
        weights = np.log((1 + rows) / (1 + seen)) + 1
        weights[seen < SEEN] = 0
        for start, end, group in zip(features.EDGES, features.EDGES[1:], groups, strict=False):
            weights[start:end] *= group
        return cls(weights, power)

    def apply(self, texts: Texts) -> sparse.csr_matrix:
        """Return rows x WIDTH, scaled."""
        by_row = sparse.diags(np.maximum(texts.lengths, 1.0) ** -self.power)
        return (by_row @ (texts.counts @ sparse.diags(self.columns))).tocsr()


@dataclass(frozen=True, slots=True)
class Fitted:
    """A head's weights (WIDTH x outputs, for counts divided by length ** power) and biases."""

    weights: Floats
    bias: Floats
    power: float

    def write(self, name: str, card: dict[str, object], keep: float) -> None:
        """Write weights in 16 bits, one scale an output; features that say less than `keep` of the most go."""
        most = np.iinfo(np.int16).max
        scale = np.abs(self.weights).max(axis=0) / most
        coded = np.round(self.weights / scale).astype(np.int16)
        kept = np.flatnonzero(np.abs(coded).max(axis=1) >= keep * most)
        np.savez_compressed(
            TARGET / f"{name}.npz",
            steps=np.diff(kept, prepend=0).astype(np.uint32),
            weights=np.asfortranarray(coded[kept]),
            scale=scale.astype(np.float32),
            bias=self.bias.astype(np.float32),
        )
        write_card(name, card | {"power": self.power})


def write_card(name: str, card: dict[str, object]) -> None:
    """Write what is said of a model beside it."""
    (TARGET / f"{name}.json").write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", "utf-8")


def coverage(scores: Floats, right: NDArray[np.bool_]) -> list[dict[str, float]]:
    """Return for scores in steps of a twentieth which share of texts has at least that one, and how many are right."""
    lines = []
    for step in range(20):
        said = scores >= step / 20
        if said.sum() >= 20:
            share, correct = float(said.mean()), float(right[said].mean())
            lines.append({"score": step / 20, "share": round(share, 3), "right": round(correct, 3)})
    return lines


def threshold(lines: list[dict[str, float]], wanted: float) -> float:
    """Return the lowest score from which on `wanted` of the answers were right."""
    return next((line["score"] for line in lines if line["right"] >= wanted), lines[-1]["score"])
