"""Topic: which subject of the taxonomy a post is about; None when no word speaks clearly for one."""

import numpy as np
import pyarrow as pa

from kentongan.listening.pipeline.columns import put
from kentongan.listening.pipeline.context import Context
from kentongan.listening.pipeline.lexicon import load
from kentongan.listening.pipeline.verdict import Verdict, best

ENOUGH = 0.95


def judge(table: pa.Table) -> Verdict:
    """Return the subject of each text; the label is empty where no word speaks for any."""
    lexicon = load("topics.toml")
    labels, points = best(list(lexicon.heads), lexicon.score(table["words"]))
    labels[points <= 0] = ""
    return Verdict(labels, 1 - np.exp(-points), points >= ENOUGH)


def step(table: pa.Table, context: Context) -> pa.Table:
    """Add `topic` (a key of the taxonomy, or null)."""
    return put(table, "topic", judge(table).column())
