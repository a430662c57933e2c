"""`kentongan publish`: schedule approved content, and decide what only a person can."""

import sys
from datetime import datetime
from typing import Annotated

import typer

from kentongan.cli.context import (
    AsJson,
    AsUser,
    Yes,
    actor,
    confirmed,
    fail,
    group,
    print_json,
    print_table,
    say,
    with_database,
)
from kentongan.cli.importing import Columns, Rejects, TableFile, Wanted, bring
from kentongan.core import clock, jobs
from kentongan.core.errors import Conflict, Invalid
from kentongan.core.permissions import Capability
from kentongan.planning import access as planning
from kentongan.publishing import actions, queries
from kentongan.publishing.models import Delivery, RecallTask
from kentongan.publishing.recalls import queries as tasks
from kentongan.publishing.sheets.kind import PostSheet
from kentongan.registry import access as rights
from kentongan.registry import queries as registry

app = group("Schedule approved content, recall it, resolve what is unknown.")

Number = Annotated[
    int, typer.Argument(metavar="DELIVERY", help="The delivery's number, as `kentongan ledger` shows it.")
]


def _row(delivery: Delivery) -> dict[str, object]:
    return {
        "id": delivery.pk,
        "account_id": delivery.account_id,
        "repost_of_id": delivery.repost_of_id,
        "state": delivery.state,
        "due_at": delivery.due_at.isoformat(timespec="minutes"),
        "reason": delivery.reason,
    }


@app.command("import")
@with_database
def import_file(
    code: Annotated[str, typer.Argument(metavar="CODE", help="The unit at whose accounts, or below it, they go out.")],
    file: TableFile,
    purpose: Annotated[str, typer.Option(help="service or campaign, where no column says it.")] = "",
    column: Columns = None,
    rejects: Rejects = None,
    yes: Yes = False,
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Bring posts of a spreadsheet in; each waits for approval. The same file twice changes nothing."""
    who = actor(as_user)
    unit = registry.unit_by_code(who, code, Capability.EDIT)
    wanted = Wanted(PostSheet(), unit.pk, file, column or [], {"purpose": purpose}, rejects)
    bring(who, wanted, f"Bring the posts of {file.name} in for {unit.name}?", yes=yes, as_json=as_json)


@app.command("schedule")
@with_database
def schedule(
    item: Annotated[int, typer.Argument(help="The approved item's number.")],
    account: Annotated[list[int], typer.Option(help="An account's number (`kentongan accounts list`); repeat it.")],
    at: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%dT%H:%M"], help="When, in the organisation's zone; else now.")
    ] = None,
    late: Annotated[int, typer.Option(min=0, help="How many minutes late it may still go out.")] = 120,
    origin: Annotated[
        list[int] | None,
        typer.Option(
            help="An account whose post the others of its platform repost, one of these or one that has it already; "
            "repeat it for another platform."
        ),
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Schedule an item: one delivery for each account."""
    who, organisation = actor(as_user), registry.organisation()
    zone = clock.zone(organisation.timezone if organisation else "Asia/Jakarta")
    due_at = at.replace(tzinfo=zone) if at else clock.now()
    names = [str(one) for one in registry.connected_accounts(who, Capability.PUBLISH).filter(pk__in=account)]
    posting = [str(one) for one in registry.connected_accounts(who).filter(pk__in=origin or ())]
    others = f", where the others of a platform repost what {', '.join(posting)} posts" if posting else ""
    to = ", ".join(names) or "no account of yours"
    if not confirmed(f"Publish item {item} to {to}{others}, at {due_at:%F %H:%M %Z}?", yes=yes):
        return
    made = [_row(delivery) for delivery in actions.schedule(who, item, account, due_at, late, origin or ())]
    if as_json:
        print_json(made)
    else:
        for row in made:
            what = f"reposts delivery {row['repost_of_id']}, " if row["repost_of_id"] else ""
            say(f"Delivery {row['id']} {what}is {row['state']}, due at {row['due_at']}.")


@app.command("recall")
@with_database
def recall(
    number: Number,
    reason: Annotated[str, typer.Option(help="Why; it is kept.")],
    yes: Yes = False,
    as_user: AsUser = "",
) -> None:
    """Take a delivery back: stopped when it is not out yet, deleted on its platform when it is."""
    if confirmed(f"Recall delivery {number}? What is out is deleted where the platform allows it.", yes=yes):
        delivery = actions.recall(actor(as_user), number, reason=reason)
        say(f"Delivery {delivery.pk} is {delivery.state}.")


@app.command("recall-all")
@with_database
def recall_all(
    reason: Annotated[str, typer.Option(help="Why; it is kept.")],
    item: Annotated[int | None, typer.Option(help="All of this item.")] = None,
    campaign: Annotated[int | None, typer.Option(help="All of this campaign (`kentongan plan campaigns`).")] = None,
    yes: Yes = False,
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Take back everything of an item or a campaign; very many part by part. Run it again to take back what is left."""
    who = actor(as_user)
    if (item is None) == (campaign is None):
        raise Invalid("Say what to take back.", remedy="Give either --item NUMBER or --campaign NUMBER.")
    name = planning.item(who, item) if item is not None else planning.campaign(who, campaign or 0)
    foreseen = tasks.foresee(who, tasks.of(item, campaign))
    numbers = ", ".join(f"{what} {n:,}" for what, n in foreseen.as_dict().items() if n) or "nothing"
    if not confirmed(f"Recall {foreseen.total:,} posts of “{name}” ({numbers})?", yes=yes):
        return
    of = {"item_id": item, "campaign_id": campaign}
    done = actions.recall_many(who, **of, reason=reason, seen=foreseen.digest, inline=True)
    job = jobs.run_now(done.job, _tell) if done.job else None
    if job and not job.is_final:
        raise Conflict("It is being taken back already.", remedy=f"That is job {job.pk}: {job.done:,} so far.")
    if job and job.state != jobs.Job.State.DONE:
        fail(str(job.error), str(job.remedy) or "Run the same command again: what is taken back stays so.")
    if as_json:
        print_json(job.result if job else done.as_dict())
    else:
        say(f"{job.done if job else done.total:,} posts are taken back.")


def _tell(progress: jobs.Progress) -> None:
    if sys.stderr.isatty():
        print(f"\r{progress.done:,} / {progress.expected or 0:,}", end="", file=sys.stderr, flush=True)


@app.command("recalls")
@with_database
def recalls(
    state: Annotated[str, typer.Option(help="open, or one state: asked, seen, done, declined, called_off.")] = "open",
    mine: Annotated[bool, typer.Option("--mine", help="Only those of accounts that you keep.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many to list, the most urgent first.")] = 100,
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """List the posts that people have to delete, for whom each waits, and how that ended."""
    known = ("open", *RecallTask.State.values)
    if state not in known:
        raise Invalid(f"There is no state {state!r}.", remedy=f"Choose one of {', '.join(known)}.")
    found = list(tasks.tasks(actor(as_user), state=state, mine=mine)[:limit])
    waiting = tasks.waiting_for(found)
    rows = [_task(task, waiting[task.pk].names if task.is_open else []) for task in found]
    if as_json:
        print_json(rows)
    elif rows:
        print_table([name.upper() for name in rows[0]], [list(map(str, row.values())) for row in rows])
    else:
        say("Nobody is asked to delete anything.")


def _task(task: RecallTask, names: list[str]) -> dict[str, object]:
    return {
        "id": task.pk,
        "delivery": task.delivery_id,
        "unit": task.unit.name,
        "account": str(task.delivery.account),
        "state": task.state,
        "due_at": task.due_at.isoformat(timespec="minutes"),
        "late": task.is_late,
        "waiting_for": ", ".join(names),
        "note": task.note,
        "one_too_many": task.is_one_too_many,
        "in_doubt": task.is_in_doubt,
        "url": task.url,
        "stays": task.stays_url,
    }


@app.command("resolve")
@with_database
def resolve(
    number: Number,
    how: Annotated[actions.Resolution, typer.Argument(help="What you saw on the platform.")],
    url: Annotated[str, typer.Option(help="Where it is, when it is there.")] = "",
    note: Annotated[str, typer.Option(help="How you know.")] = "",
    as_user: AsUser = "",
) -> None:
    """Say what became of a delivery of unknown fate; it is never sent again by itself."""
    delivery = actions.resolve(actor(as_user), number, how, url=url, note=note)
    say(f"Delivery {delivery.pk} is {delivery.state}.")


@app.command("pause")
@with_database
def pause(
    reason: Annotated[str, typer.Option(help="Why; everybody who publishes there reads it.")],
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="The unit's code; the root stops everything.")] = "",
    platform: Annotated[str, typer.Option(help="Only this platform.")] = "",
    campaign: Annotated[
        int | None, typer.Option(help="Only this campaign (`kentongan plan campaigns`); without UNIT all of it.")
    ] = None,
    yes: Yes = False,
    as_user: AsUser = "",
) -> None:
    """Let nothing go out in a unit and below it, or of a campaign, until somebody resumes."""
    who = actor(as_user)
    found = rights.get_unit(who, Capability.PUBLISH, code=unit) if unit else None
    of = planning.campaign(who, campaign) if campaign is not None else None
    what = f" of “{of}”" if of else f" on {platform}" if platform else ""
    where = f" in {found} and below" if found else ""
    if confirmed(f"Stop publishing{what}{where}?", yes=yes):
        stop = {"unit_id": found and found.pk, "platform": platform, "campaign_id": campaign}
        made = actions.pause(who, **stop, reason=reason)
        say(f"Paused: {made.pk}. End it with `kentongan publish resume {made.pk}`.")


@app.command("resume")
@with_database
def resume(
    pause: Annotated[int | None, typer.Argument(metavar="PAUSE", help="The pause's number.")] = None,
    campaign: Annotated[int | None, typer.Option(help="Instead: every pause of this campaign.")] = None,
    as_user: AsUser = "",
) -> None:
    """End a pause, or all of a campaign: what is still in time goes out."""
    who = actor(as_user)
    numbers = [pause] if pause is not None else []
    if campaign is not None:
        numbers += [one.pk for one in queries.pauses_of_campaign(planning.campaign(who, campaign))]
    if not numbers:
        raise Invalid("Nothing of it is paused.", remedy="Give the number of a pause, or --campaign NUMBER.")
    for number in numbers:
        actions.resume(who, number)
    say("Publishing goes on.")
