"""`kentongan prepare`: what `kentongan up` does before it starts the web server; prints JSON for it."""

from typing import Annotated

import typer

from kentongan.cli.context import group, print_json, say
from kentongan.core import database

app = group("Bring the database up to date and load the demo organisation into an empty one.")


@app.command()
def prepare(demo: Annotated[bool, typer.Option(help="Load the demo organisation when there is none.")] = True) -> None:
    """Migrate, load the demo organisation into an empty database, and print who can sign in."""
    with database.running_database(migrated=False):
        waiting = database.pending()
        if waiting:
            say(f"Preparing the database ({len(waiting)} migrations) ...")
            database.migrate()
        print_json({"logins": []})
