"""How many different authors, without keeping who: the smallest hashes seen (k minimum values), mergeable.

Exact up to SIZE; beyond, the density of the smallest hashes gives an estimate within about 4 %.
"""

import numpy as np
from numpy.typing import NDArray

SIZE = 512
SPACE = float(2**64)

Hashes = NDArray[np.uint64]


def merge(sketch: bytes, hashes: Hashes) -> bytes:
    """Return the sketch with these 64-bit hashes in it."""
    known = np.frombuffer(sketch, np.uint64)
    return np.unique(np.concatenate([known, hashes.astype(np.uint64)]))[:SIZE].tobytes()


def union(one: bytes, other: bytes) -> bytes:
    """Return the sketch of both."""
    return merge(one, np.frombuffer(other, np.uint64))


def count(sketch: bytes) -> int:
    """Return how many different hashes went in."""
    known = np.frombuffer(sketch, np.uint64)
    if len(known) < SIZE:
        return len(known)
    return round((SIZE - 1) / (float(known[-1]) / SPACE))
