"""Complaint: how likely a post is a complaint or a request for help; None when unsure.

Weighted words speak first. What any talk is full of ("masih", "lagi", "kenapa") adds a little, however long the post;
"mati" and "rusak" alone may be anything: beside a matter of public service (the topic step) and in a bitter tone (the
sentiment step) they are a complaint. Anger about the country and the world is heard here every day and is none.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kentongan.listening.pipeline.columns import Floats, put
from kentongan.listening.pipeline.context import Context
from kentongan.listening.pipeline.lexicon import load
from kentongan.listening.pipeline.verdict import Verdict

# Most posts complain about nothing; a question mark or a call for help moves the balance.
PRIOR = -3.0
QUESTION = 0.5
EMPHASIS = 0.3
# The most that hints may add, and that matters far away may take.
HINTS, FAR = 2.8, 4.0
# The words' own evidence (from, and over how much more) with which a public matter comes to count in full.
PUBLIC_MATTER, FROM, OVER = 2.0, 0.6, 1.2
# A place of the organisation's own area.
HERE = 0.4
TONE = {-1: 0.15, 0: -0.15, 1: -0.6}
UNSURE = (0.45, 0.55)
COMPLAINT, OTHER = "complaint", "other"


def _chance(table: pa.Table) -> Floats:
    speaks, hints, against, far = load("complaint.toml").score(table["words"]).T
    evidence = speaks + np.minimum(hints, HINTS) + against - np.minimum(far, FAR)
    text = table["text"]
    asks = pc.match_substring(text, "?").to_numpy().astype(float)
    shouts = pc.match_substring(text, "!!").to_numpy().astype(float)
    public = table["topic"].is_valid().to_numpy() * np.clip((evidence - FROM) / OVER, 0.0, 1.0) * (far < 1.0)
    tone = np.array([TONE[value or 0] for value in table["sentiment"].to_pylist()], float)
    here = table["place"].is_valid().to_numpy()
    balance = PRIOR + evidence + QUESTION * asks + EMPHASIS * shouts + PUBLIC_MATTER * public + HERE * here + tone
    return np.asarray(1 / (1 + np.exp(-balance)))


def judge(table: pa.Table) -> Verdict:
    """Return for each text that the other steps have seen whether it is a complaint, or other talk."""
    chance = _chance(table)
    labels = np.where(chance >= 0.5, COMPLAINT, OTHER).astype(object)
    return Verdict(labels, np.maximum(chance, 1 - chance), (chance <= UNSURE[0]) | (chance >= UNSURE[1]))


def step(table: pa.Table, context: Context) -> pa.Table:
    """Add `complaint`, a probability (0..1) or null when it says nothing either way."""
    chance = _chance(table)
    unsure = (chance > UNSURE[0]) & (chance < UNSURE[1])
    return put(table, "complaint", pa.array(chance, pa.float32(), mask=unsure))
