"""Sentiment: negative -1, neutral 0, positive 1; None when unsure."""

import numpy as np
import pyarrow as pa

from kentongan.listening.pipeline.columns import put
from kentongan.listening.pipeline.context import Context
from kentongan.listening.pipeline.heads import load
from kentongan.listening.pipeline.verdict import Verdict, best

VALUES = {"negative": -1, "neutral": 0, "positive": 1}
SURE = 0.5
SHORTEST = 3


def judge(table: pa.Table) -> Verdict:
    """Return the tone of each text: negative, neutral, positive."""
    head = load("sentiment")
    chance, counts = head.probabilities(table["tokens"])
    labels, scores = best(head.labels, chance)
    return Verdict(labels, scores, (scores >= SURE) & (counts >= SHORTEST))


def step(table: pa.Table, context: Context) -> pa.Table:
    """Add `sentiment` (int8 or null)."""
    verdict = judge(table)
    values = np.array([VALUES[label] for label in verdict.labels], np.int8)
    return put(table, "sentiment", pa.array(values, pa.int8(), mask=~verdict.sure))
