"""`kentongan migrate`: bring the database up to date."""

from kentongan.cli.context import group, say
from kentongan.core import database

app = group("Bring the database up to date.")


@app.command()
def migrate() -> None:
    """Create the tables, or bring them up to date, and give the application's role its rights."""
    with database.running_database(migrated=False):
        waiting = database.pending()
        database.migrate()
        say(f"{len(waiting)} migrations have run." if waiting else "The database is up to date.")
