"""All writes of listening."""

from kentongan.listening.actions.ingest import Counts, add_source, append, ingest, prepare
from kentongan.listening.actions.issues import (
    WORKERS,
    assign,
    close,
    follow,
    forget_post,
    merge,
    open_link,
    rename,
    reopen,
    unfollow,
)
from kentongan.listening.actions.removal import purge, remove_run
from kentongan.listening.actions.stream import advance, catch_up

__all__ = [
    "WORKERS",
    "Counts",
    "add_source",
    "advance",
    "append",
    "assign",
    "catch_up",
    "close",
    "follow",
    "forget_post",
    "ingest",
    "merge",
    "open_link",
    "prepare",
    "purge",
    "remove_run",
    "rename",
    "reopen",
    "unfollow",
]
