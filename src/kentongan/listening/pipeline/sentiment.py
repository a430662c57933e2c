"""Sentiment: negative -1, neutral 0, positive 1; None when unsure."""

import numpy as np
import pyarrow as pa

from kentongan.listening.pipeline.columns import put
from kentongan.listening.pipeline.context import Context
from kentongan.listening.pipeline.heads import load

VALUES = {"negative": -1, "neutral": 0, "positive": 1}
SURE = 0.5
SHORTEST = 3


def step(table: pa.Table, context: Context) -> pa.Table:
    """Add `sentiment` (int8 or null)."""
    head = load("sentiment")
    chance, counts = head.probabilities(table["tokens"])
    best = chance.argmax(axis=1)
    unsure = (chance[np.arange(len(best)), best] < SURE) | (counts < SHORTEST)
    values = np.array([VALUES[label] for label in head.labels], np.int8)[best]
    return put(table, "sentiment", pa.array(values, pa.int8(), mask=unsure))
