"""A disk that is full, in words: whether an error says so, and what the person is told."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext_lazy as _

from kentongan.core.errors import Unavailable

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
DISK_FULL = "53100"
"""How PostgreSQL says it (SQLSTATE)."""


class NoRoom(Unavailable):
    """The disk of the database or of the stored files is full."""

    code = "no_room"
    default_message = _("The server's disk is full, so this was not saved.")
    default_remedy = _("Tell whoever runs the server to free some room, then do it again. Nothing else was lost.")


def explained(error: BaseException | None) -> NoRoom | None:
    """Return what to tell a person when a full disk is the cause of an error; None when it is not."""
    while error is not None:
        if isinstance(error, NoRoom):
            return error
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            return NoRoom()
        if getattr(error, "sqlstate", None) == DISK_FULL:
            return NoRoom()
        error = error.__cause__
    return None


@contextmanager
def told() -> Iterator[None]:
    """Raise NoRoom in place of what the system says where there is no room."""
    try:
        yield
    except OSError as error:
        if no_room := explained(error):
            raise no_room from error
        raise
