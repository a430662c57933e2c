"""Topic: which subject of the taxonomy a post is about; None when no word speaks clearly for one."""

import numpy as np
import pyarrow as pa

from kentongan.listening.pipeline.columns import put
from kentongan.listening.pipeline.context import Context
from kentongan.listening.pipeline.lexicon import load

ENOUGH = 0.95


def step(table: pa.Table, context: Context) -> pa.Table:
    """Add `topic` (a key of the taxonomy, or null)."""
    lexicon = load("topics.toml")
    points = lexicon.score(table["words"])
    if not len(points):
        return put(table, "topic", pa.array([], pa.string()))
    best = points.argmax(axis=1)
    clear = points[np.arange(len(points)), best] >= ENOUGH
    names = np.array(lexicon.heads, dtype=object)[best]
    return put(table, "topic", pa.array(names, pa.string(), mask=~clear))
