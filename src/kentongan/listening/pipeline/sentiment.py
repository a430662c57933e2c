"""Sentiment: negative -1, neutral 0, positive 1; None when unsure."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kentongan.listening.pipeline import heads
from kentongan.listening.pipeline.columns import Floats, put
from kentongan.listening.pipeline.context import Context
from kentongan.listening.pipeline.verdict import Verdict, best

LABELS = ("negative", "neutral", "positive")
VALUES = {label: value for value, label in enumerate(LABELS, start=-1)}
SHORTEST = 3


def probabilities(said: Floats) -> Floats:
    """Return rows x LABELS from what the two questions answered: how neutral, how good (log odds)."""
    neutral, good = (1 / (1 + np.exp(-said))).T
    return np.stack([(1 - neutral) * (1 - good), neutral, (1 - neutral) * good], axis=1)


def judge(table: pa.Table) -> Verdict:
    """Return the tone of each text: negative, neutral, positive."""
    head, said = heads.of(table, "sentiment")
    labels, scores = best(head.labels, probabilities(said))
    counts = pc.list_value_length(table["tokens"]).to_numpy()
    return Verdict(labels, scores, (scores >= head.sure) & (counts >= SHORTEST))


def step(table: pa.Table, context: Context) -> pa.Table:
    """Add `sentiment` (int8 or null)."""
    verdict = judge(table)
    values = np.array([VALUES[label] for label in verdict.labels], np.int8)
    return put(table, "sentiment", pa.array(values, pa.int8(), mask=~verdict.sure))
