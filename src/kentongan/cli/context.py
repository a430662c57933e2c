"""What a command that works with the product's objects needs: the database, and who acts."""

import getpass
import os
from collections.abc import Callable
from functools import wraps
from typing import Annotated, ParamSpec, TypeVar

import typer

from kentongan.cli.terminal import (
    AsJson,
    AsUser,
    Yes,
    confirmed,
    fail,
    group,
    print_json,
    print_row,
    print_rows,
    print_table,
    say,
)
from kentongan.core.actor import Actor
from kentongan.core.database import running_database
from kentongan.core.errors import NotFound
from kentongan.core.models import User
from kentongan.core.permissions import Capability
from kentongan.registry import access, queries
from kentongan.registry.models import Unit

__all__ = [
    "AsJson",
    "AsUser",
    "AtUnit",
    "Yes",
    "actor",
    "confirmed",
    "fail",
    "group",
    "operator",
    "print_json",
    "print_row",
    "print_rows",
    "print_table",
    "say",
    "unit_at",
    "with_database",
]

P = ParamSpec("P")
R = TypeVar("R")


def with_database(command: Callable[P, R]) -> Callable[P, R]:
    """Run a command with a database that is up to date; one that is started for it is stopped after it."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with running_database():
            return command(*args, **kwargs)

    return run


AtUnit = Annotated[
    str, typer.Option("--unit", metavar="CODE", help="The unit's code; by default the whole organisation.")
]


def unit_at(who: Actor, code: str, capability: Capability) -> Unit:
    """Return the unit of `--unit CODE` (a former code too), else the root; raises NotFound or NotAllowed."""
    if code:
        return queries.unit_by_code(who, code, capability)
    if queries.root() is None:
        raise NotFound(
            "This installation has no organisation yet.",
            remedy="Make yours with `kentongan organisation found`, or load the demo with `kentongan up`.",
        )
    return access.get_unit(who, capability, parent=None)


def operator() -> str:
    """Return the name of the person at this command line, as the operating system knows it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())


def actor(as_user: str = "") -> Actor:
    """Return the actor for `--as EMAIL`; without it the operator, who may do everything on their own machine."""
    if not as_user:
        return Actor.system(f"cli:{operator()}")
    user = User.objects.filter(email__iexact=as_user, is_active=True).first()
    if user is None:
        raise NotFound(
            f"There is no active user {as_user}.", remedy="`kentongan users list` shows them; check the spelling."
        )
    return Actor.of_user(user)
