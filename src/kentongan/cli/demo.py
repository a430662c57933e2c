"""`kentongan demo`: the demo organisation, and local servers for its Bluesky and Mastodon accounts."""

from dataclasses import asdict
from typing import Annotated

import typer
from django.utils.functional import Promise

from kentongan.cli.context import AsJson, Yes, confirmed, group, print_json, print_table, say, with_database
from kentongan.core.errors import Invalid
from kentongan.listening.simulator import DEFAULT_POSTS
from kentongan.web import demo as organisation
from kentongan.web.demo import network
from kentongan.web.demo.stream import DAYS

app = group("The demo organisation: load it, see what it holds, take it away; or give it a network of its own.")

MOST_DAYS, MOST_POSTS = 366, 20_000_000


@app.callback(invoke_without_command=True)
def demo(
    context: typer.Context,
    with_network: Annotated[
        bool, typer.Option("--network", help="Run a local Bluesky and Mastodon server for the demo; Ctrl-C ends them.")
    ] = False,
    days: Annotated[int, typer.Option(help="Days of posts, for measurements.")] = DAYS,
    posts: Annotated[int, typer.Option(help="Posts in these days, for measurements.")] = DEFAULT_POSTS,
) -> None:
    """Load the demo organisation, or what is missing of it; into an empty installation only."""
    if context.invoked_subcommand is None:
        if not (1 <= days <= MOST_DAYS and 500 <= posts <= MOST_POSTS):
            raise Invalid(f"--days goes from 1 to {MOST_DAYS}, --posts from 500 to {MOST_POSTS}.")
        if with_network:
            _network(days, posts)
        else:
            _load(days, posts)


@with_database
def _load(days: int, posts: int) -> None:
    """Load, and print who can sign in."""
    report = organisation.load(_tell, days=days, posts=posts)
    say("The demo is loaded." if report.loaded else "The demo was loaded already; nothing has changed.")
    _print_cast()


@with_database
def _network(days: int, posts: int) -> None:
    """Load, start the servers, connect the accounts, and wait until Ctrl-C."""
    organisation.load(_tell, days=days, posts=posts)
    with network.running() as servers:
        for server in servers:
            say(f"{server.label}: {server.url}")
        for line in network.connect(servers):
            say(line)
        say("A worker publishes to them from now on. Ctrl-C ends the servers.")
        network.wait(servers)


def _tell(label: str | Promise, done: int, total: int) -> None:
    say(f"  {label} ({done}/{total})")


def _print_cast() -> None:
    rows = [(login.email, login.role, login.name) for login in organisation.cast()]
    print_table(("e-mail", "role", "who"), rows)
    say(f"Everybody's password: {organisation.PASSWORD}")


@app.command()
@with_database
def status(as_json: AsJson = False) -> None:
    """Say what there is of the demo, and who can sign in."""
    found = organisation.status()
    if as_json:
        print_json({**asdict(found), "logins": [asdict(login) for login in organisation.cast()]})
        return
    print_table(("what", "how many"), [(name, value) for name, value in asdict(found).items()])
    if found.organisation:
        _print_cast()


@app.command()
@with_database
def reset(yes: Yes = False) -> None:
    """Take the demo away with everything in this installation, its posts included; never a real organisation."""
    found = organisation.status()
    question = f"Delete {found.posts} posts, {found.people} people and everything else of the demo?"
    if found.organisation is None or confirmed(question, yes=yes):
        organisation.reset()
        say("This installation is empty now. `kentongan up` loads the demo again.")
