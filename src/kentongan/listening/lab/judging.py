"""Judge the texts of a file as the pipeline does."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import pyarrow as pa

from kentongan.listening.lab.reading import Row, Sheet
from kentongan.listening.lab.writing import Added
from kentongan.listening.pipeline import clean, complaint, formal, heads, language, normalise, place, sentiment, topic
from kentongan.listening.pipeline.context import Context, Step
from kentongan.listening.pipeline.gazetteer import Gazetteer
from kentongan.listening.pipeline.verdict import Verdict
from kentongan.listening.posts import RAW

# Texts of a file have no time and no author; no step looks at them.
SOME_TIME = datetime(2000, 1, 1, tzinfo=UTC)
NOWHERE = Context(Gazetteer(), lambda handle: handle)
LABEL, SCORE = "label", "score"
ADDED: Added = {LABEL: pa.string(), SCORE: pa.float64()}
FORMAL: Added = {"formal": pa.string()}

# What each task asks, of a table that these steps of the pipeline have seen.
TASKS: dict[str, tuple[tuple[Step, ...], Callable[[pa.Table], Verdict]]] = {
    "language": ((clean.step, heads.step), language.judge),
    "sentiment": ((clean.step, heads.step), sentiment.judge),
    "topic": ((clean.step, normalise.step), topic.judge),
    "complaint": ((clean.step, heads.step, normalise.step, place.step, topic.step, sentiment.step), complaint.judge),
}


def table_of(texts: Sequence[object]) -> pa.Table:
    """Return texts (None counts as empty) as a table of schema RAW."""
    words = ["" if text is None else str(text) for text in texts]
    columns: dict[str, list[object]] = {name: [None] * len(words) for name in RAW.names}
    columns |= {name: [""] * len(words) for name in ("id", "author", "platform")}
    columns |= {"created_at": [SOME_TIME] * len(words), "text": list(words)}
    return pa.table(columns, schema=RAW)


def judge(task: str, texts: Sequence[object]) -> Verdict:
    """Return what the task's head says of each text."""
    steps, head = TASKS[task]
    table = table_of(texts)
    for step in steps:
        table = step(table, NOWHERE)
    return head(table)


def judged(
    sheet: Sheet, column: str, head: Callable[[Sequence[object]], Verdict], *, only_sure: bool = False
) -> Iterator[list[Row]]:
    """Yield the sheet's rows in batches with `label` and `score` added; with `only_sure`, doubtful labels are empty.

    A text without a single character has neither. A column that had one of these names goes on under another one.
    """
    sheet.require(column)
    names = renamed(sheet, ADDED)
    for rows in sheet.batches():
        texts = [row.get(column) for row in rows]
        verdict = head(texts)
        yield [
            _with({names[name]: row[name] for name in row}, text, label, score, sure or not only_sure)
            for row, text, label, score, sure in zip(
                rows, texts, verdict.labels, verdict.scores.tolist(), verdict.sure.tolist(), strict=True
            )
        ]


def _with(row: Row, text: object, label: str, score: float, said: bool) -> Row:
    if not plain(text):
        return row | {LABEL: None, SCORE: None}
    return row | {LABEL: label if said else None, SCORE: round(score, 4)}


def normalised(sheet: Sheet, column: str) -> Iterator[list[Row]]:
    """Yield the sheet's rows in batches with `formal` added: the text as an office would write it."""
    sheet.require(column)
    names = renamed(sheet, FORMAL)
    for rows in sheet.batches():
        yield [
            {names[name]: row[name] for name in row} | {"formal": formal.formal(plain(row.get(column)))} for row in rows
        ]


def plain(value: object) -> str:
    """Return a cell as text without white space around it; None is empty."""
    return "" if value is None else str(value).strip()


class _Names(dict[str, str]):
    def __missing__(self, name: str) -> str:
        """Return the name itself: rows of JSON may have fields that the first had not."""
        return name


def renamed(sheet: Sheet, added: Added) -> Mapping[str, str]:
    """Return under which names the columns of the sheet go on beside those added: its own `label` as `label_before`."""
    names = _Names({name: name for name in sheet.columns})
    names |= {name: f"{name}_before" for name in added}
    for name in sheet.columns:
        if name in added:
            new = f"{name}_before"
            while new in sheet.columns:
                new += "_before"
            names[name] = new
    return names
