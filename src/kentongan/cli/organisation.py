"""`kentongan organisation`: the first step of an installation that does not want the demo."""

import sys
from typing import Annotated

import typer

from kentongan.cli.context import actor, group, say, with_database
from kentongan.core.clock import Zone
from kentongan.core.errors import Invalid
from kentongan.core.permissions import Role
from kentongan.registry import areas, queries
from kentongan.registry.actions import people, roles, units
from kentongan.registry.models import Organisation, Unit

app = group("The organisation of this installation.")


@app.callback()
def organisation() -> None:
    """Keep `found` a command of its own: more will stand beside it."""


@app.command("found")
@with_database
def found(
    name: Annotated[str, typer.Argument(help="The full name.")],
    admin: Annotated[str, typer.Option(metavar="EMAIL", help="The first administrator.")],
    kind: Annotated[Organisation.Kind, typer.Option(help="What it is; a commission is neutral by law.")],
    short_name: Annotated[str, typer.Option(help="How people call it.")] = "",
    area: Annotated[str, typer.Option(metavar="CODE", help="Its area, for example 32.16; empty: the nation.")] = "",
    timezone: Annotated[Zone, typer.Option(help="The zone of its clocks.")] = Zone.WIB,
    password_stdin: Annotated[bool, typer.Option(help="Read the password from the standard input.")] = False,
) -> None:
    """Make the organisation, its root unit and its first administrator; only once."""
    levels = {areas.PROVINCE: Unit.Level.PROVINCE, areas.REGENCY: Unit.Level.REGENCY}
    level = levels.get(areas.get(area).level) if area else Unit.Level.NATION
    if level is None:
        raise Invalid("An organisation covers the nation, a province or a regency.", remedy="Give such a code.")
    password = sys.stdin.readline().rstrip("\n") if password_stdin else None
    who = actor()
    units.found_organisation(
        who, name=name, short_name=short_name or name, kind=kind, area_code=area, level=level, timezone=timezone
    )
    root = queries.root()
    if root is None:
        raise RuntimeError("an organisation without a root unit")
    user = people.add_user(who, root.pk, email=admin, name="", password=password)
    roles.grant_role(who, user.pk, root.pk, Role.ADMINISTRATOR)
    say(f"{name} is ready; {user.email} administers it. Start it with `kentongan up --no-demo`.")
