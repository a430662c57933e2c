"""Complaint: how likely a post is a complaint or a request for help; None when unsure.

Weighted words speak first. "Mati" and "rusak" alone may be anything: beside a matter of public service (the topic step)
and in a bitter tone (the sentiment step) they are a complaint.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kentongan.listening.pipeline.columns import put
from kentongan.listening.pipeline.context import Context
from kentongan.listening.pipeline.lexicon import load

# Most posts complain about nothing; a question mark or a call for help moves the balance.
PRIOR = -3.0
QUESTION = 0.5
EMPHASIS = 0.3
# The words' own evidence (from, and over how much more) with which a public matter comes to count in full.
PUBLIC_MATTER, FROM, OVER = 1.6, 0.6, 1.2
TONE = {-1: 0.15, 0: -0.15, 1: -0.6}
UNSURE = (0.45, 0.55)


def step(table: pa.Table, context: Context) -> pa.Table:
    """Add `complaint`, a probability (0..1) or null when it says nothing either way."""
    evidence = load("complaint.toml").score(table["words"])[:, 0]
    text = table["text"]
    asks = pc.match_substring(text, "?").to_numpy().astype(float)
    shouts = pc.match_substring(text, "!!").to_numpy().astype(float)
    public = table["topic"].is_valid().to_numpy() * np.clip((evidence - FROM) / OVER, 0.0, 1.0)
    tone = np.array([TONE[value or 0] for value in table["sentiment"].to_pylist()], float)
    balance = PRIOR + evidence + QUESTION * asks + EMPHASIS * shouts + PUBLIC_MATTER * public + tone
    chance = 1 / (1 + np.exp(-balance))
    unsure = (chance > UNSURE[0]) & (chance < UNSURE[1])
    return put(table, "complaint", pa.array(chance, pa.float32(), mask=unsure))
