"""The pipeline: an ordered list of pure steps over Arrow tables. The same list runs in a process and on a cluster.

Each step takes a table and returns it with more columns (or better ones); none reads a database, a clock or a network.
"""

import pyarrow as pa

from kentongan.listening.pipeline import (
    clean,
    complaint,
    heads,
    language,
    near_duplicate,
    normalise,
    place,
    sentiment,
    topic,
)
from kentongan.listening.pipeline.context import Context, Step

STEPS: list[Step] = [
    clean.step,
    heads.step,
    language.step,
    normalise.step,
    near_duplicate.step,
    place.step,
    topic.step,
    sentiment.step,
    complaint.step,
]

# Working columns, which the lake does not keep: `words` follows from `text` by the first steps.
SCRATCH = ("tokens", "heads", "words", "lang_hint", "place_hint")


def run(table: pa.Table, context: Context) -> pa.Table:
    """Return `table` (schema `posts.RAW`) with the columns of every step."""
    for step in STEPS:
        table = step(table, context)
    return table


def words(texts: pa.Array) -> list[list[str]]:
    """Return the normalised words of texts that are already clean, for clustering."""
    return normalise.words(clean.tokens(texts)).to_pylist()  # type: ignore[no-any-return]
