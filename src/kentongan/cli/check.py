"""`kentongan check`: whether an account is ours, as the public page says it."""

from typing import Annotated

import typer

from kentongan.cli.context import AsJson, group, print_json, print_table, with_database
from kentongan.registry import queries
from kentongan.registry.api.checks import plain

app = group("Whether an account is official, retired, lost, a confirmed impostor, or not known here.")


@app.command()
@with_database
def check(
    link: Annotated[str, typer.Argument(metavar="LINK", help="A link or a handle, as people paste it.")],
    platform: Annotated[str, typer.Option(help="Where a bare handle is, for example instagram.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say what the public page says of an account."""
    answer = plain(queries.check(link, platform))
    if as_json:
        print_json(answer)
        return
    ours, letter = answer["account"], answer["letter"]
    rows = [
        ("verdict", answer["verdict"]),
        ("account", f"{answer['handle']} ({answer['platform']})"),
        ("unit", ours["unit"] if ours else None),
        ("since", answer["since"]),
        ("letter", f"{letter['number']}, {letter['dated']}" if letter else None),
        ("proven", {True: "yes", False: "declared only", None: None}[answer["proven"]]),
        ("resembles", "; ".join(f"{one['handle']} ({one['platform']})" for one in answer["resembles"]) or None),
    ]
    print_table(["WHAT", "ANSWER"], rows)
