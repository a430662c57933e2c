"""Language: id, jv, su, min, ... by characters; None when the text is too short or the languages are too close."""

import pyarrow as pa

from kentongan.listening.pipeline.columns import put, single
from kentongan.listening.pipeline.context import Context
from kentongan.listening.pipeline.heads import load
from kentongan.listening.pipeline.verdict import Verdict, best

SURE = 0.6
SHORTEST = 3


def judge(table: pa.Table) -> Verdict:
    """Return the language of each text."""
    head = load("language")
    chance, counts = head.probabilities(table["tokens"])
    labels, scores = best(head.labels, chance)
    return Verdict(labels, scores, (scores >= SURE) & (counts >= SHORTEST))


def step(table: pa.Table, context: Context) -> pa.Table:
    """Add `lang` (a code, or null); a source's own hint stands where the model is unsure."""
    guessed = judge(table).column()
    return put(table, "lang", _merge(guessed, table) if _hints(table) else guessed)


def _hints(table: pa.Table) -> bool:
    return bool(table["lang_hint"].null_count < len(table))


def _merge(guessed: pa.Array, table: pa.Table) -> pa.Array:
    return pa.array(
        [mine or hint for mine, hint in zip(guessed.to_pylist(), single(table["lang_hint"]).to_pylist(), strict=True)],
        pa.string(),
    )
