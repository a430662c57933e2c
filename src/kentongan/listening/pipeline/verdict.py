"""What a head says of texts: the best label, how likely it is, and whether that is enough to be said."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kentongan.listening.pipeline.columns import Floats

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Verdict:
    """For each text its best label (text), the label's score (0..1) and whether it is sure enough for the product."""

    labels: NDArray[np.object_]
    scores: Floats
    sure: Bools

    def column(self) -> pa.Array:
        """Return the labels, null where unsure."""
        return pa.array(self.labels, pa.string(), mask=~self.sure)


def best(labels: list[str], chance: Floats) -> tuple[NDArray[np.object_], Floats]:
    """Return the most likely label of each row of `chance` (rows x labels) and its chance."""
    if not len(chance):
        return np.array([], dtype=object), np.array([])
    top = chance.argmax(axis=1)
    return np.array(labels, dtype=object)[top], chance[np.arange(len(top)), top]
