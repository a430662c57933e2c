"""`kentongan prepare`: what `kentongan up` does before it starts the web server; prints JSON for it."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from django.conf import settings
from django.utils.functional import Promise

from kentongan.cli.context import group, print_json, say
from kentongan.core import database
from kentongan.registry import queries
from kentongan.web import demo as demo_organisation

app = group("Bring the database up to date and load the demo organisation into an empty one.")

PART = 10
"""Percent between two lines of a long step."""


class Progress:
    """Prints each step of a load once, and how far a long one is."""

    def __init__(self) -> None:
        self._label, self._next = "", 0

    def __call__(self, label: str | Promise, done: int, total: int) -> None:
        if str(label) != self._label:
            self._label, self._next = str(label), PART
            say(f"  {label} ...")
        elif total and sys.stderr.isatty() and done * 100 >= self._next * total:
            say(f"    {done * 100 // total} %")
            self._next = done * 100 // total + PART


def _load_demo() -> None:
    """Load the demo where there is no organisation, or where a load was interrupted."""
    unfinished = Path(settings.KENTONGAN_HOME) / "demo-is-loading"
    if queries.organisation() is not None and not unfinished.exists():
        return
    unfinished.touch()
    say("Loading the demo organisation; everything in it is simulated.")
    demo_organisation.load(Progress())
    unfinished.unlink()


@app.command()
def prepare(demo: Annotated[bool, typer.Option(help="Load the demo organisation when there is none.")] = True) -> None:
    """Migrate, load the demo organisation into an empty database, and print who can sign in."""
    with database.running_database(migrated=False):
        waiting = database.pending()
        if waiting:
            say(f"Preparing the database: {len(waiting)} steps ...")
            database.migrate()
        if demo:
            _load_demo()
        organisation = queries.organisation()
        simulated = organisation is not None and organisation.simulated
        print_json({"logins": [asdict(login) for login in demo_organisation.cast()] if simulated else []})
