"""`kentongan manage`: Django's own management commands."""

from collections.abc import Sequence

from django.core.management import execute_from_command_line

from kentongan.core import database

# These work on files, not on rows: they need no database.
WITHOUT_DATABASE = frozenset({"check", "collectstatic", "compilemessages", "diffsettings", "help", "makemessages"})


def app(args: Sequence[str], prog_name: str) -> None:
    """Run one management command; one that needs the database gets it."""
    words = [prog_name, *args]
    if not args or args[0] in WITHOUT_DATABASE or args[0].startswith("-"):
        execute_from_command_line(words)
        return
    with database.running_database(migrated=False):
        execute_from_command_line(words)
