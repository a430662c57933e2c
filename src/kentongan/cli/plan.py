"""`kentongan plan`: briefs and content items, from an issue to an approval."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated

import typer
from django.utils import timezone

from kentongan.cli.context import AsJson, AsUser, actor, group, print_json, print_table, say, with_database
from kentongan.core import clock
from kentongan.core.errors import Invalid
from kentongan.core.permissions import Capability
from kentongan.listening import access as listening
from kentongan.planning import actions, counting, prefill, queries
from kentongan.planning.campaigns import queries as campaign_queries
from kentongan.planning.drafts import BriefDraft, CampaignDraft, FactDraft, ItemDraft, RenditionDraft
from kentongan.planning.models import Brief, Campaign, ContentItem
from kentongan.planning.states import ItemState
from kentongan.registry import queries as registry
from kentongan.safeguards.purposes import Purpose

app = group("Briefs and content items: make, submit, approve. Content is written by people, so most need --as EMAIL.")

DAY = "%Y-%m-%d"
Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many to list, the newest first.")]
Versions = Annotated[
    list[str], typer.Option("--version-for", metavar="KIND=TEXT", help="The text for one kind of channel; repeat it.")
]


@app.command()
@with_database
def brief(
    message: Annotated[str, typer.Option(help="The one thing people should remember.")],
    issue: Annotated[int | None, typer.Option(help="Fill it in from this issue.")] = None,
    title: Annotated[str, typer.Option(help="By default the issue's.")] = "",
    audience: Annotated[str, typer.Option(help="By default the people where the issue is.")] = "",
    fact: Annotated[list[str] | None, typer.Option(metavar="TEXT|SOURCE", help="A fact and its source.")] = None,
    hours: Annotated[int, typer.Option(min=1, max=8760, help="It has to be out within so many hours.")] = 24,
    as_user: AsUser = "",
    as_json: AsJson = False,
) -> None:
    """Make a brief, from an issue or at the highest unit one sees."""
    who = actor(as_user)
    found = listening.issue(who, issue) if issue is not None else None
    start = prefill.from_issue(found).brief if found else {}
    home = registry.home_unit(who)
    if home is None:
        raise Invalid("There is no organisation yet.", remedy="Run `kentongan organisation` or `kentongan demo` first.")
    draft = BriefDraft(
        title=title or start.get("title", ""),
        message=message,
        audience=audience or start.get("audience", ""),
        deadline=clock.now() + timedelta(hours=hours),
        situation=start.get("situation", ""),
        topic=start.get("topic", ""),
        places=start.get("places", ""),
        issue_id=issue,
        facts=tuple(_fact(line) for line in fact or ()),
    )
    made = actions.create_brief(who, found.unit_id if found else home.pk, draft)
    _answer(_brief(made), as_json, f"Brief {made.pk}: {made.title}")


def _fact(line: str) -> FactDraft:
    text, _, source = line.rpartition("|")
    return FactDraft(text.strip(), source.strip())


@app.command()
@with_database
def briefs(limit: Limit = 50, as_user: AsUser = "", as_json: AsJson = False) -> None:
    """List briefs."""
    rows = [_brief(row) for row in queries.briefs(actor(as_user))[:limit]]
    _list(rows, as_json, ("id", "issue", "deadline", "title"))


@app.command()
@with_database
def item(
    title: Annotated[str, typer.Option(help="Its title.")],
    purpose: Annotated[Purpose, typer.Option(help="What it is for: there is no default.")],
    version_for: Versions,
    brief: Annotated[int | None, typer.Option(help="The brief that it answers.")] = None,
    campaign: Annotated[int | None, typer.Option(help="The campaign that it belongs to.")] = None,
    text: Annotated[str, typer.Option(help="The master text.")] = "",
    as_user: AsUser = "",
    as_json: AsJson = False,
) -> None:
    """Write a content item with a version for each kind of channel."""
    who = actor(as_user)
    home = queries.units_to_edit(who).first()
    draft = ItemDraft(
        title=title, text=text, purpose=purpose, campaign_id=campaign, renditions=dict(map(_version, version_for))
    )
    made = actions.create_item(who, draft, unit_id=home.pk if home else None, brief_id=brief)
    _answer(_item(made), as_json, f"Item {made.pk}: {made.title}")


def _version(line: str) -> tuple[str, RenditionDraft]:
    kind, sign, text = line.partition("=")
    if not sign:
        raise Invalid(f"{line!r} is not KIND=TEXT.", remedy='For example --version-for "bluesky=Mulai Senin."')
    return kind.strip(), RenditionDraft(text)


@app.command()
@with_database
def items(
    state: Annotated[ItemState | None, typer.Option(help="Only those in this state.")] = None,
    limit: Limit = 50,
    as_user: AsUser = "",
    as_json: AsJson = False,
) -> None:
    """List content items, the last changed first."""
    rows = [_item(row) for row in queries.items(actor(as_user), state=state or "")[:limit]]
    _list(rows, as_json, ("id", "state", "purpose", "version", "updated_at", "title"))


@app.command()
@with_database
def show(item: int, as_user: AsUser = "", as_json: AsJson = False) -> None:
    """Show an item's versions, each counted as its platform counts, and its checklist."""
    page = queries.item_page(actor(as_user), item)
    versions = [
        {"kind": version.rendition.kind, "text": version.rendition.text, "count": counting.summary(version.measure)}
        for version in page.versions
    ]
    checklist = [{"code": rule.code, "text": rule.text} for rule in page.checklist]
    if as_json:
        print_json(_item(page.item) | {"renditions": versions, "checklist": checklist, "effects": asdict(page.effects)})
        return
    say(f"{page.item.title} ({page.item.get_state_display()}, version {page.item.version})")
    print_table(["KIND", "COUNT", "TEXT"], [[row["kind"], row["count"], row["text"]] for row in versions])
    print_table(["CODE", "CHECKLIST"], [[row["code"], row["text"]] for row in checklist])
    if page.effects.count:
        effects = page.effects
        say(f"Once approved it goes to {effects.count} accounts {_wanted(page.item)}: --effects {effects.digest}")
    elif page.effects.digest:
        say(f"An approval covers its link cards: --effects {page.effects.digest}")


@app.command()
@with_database
def submit(item: int, as_user: AsUser = "", as_json: AsJson = False) -> None:
    """Hand an item in for review."""
    done = actions.submit(actor(as_user), item)
    _answer(_item(done), as_json, f"Item {done.pk} is in review.")


@app.command()
@with_database
def approve(
    item: int,
    version: Annotated[int, typer.Option(help="The version that you looked at (`kentongan plan show`).")],
    tick: Annotated[list[str] | None, typer.Option(metavar="CODE", help="A line of the checklist; repeat it.")] = None,
    note: Annotated[str, typer.Option(help="A note for the authors.")] = "",
    effects: Annotated[str, typer.Option(help="Where and when it goes by itself (`kentongan plan show`).")] = "",
    as_user: AsUser = "",
    as_json: AsJson = False,
) -> None:
    """Approve an item; never one's own work."""
    done = actions.approve(actor(as_user), item, version=version, checklist=tick or (), note=note, effects=effects)
    _answer(_item(done), as_json, f"Item {done.pk} is approved.")


@app.command("campaign")
@with_database
def campaign(
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="The unit's code; content of it and below it may join.")],
    name: Annotated[str, typer.Argument(help="What people call it.")],
    purpose: Annotated[Purpose, typer.Option(help="What its content is for: there is no default.")],
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Its first day; by default today.")
    ] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Its last day; by default open.")] = None,
    hashtag: Annotated[list[str] | None, typer.Option(help="A hashtag; repeat it, the main one first.")] = None,
    theme: Annotated[list[str] | None, typer.Option(help="A theme; repeat it.")] = None,
    as_user: AsUser = "",
    as_json: AsJson = False,
) -> None:
    """Open a campaign: content that is counted, stopped and recalled together."""
    who = actor(as_user)
    draft = CampaignDraft(
        name=name,
        purpose=purpose,
        starts_on=since.date() if since else timezone.localdate(),
        ends_on=until.date() if until else None,
        hashtags=tuple(hashtag or ()),
        themes=tuple(theme or ()),
    )
    made = actions.open_campaign(who, registry.unit_by_code(who, unit, Capability.EDIT).pk, draft)
    _answer(_campaign(made), as_json, f"Campaign {made.pk}: {made.name}")


@app.command("campaigns")
@with_database
def campaigns(
    state: Annotated[Campaign.State | None, typer.Option(help="Only running (open) or closed ones.")] = None,
    limit: Limit = 50,
    as_user: AsUser = "",
    as_json: AsJson = False,
) -> None:
    """List campaigns, running ones first."""
    rows = [_campaign(row) for row in campaign_queries.campaigns(actor(as_user), state=state or "")[:limit]]
    _list(rows, as_json, ("id", "state", "purpose", "since", "until", "name"))


@app.command("close-campaign")
@with_database
def close_campaign(campaign: int, reason: str, as_user: AsUser = "", as_json: AsJson = False) -> None:
    """Close a campaign: no content is added any more; what is scheduled goes out all the same."""
    done = actions.close_campaign(actor(as_user), campaign, reason)
    _answer(_campaign(done), as_json, f"Campaign {done.pk} is closed.")


@app.command("request-changes")
@with_database
def request_changes(item: int, note: str, as_user: AsUser = "", as_json: AsJson = False) -> None:
    """Send an item back to its authors."""
    done = actions.request_changes(actor(as_user), item, note)
    _answer(_item(done), as_json, f"Item {done.pk} was sent back.")


def _wanted(item: ContentItem) -> str:
    return f"at {_when(item.planned_for)}" if item.planned_for else "at no time yet"


def _when(moment: datetime) -> str:
    return timezone.localtime(moment).isoformat(timespec="minutes")


def _brief(row: Brief) -> dict[str, object]:
    return {
        "id": row.pk,
        "title": row.title,
        "message": row.message,
        "audience": row.audience,
        "issue": row.issue_id,
        "deadline": _when(row.deadline),
    }


def _item(row: ContentItem) -> dict[str, object]:
    return {
        "id": row.pk,
        "title": row.title,
        "state": row.state,
        "purpose": row.purpose,
        "version": row.version,
        "brief": row.brief_id,
        "issue": row.issue_id,
        "updated_at": _when(row.updated_at),
    }


def _campaign(row: Campaign) -> dict[str, object]:
    return {
        "id": row.pk,
        "name": row.name,
        "state": row.state,
        "purpose": row.purpose,
        "since": row.starts_on.isoformat(),
        "until": row.ends_on.isoformat() if row.ends_on else None,
        "hashtags": row.hashtags,
    }


def _answer(values: dict[str, object], as_json: bool, sentence: str) -> None:
    if as_json:
        print_json(values)
    else:
        say(sentence)


def _list(rows: list[dict[str, object]], as_json: bool, names: tuple[str, ...]) -> None:
    if as_json:
        print_json(rows)
    else:
        print_table([name.upper() for name in names], [[row[name] for name in names] for row in rows])
