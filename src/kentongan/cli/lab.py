"""`kentongan lab`: the product's steps on files, for analysts. No database is needed."""

import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from kentongan.cli.terminal import AsJson, group, print_json, say
from kentongan.listening.lab import clustering, judging, reading, writing

app = group("The product's own steps on a file (CSV, JSON lines, Parquet), without a database.")


@app.callback()
def lab() -> None:
    """Name the step; `kentongan lab STEP --help` explains it."""


Task = StrEnum("Task", {name: name for name in judging.TASKS})  # type: ignore[misc]
In = Annotated[Path, typer.Argument(metavar="IN", help=".csv, .tsv, .jsonl or .parquet.")]
Out = Annotated[Path, typer.Option("--out", metavar="OUT", help="The result; its ending says in which format.")]
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


@app.command("classify")
def classify(
    file: In,
    out: Out,
    text: Text,
    task: Annotated[Task, typer.Option(help="What to judge.")],
    unsure: Annotated[
        bool, typer.Option("--unsure", help="Leave `label` empty where the product would be silent.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add to each row a `label`, always the likeliest, and its `score` (0..1): doubt shows in a low score."""
    with reading.opened(file) as sheet:
        sheet.require(text)
        names = judging.renamed(sheet)
        for name in (name for name in sheet.columns if names[name] != name):
            say(f"The file's own column {name} goes on as {names[name]}.")
        meter = Meter(sheet.expected)
        with writing.writing(out, sheet.renamed(names), judging.ADDED) as result:
            write(
                judging.judged(sheet, text, lambda texts: judging.judge(task.value, texts), only_sure=unsure),
                result,
                meter,
            )
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
