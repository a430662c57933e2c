"""`kentongan tokens`: keys for programs that use the API as somebody."""

from typing import Annotated

import typer

from kentongan.cli.context import AsJson, actor, group, print_json, say, with_database
from kentongan.core import tokens

app = group("Make tokens for the API.")

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="Whose rights the token has.")]


@app.command("create")
@with_database
def create(
    email: Email,
    scope: Annotated[list[str], typer.Option(help="What it may do, as room:read or room:write; repeat it.")],
    name: Annotated[str, typer.Option(help="What it is for.")] = "command line",
    as_json: AsJson = False,
) -> None:
    """Make a token; it is printed once and stored only as a digest."""
    _row, secret = tokens.create(actor(email), name, scope)
    if as_json:
        print_json({"token": secret, "scopes": sorted(scope)})
    else:
        say(secret)


@app.command("scopes")
def scopes() -> None:
    """List the scopes there are."""
    for one in tokens.SCOPES:
        say(one)
