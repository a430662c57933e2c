"""`kentongan accounts`: official accounts, and connecting them without a browser."""

import sys
import time
from collections import Counter
from typing import Annotated

import typer

from kentongan.channels import registry as channels
from kentongan.cli.context import (
    AsJson,
    AsUser,
    AtUnit,
    actor,
    fail,
    group,
    print_json,
    print_row,
    print_rows,
    print_table,
    say,
    unit_at,
    with_database,
)
from kentongan.core import jobs
from kentongan.core.errors import Invalid
from kentongan.core.permissions import Capability
from kentongan.publishing import connections
from kentongan.registry import actions, queries, visiting
from kentongan.registry.models import Account

app = group("Official accounts: list, declare, correct their state, audit, connect, test, visit.")

Number = Annotated[int, typer.Argument(metavar="ID", help="The account's number, as `list` shows it.")]


def _row(account: Account) -> dict[str, object]:
    connection = getattr(account, "connection", None)
    return {
        "id": account.pk,
        "platform": account.platform,
        "handle": account.handle,
        "unit": account.unit.code,
        "state": account.state,
        "healthy": connection.healthy if connection else None,
        "url": account.url,
    }


@app.command("list")
@with_database
def list_accounts(as_json: AsJson = False, as_user: AsUser = "") -> None:
    """List the official accounts you see."""
    rows = [_row(account) for account in queries.accounts(actor(as_user))]
    if as_json:
        print_json(rows)
    else:
        headings = ("id", "platform", "handle", "unit", "state", "healthy")
        print_table([name.upper() for name in headings], [[str(row[name]) for name in headings] for row in rows])


@app.command("declare")
@with_database
def declare(
    handle: Annotated[str, typer.Argument(help="Its address, or its handle with --platform.")],
    platform: Annotated[str, typer.Option(help="Where a bare handle is.")] = "",
    unit: AtUnit = "",
    as_user: AsUser = "",
) -> None:
    """Put an official account on the list."""
    who = actor(as_user)
    place = unit_at(who, unit, Capability.ADMINISTER)
    account = actions.declare_account(who, place.pk, platform=platform, handle=handle)
    say(f"Account {account.pk}: {account.handle} on {channels.label(account.platform)}, of {place.name}.")


@app.command("connect")
@with_database
def connect(number: Number, as_user: AsUser = "") -> None:
    """Connect an account; the standard input holds one `name=value` a line, so that no secret is in a command line."""
    entered = dict(line.strip().split("=", 1) for line in sys.stdin if "=" in line)
    account = queries.account(actor(as_user), number, Capability.ADMINISTER)
    settings = channels.get(account.platform).manifest.settings
    try:
        connected = connections.connect(actor(as_user), number, entered)
    except Invalid as error:
        names = ", ".join(setting.name for setting in settings if setting.required)
        wrong = "; ".join(f"{name}: {' '.join(texts)}" for name, texts in error.fields.items())
        needed = f"This platform needs: {names}, each as name=value on the standard input."
        fail(wrong or str(error.message), needed if names else "People sign in there in a browser.")
    else:
        say(f"Connected: {connected.handle}. It could publish right now.")


@app.command("test")
@with_database
def check(number: Number, as_user: AsUser = "") -> None:
    """Ask the platform whether an account could publish right now."""
    health = connections.test(actor(as_user), number)
    if not health.ready:
        fail(str(health.problem), "Connect the account anew with `kentongan accounts connect`.")
    say("It could publish right now.")


@app.command("visit")
@with_database
def visit(
    number: Annotated[int | None, typer.Argument(metavar="[ID]", help="One account; else all that are due.")] = None,
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Read when official accounts last posted, from what everybody may read; says what was found."""
    who = actor(as_user)
    if number is not None:
        made = visiting.visit(who, number)
        last = queries.account(who, number).last_posted_at
        print_row({"finding": made.finding, "said": made.said, "last_posted_at": last}, as_json=as_json)
        return
    if not who.is_system:
        fail("Only the operator visits all accounts that are due.", "Give the number of one account.")
    while actions.enrol_visits(who):
        continue
    counts: Counter[str] = Counter()
    while actions.visits_left():
        counts.update(one.finding for one in visiting.visit_due())
        time.sleep(0.2)
    print_rows(
        [{"finding": name, "accounts": n} for name, n in counts.most_common()],
        as_json=as_json,
        empty="No account is due for a visit.",
    )


@app.command("visits")
@with_database
def visits(
    unit: AtUnit = "",
    finding: Annotated[
        str, typer.Option(help="failed, or read, empty, hidden, absent, limited, unreachable.")
    ] = "failed",
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 200,
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """List what the last visits found; by default the accounts that could not be read."""
    who = actor(as_user)
    place = unit_at(who, unit, Capability.VIEW)
    found = queries.visited(who, place, finding)[:limit]
    rows = [
        {
            "id": one.pk,
            "platform": one.platform,
            "handle": one.handle,
            "unit": one.unit.code,
            "finding": one.visit.finding,
            "said": one.visit.said,
            "read_at": one.visit.read_at,
            "last_posted_at": one.last_posted_at,
        }
        for one in found
    ]
    print_rows(rows, as_json=as_json, empty="No account of that kind.")


@app.command("state")
@with_database
def state(
    number: Number,
    move: Annotated[
        str, typer.Argument(metavar="MOVE", help="retire, lost, revive (a retired one), found (a lost one).")
    ],
    reason: Annotated[str, typer.Option(help="Why; it stands in the account's history.")],
    as_user: AsUser = "",
) -> None:
    """Retire an account, report it lost, or take either back; its secrets are forgotten when it leaves use."""
    account = actions.move_account(actor(as_user), number, move, reason=reason)
    say(f"Account {account.pk} is {account.state} now.")


@app.command("audit")
@with_database
def audit(
    unit: AtUnit = "",
    title: Annotated[str, typer.Option(help="What the audit is called.")] = "",
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Audit every official account of a unit and below it, here and now; says how many meet each rule."""
    who = actor(as_user)
    place = unit_at(who, unit, Capability.AUDIT)
    made = actions.begin_audit(who, place.pk, title=title, inline=True)
    job = jobs.run_now(jobs.get(who, made.job_id or 0))
    if job.state != jobs.Job.State.DONE:
        fail(str(job.error), str(job.remedy) or "Begin the audit again.")
    rows = [
        {"rule": one.rule.id, "met": one.passed, "not_met": one.failed, "to_check": one.open}
        for one in queries.shares(who, made)
    ]
    print_rows(rows, as_json=as_json, empty="There is no official account in use here.")
