"""Complaint: how likely a post is a complaint or a request for help, from weighted words; None when unsure."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kentongan.listening.pipeline.columns import put
from kentongan.listening.pipeline.context import Context
from kentongan.listening.pipeline.lexicon import load

# Most posts complain about nothing; a question mark or a call for help moves the balance.
PRIOR = -2.2
QUESTION = 0.5
EMPHASIS = 0.3
UNSURE = (0.45, 0.55)


def step(table: pa.Table, context: Context) -> pa.Table:
    """Add `complaint`, a probability (0..1) or null when it says nothing either way."""
    evidence = load("complaint.toml").score(table["words"])[:, 0]
    text = table["text"]
    asks = pc.match_substring(text, "?").to_numpy().astype(float)
    shouts = pc.match_substring(text, "!!").to_numpy().astype(float)
    chance = 1 / (1 + np.exp(-(PRIOR + evidence + QUESTION * asks + EMPHASIS * shouts)))
    unsure = (chance > UNSURE[0]) & (chance < UNSURE[1])
    return put(table, "complaint", pa.array(chance, pa.float32(), mask=unsure))
