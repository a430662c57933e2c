"""`kentongan demo`: the demo organisation, and local servers for its Bluesky and Mastodon accounts."""

import sys
import time
from dataclasses import asdict
from typing import Annotated

import typer
from django.utils.functional import Promise

from kentongan.cli.context import AsJson, Yes, confirmed, fail, group, print_json, print_table, say, with_database
from kentongan.core import jobs
from kentongan.core.errors import Invalid
from kentongan.listening.simulator import DEFAULT_POSTS
from kentongan.web import demo as organisation
from kentongan.web.demo import national as nation
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
def national(
    scale: Annotated[float, typer.Option(help="A part of the country: 0.01 makes a hundredth of its districts.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Another number makes other people.")] = nation.SEED,
    as_json: AsJson = False,
) -> None:
    """Fill an empty installation with a simulated party of 91,600 units, 1.5 million people, 3.6 million accounts.

    Ctrl-C stops it; the same command goes on where it was.
    """
    before, began = nation.figures(), time.monotonic()
    job = jobs.run_now(nation.begin(scale=scale, seed=seed), _progress)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    if job.state != jobs.Job.State.DONE:
        fail(str(job.error) or "It was stopped.", str(job.remedy) or "The same command goes on where it was.")
    seconds = time.monotonic() - began
    rows = [(what, now, now - before[what], round((now - before[what]) / seconds)) for what, now in job.result.items()]
    if as_json:
        print_json({"seconds": round(seconds, 1), **job.result})
        return
    print_table(("what", "there", "made", "a second"), [(what, *(f"{n:,}" for n in rest)) for what, *rest in rows])
    say(f"Loaded in {seconds:,.0f} seconds.")
    print_table(
        ("e-mail", "role", "who"), [(one.email, one.role, f"{one.name}, {one.title}") for one in nation.PLAYERS]
    )
    say(f"Everybody's password: {organisation.PASSWORD}")


def _progress(progress: jobs.Progress) -> None:
    if sys.stderr.isatty():
        done, all_of_it = progress.done, progress.expected or 0
        print(f"\r  {progress.text} {done:,}/{all_of_it:,}   ", end="", file=sys.stderr, flush=True)


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
