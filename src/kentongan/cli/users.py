"""`kentongan users`: accounts and roles, for the one who sets an installation up."""

import sys
from typing import Annotated

import typer

from kentongan.cli.context import (
    AsJson,
    AsUser,
    AtUnit,
    actor,
    fail,
    group,
    print_json,
    print_table,
    say,
    unit_at,
    with_database,
)
from kentongan.core.errors import NotFound
from kentongan.core.models import User
from kentongan.core.permissions import Capability, Role
from kentongan.registry import access
from kentongan.registry.actions import people, roles
from kentongan.registry.models import Grant

app = group("Make user accounts and give them roles.")


def _password(from_stdin: bool) -> str | None:
    if not from_stdin:
        return None
    password = sys.stdin.readline().rstrip("\n")
    if len(password) < 10:
        fail("A password needs 10 characters or more.", "Choose a longer one, or leave it away: codes come by e-mail.")
    return password


@app.command("create")
@with_database
def create(
    email: str,
    role: Annotated[Role, typer.Option(help="What the account may do, at the unit and below.")],
    name: Annotated[str, typer.Option(help="The person's name.")] = "",
    unit: AtUnit = "",
    password_stdin: Annotated[bool, typer.Option(help="Read a password from the standard input.")] = False,
    as_user: AsUser = "",
) -> None:
    """Make a user account with a role; without a password, sign-in is by a code sent to the address."""
    password = _password(password_stdin)
    who = actor(as_user)
    place = unit_at(who, unit, Capability.ADMINISTER)
    user = people.add_user(who, place.pk, email=email, name=name, password=password)
    roles.grant_role(who, user.pk, place.pk, role)
    say(f"{user.email} is {role.value} of {place.name} and all below it.")


@app.command("grant")
@with_database
def grant(
    email: str,
    role: Annotated[Role, typer.Argument()],
    unit: AtUnit = "",
    as_user: AsUser = "",
) -> None:
    """Give a user one more role, at a unit and all below it."""
    who = actor(as_user)
    place = unit_at(who, unit, Capability.ADMINISTER)
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        raise NotFound(f"There is no user {email}.", remedy="`kentongan users list` shows them.")
    roles.grant_role(who, user.pk, place.pk, role)
    say(f"{user.email} is {role.value} of {place.name} and all below it.")


@app.command("list")
@with_database
def list_users(as_json: AsJson = False, as_user: AsUser = "") -> None:
    """List the users with a role in units that you administer."""
    seen = access.units_for(actor(as_user), Capability.ADMINISTER)
    grants = Grant.objects.filter(unit__in=seen).select_related("user", "unit").order_by("user__email", "unit__path")
    rows = [
        {
            "email": held.user.email,
            "name": held.user.name,
            "role": held.role,
            "unit": held.unit.code,
            "unit_name": held.unit.name,
            "active": held.user.is_active,
        }
        for held in grants
    ]
    if as_json:
        print_json(rows)
    else:
        headings = ("email", "name", "role", "unit", "unit_name")
        print_table([heading.upper() for heading in headings], [[row[key] for key in headings] for row in rows])
