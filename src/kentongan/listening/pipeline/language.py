"""Language: id, jv, su, min, ... or "mixed"; None when the text is too short or the languages are too close."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kentongan.listening.pipeline import features, heads
from kentongan.listening.pipeline.columns import Floats, put, single
from kentongan.listening.pipeline.context import Context
from kentongan.listening.pipeline.verdict import Bools, Verdict, best

SHORTEST = 3
MIXED = "mixed"
# A text of which no one language is sure is in two when it goes over from one to another: each side so long, so sure.
# Measured: of halves of two languages joined, two to three of five are found; of 1,299 texts in one language, none.
DOUBTFUL, SIDE, SIDE_SURE = 0.97, 4, 0.95
# Half of a sentence is too little to tell these two apart.
CLOSE = {"ms": "id"}


def judge(table: pa.Table) -> Verdict:
    """Return the language of each text."""
    head, said = heads.of(table, "language")
    labels, scores = best(head.labels, _softmax(said))
    counts = pc.list_value_length(table["tokens"]).to_numpy()
    doubtful = np.flatnonzero((scores < DOUBTFUL) & (counts >= 2 * SIDE))
    if len(doubtful):
        goes_over, chance = _goes_over(table["tokens"].take(pa.array(doubtful)), head)
        labels[doubtful[goes_over]] = MIXED
        scores[doubtful[goes_over]] = chance[goes_over]
    return Verdict(labels, scores, (scores >= head.sure) & (counts >= SHORTEST))


def _softmax(said: Floats) -> Floats:
    power = np.exp(said - said.max(axis=1, keepdims=True))
    return np.asarray(power / power.sum(axis=1, keepdims=True))


def _goes_over(tokens: pa.ChunkedArray, head: heads.Head) -> tuple[Bools, Floats]:
    """Return which texts begin in one language and end in another, and how sure the less sure side is."""
    model = heads.load()
    units = features.units(tokens)
    said = model.words(units)[0][:, head.start : head.end]
    ends = np.cumsum(units.counts)
    families = np.array([head.labels.index(CLOSE.get(label, label)) for label in head.labels])
    found = np.zeros(len(units.counts), bool)
    sure = np.zeros(len(units.counts))
    for row, (end, count) in enumerate(zip(ends, units.counts, strict=True)):
        before = np.cumsum(said[end - count : end], axis=0)
        cuts = np.arange(SIDE, count - SIDE + 1)
        sides = [
            _softmax(part / size[:, None] ** head.power + model.bias[head.start : head.end])
            for part, size in ((before[cuts - 1], cuts), (before[-1] - before[cuts - 1], count - cuts))
        ]
        both = np.minimum(sides[0].max(axis=1), sides[1].max(axis=1))
        both[families[sides[0].argmax(axis=1)] == families[sides[1].argmax(axis=1)]] = 0.0
        sure[row] = both.max()
        found[row] = sure[row] >= SIDE_SURE
    return found, sure


def step(table: pa.Table, context: Context) -> pa.Table:
    """Add `lang` (a code, or null); a source's own hint stands where the model is unsure."""
    guessed = judge(table).column()
    return put(table, "lang", _merge(guessed, table) if _hints(table) else guessed)


def _hints(table: pa.Table) -> bool:
    return bool(table["lang_hint"].null_count < len(table))


def _merge(guessed: pa.Array, table: pa.Table) -> pa.Array:
    return pc.coalesce(guessed, single(table["lang_hint"]))
