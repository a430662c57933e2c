"""`kentongan lab`: the product's steps on files, for analysts. No database is needed."""

import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from kentongan.cli.terminal import AsJson, fail, group, print_json, say
from kentongan.listening import routing
from kentongan.listening.lab import clustering, judging, reading, trends, writing

app = group("The product's own steps on a file (CSV, JSON lines, Parquet), without a database.")


@app.callback()
def lab() -> None:
    """Name the step; `kentongan lab STEP --help` explains it."""


Task = StrEnum("Task", {name: name for name in judging.TASKS})  # type: ignore[misc]
In = Annotated[Path, typer.Argument(metavar="IN", help=".csv, .tsv, .jsonl or .parquet.")]
Out = Annotated[Path, typer.Option("--out", metavar="OUT", help="The result; its ending says in which format.")]
Times = Annotated[str, typer.Option("--time", metavar="COL", help="The column with the times.")]
Text = Annotated[str, typer.Option("--text", metavar="COL", help="The column with the texts.")]


class Meter:
    """How many rows are done, of how many, how fast: on a terminal while it goes on, elsewhere at the end."""

    def __init__(self, expected: int | None = None) -> None:
        self.rows, self._expected, self._start = 0, expected, time.monotonic()
        self._live = sys.stderr.isatty()

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return max(time.monotonic() - self._start, 1e-6)

    def add(self, rows: int) -> None:
        """Count rows that are done."""
        self.rows += rows
        if self._live:
            of = f" of {self._expected:,}" if self._expected else ""
            print(
                f"\r  {self.rows:,}{of} rows, {self.rows / self.seconds:,.0f}/s   ", end="", file=sys.stderr, flush=True
            )

    def end(self, out: Path, as_json: bool) -> None:
        """Say what was done."""
        if self._live:
            print(file=sys.stderr)
        if as_json:
            print_json({"rows": self.rows, "seconds": round(self.seconds, 2), "out": str(out)})
        else:
            say(f"{self.rows:,} rows in {self.seconds:.1f} s ({self.rows / self.seconds:,.0f}/s): {out}")


def write(batches: Iterable[list[reading.Row]], to: writing.Writer, meter: Meter) -> None:
    """Write batches of rows as they come, and count them."""
    for rows in batches:
        to.write(rows)
        meter.add(len(rows))


def _written(sheet: reading.Sheet, rows: Iterable[list[reading.Row]], added: writing.Added, out: Path) -> Meter:
    """Write a sheet's rows with columns added, and say which of its own go on under another name."""
    names = judging.renamed(sheet, added)
    for name in (name for name in sheet.columns if names[name] != name):
        say(f"The file's own column {name} goes on as {names[name]}.")
    meter = Meter(sheet.expected)
    with writing.writing(out, sheet.renamed(names), added) as result:
        write(rows, result, meter)
    return meter


@app.command("classify")
def classify(
    file: In,
    out: Out,
    text: Text,
    task: Annotated[Task | None, typer.Option(help="What to judge.")] = None,
    model: Annotated[
        Path | None, typer.Option(metavar="MODEL", help="A model of `kentongan lab train` instead.")
    ] = None,
    unsure: Annotated[
        bool, typer.Option("--unsure", help="Leave `label` empty where the product would be silent.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add to each row a `label`, always the likeliest, and its `score` (0..1): doubt shows in a low score."""
    if (task is None) == (model is None):
        fail("Say what to judge.", "Give either --task or --model.", code=2)
    head = routing.load(model).judge if model else partial(judging.judge, str(task))
    with reading.opened(file) as sheet:
        sheet.require(text)
        rows = judging.judged(sheet, text, head, only_sure=unsure)
        meter = _written(sheet, rows, judging.ADDED, out)
    meter.end(out, as_json)


@app.command("cluster")
def cluster(
    file: In,
    out: Out,
    identity: Annotated[str, typer.Option("--id", metavar="COL", help="The column with the ids.")] = "id",
    text: Text = "text",
    time_column: Annotated[
        str, typer.Option("--time", metavar="COL", help="The column with the times, if the file has one.")
    ] = "created_at",
    as_json: AsJson = False,
) -> None:
    """Say which rows are about one matter: `id` and `cluster` of each, in the order of the file, read as a stream."""
    with reading.opened(file) as sheet:
        stream = clustering.opened(sheet, clustering.Fields(identity, text, time_column))
        meter = Meter(sheet.expected)
        with writing.writing(out, replace(sheet, columns=(), schema=None), clustering.RESULT) as result:
            for rows in sheet.batches():
                stream.take(rows)
                meter.add(len(rows))
            for found in stream.result():
                result.write(found)
    twice = len(stream.ids) - len(set(stream.ids))
    if twice and not as_json:
        say(f"{twice:,} rows have an id that another row has too; each has its own line, in the order of the file.")
    meter.end(out, as_json)


@app.command("trends")
def find_trends(
    file: In,
    out: Out,
    time_column: Annotated[
        str, typer.Option("--time", metavar="COL", help="The column with the times.")
    ] = "created_at",
    by: Annotated[str, typer.Option("--by", metavar="COL", help="Count the hours of each of its values apart.")] = "",
    least: Annotated[int, typer.Option(min=1, help="With fewer posts an hour is not unusual.")] = 20,
    score: Annotated[float, typer.Option(help="From which score on an hour is unusual.")] = 5.0,
    days: Annotated[int, typer.Option(min=0, help="With fewer earlier days nothing is unusual.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Hold each hour against the same hour of up to 28 earlier days, the same weekday counting most."""
    with reading.opened(file) as sheet:
        hours = trends.opened(sheet, trends.Measure(time_column, by, least, score, days))
        meter = Meter(sheet.expected)
        with writing.writing(out, replace(sheet, columns=(), schema=None), trends.RESULT) as result:
            for rows in sheet.batches():
                hours.take(rows)
                meter.add(len(rows))
            for found in hours.result():
                result.write(found)
    meter.end(out, as_json)


@app.command("normalise")
def normalise(file: In, out: Out, text: Text, as_json: AsJson = False) -> None:
    """Add to each row `formal`: its informal Indonesian text as an office would write it, in lower case."""
    with reading.opened(file) as sheet:
        sheet.require(text)
        meter = _written(sheet, judging.normalised(sheet, text), judging.FORMAL, out)
    meter.end(out, as_json)


Learn = StrEnum("Learn", {"route": "route"})


@app.command("train")
def train(
    file: In,
    out: Annotated[Path, typer.Option("--out", metavar="MODEL", help="The model, for `lab classify --model`.")],
    text: Text,
    label: Annotated[str, typer.Option("--label", metavar="COL", help="The column that names who must answer.")],
    task: Annotated[Learn, typer.Option(help="What to learn.")],
    as_json: AsJson = False,
) -> None:
    """Learn from labelled rows, in the order of time, and say how well the last tenth is told from the rest."""
    with reading.opened(file) as sheet:
        sheet.require(text, label)
        rows = [(row.get(text), judging.plain(row.get(label))) for batch in sheet.batches() for row in batch]
    labelled = [(words, name) for words, name in rows if name and judging.plain(words)]
    if skipped := len(rows) - len(labelled):
        say(f"{skipped:,} rows without a text or a label are left out.")
    meter = Meter(len(labelled))
    router, tried = routing.train([words for words, _name in labelled], [name for _words, name in labelled])
    with writing.whole(out) as part:
        routing.save(router, part)
    figures = {"accuracy": round(tried.accuracy, 4), "macro_f1": round(tried.macro_f1, 4), "tried_on": tried.rows}
    meter.rows = len(labelled)
    if as_json:
        print_json({"rows": meter.rows, "labels": len(router.labels), "seconds": round(meter.seconds, 2)} | figures)
    else:
        say(f"On the last {tried.rows:,} rows: {tried.accuracy:.1%} right, macro F1 {tried.macro_f1:.3f}.")
        meter.end(out, as_json)
