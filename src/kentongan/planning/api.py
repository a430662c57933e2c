"""Planning through the API: the same briefs, items and rules as on the screens."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Status
from pydantic import HttpUrl, TypeAdapter, ValidationError

from kentongan.core import authority
from kentongan.core.actor import Actor
from kentongan.core.api import Page, Paging, Router, actor_of, paginate, scope
from kentongan.core.errors import Invalid
from kentongan.planning import access, actions, counting, queries
from kentongan.planning.calendar.api import router as calendar_router
from kentongan.planning.campaigns.api import router as campaigns_router
from kentongan.planning.drafts import BriefDraft, FactDraft, ItemDraft, RenditionDraft, plain
from kentongan.planning.models import Brief, Comment, ContentItem
from kentongan.planning.schemas import (
    ApproveIn,
    BriefIn,
    BriefOut,
    CardIn,
    ChangedItemIn,
    CommentIn,
    CommentOut,
    ConversionOut,
    CountIn,
    CountOut,
    Id,
    ItemFilter,
    ItemIn,
    ItemOut,
    NewBriefIn,
    NewItemIn,
    NoteIn,
    WholeItemOut,
)

router = Router(tags=["planning"])
router.add_router("/calendar", calendar_router)
router.add_router("/campaigns", campaigns_router)
READ, WRITE = "planning:read", "planning:write"


def _reader(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    authority.require_anywhere(actor, access.READ)
    return actor


_ADDRESS = TypeAdapter(HttpUrl)


def _check_addresses(addresses: dict[str, str]) -> None:
    wrong = {}
    for name, address in addresses.items():
        try:
            _ADDRESS.validate_python(address)
        except ValidationError:
            wrong[name] = [_("Use a whole address that begins with https:// or http://.")]
    if wrong:
        raise Invalid(fields=wrong)


def _brief_draft(body: BriefIn, issue_id: int | None) -> BriefDraft:
    _check_addresses({f"facts.{n}.url": fact.url for n, fact in enumerate(body.facts) if fact.url})
    values = body.dict(exclude={"facts", "unit_id", "issue_id"})
    facts = tuple(FactDraft(fact.text, fact.source, fact.url) for fact in body.facts)
    return BriefDraft(**values, issue_id=issue_id, facts=facts)


def _item_draft(body: ItemIn) -> ItemDraft:
    _check_addresses({f"renditions.{kind}.link": row.link for kind, row in body.renditions.items() if row.link})
    return ItemDraft(
        title=body.title,
        text=body.text,
        purpose=body.purpose,
        language=body.language,
        planned_for=body.planned_for,
        campaign_id=body.campaign_id,
        renditions={kind: RenditionDraft(row.text, row.title, row.link) for kind, row in body.renditions.items()},
    )


def _brief(row: Brief) -> dict[str, Any]:
    names = ("unit_id", "issue_id", "title", "situation", "message", "audience", "topic", "places", "deadline")
    values = {name: getattr(row, name) for name in names}
    return values | {"id": row.pk, "created_by": str(row.created_by), "facts": list(row.facts.all())}


def _item(row: ContentItem, kinds: list[str] | None = None) -> dict[str, Any]:
    names = ("unit_id", "brief_id", "issue_id", "campaign_id", "title", "purpose", "language", "state", "version")
    values = {name: getattr(row, name) for name in (*names, "planned_for")}
    return values | {
        "id": row.pk,
        "kinds": getattr(row, "kinds", []) if kinds is None else kinds,
        "created_by": str(row.created_by),
        "approved_by": str(row.approved_by) if row.approved_by else None,
        "approved_at": row.approved_at,
        "updated_at": row.updated_at,
    }


def _rendition(version: queries.Version) -> dict[str, Any]:
    row, measured = version.rendition, version.measure
    return {
        "kind": row.kind,
        "title": row.title,
        "text": row.text,
        "link": row.link,
        "used": measured.count.used,
        "limit": measured.count.limit,
        "over": measured.over,
    }


def _whole(actor: Actor, pk: int) -> dict[str, Any]:
    page = queries.item_page(actor, pk)
    return _item(page.item, [version.rendition.kind for version in page.versions]) | {
        "text": page.item.text,
        "renditions": [_rendition(version) for version in page.versions],
        "assets": [
            {
                "name": asset.file.name,
                "media_type": asset.file.media_type,
                "url": asset.file.get_absolute_url(),
                "alt": asset.alt,
                "ai_generated": asset.ai_generated,
            }
            for asset in page.assets
        ],
        "cards": list(page.cards),
        "checklist": [{"code": rule.code, "text": rule.text} for rule in page.checklist],
        "effects": page.effects,
    }


def _comment(row: Comment) -> dict[str, Any]:
    return {"id": row.pk, "by": str(row.by), "at": row.at, "text": row.text}


@router.get("/briefs", response=Page[BriefOut], auth=scope(READ))
def briefs(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """List briefs, the latest first."""
    return paginate(queries.briefs(_reader(request)).prefetch_related("facts"), paging, _brief)


@router.post("/briefs", response={201: BriefOut}, auth=scope(WRITE))
def create_brief(request: HttpRequest, body: NewBriefIn) -> Status[dict[str, Any]]:
    """Make a brief."""
    return Status(201, _brief(actions.create_brief(actor_of(request), body.unit_id, _brief_draft(body, body.issue_id))))


@router.get("/briefs/{pk}", response=BriefOut, auth=scope(READ))
def brief(request: HttpRequest, pk: Id) -> dict[str, Any]:
    """Return a brief with its facts."""
    return _brief(access.brief(_reader(request), pk))


@router.put("/briefs/{pk}", response=BriefOut, auth=scope(WRITE))
def change_brief(request: HttpRequest, pk: Id, body: BriefIn) -> dict[str, Any]:
    """Replace what a brief says."""
    return _brief(actions.change_brief(actor_of(request), pk, _brief_draft(body, None)))


@router.get("/items", response=Page[ItemOut], auth=scope(READ))
def items(request: HttpRequest, chosen: Query[ItemFilter]) -> dict[str, Any]:
    """List items, the last changed first."""
    found = queries.items(
        _reader(request),
        state=chosen.state or "",
        purpose=chosen.purpose or "",
        issue_id=chosen.issue_id,
        brief_id=chosen.brief_id,
        campaign_id=chosen.campaign_id,
        text=chosen.text,
    )
    return paginate(found, chosen, _item)


@router.post("/items", response={201: WholeItemOut}, auth=scope(WRITE))
def create_item(request: HttpRequest, body: NewItemIn) -> Status[dict[str, Any]]:
    """Make an item; a neutral organisation has no electioneering."""
    actor = actor_of(request)
    item = actions.create_item(
        actor, _item_draft(body), unit_id=body.unit_id, brief_id=body.brief_id, issue_id=body.issue_id
    )
    return Status(201, _whole(actor, item.pk))


@router.get("/items/{pk}", response=WholeItemOut, auth=scope(READ))
def item(request: HttpRequest, pk: Id) -> dict[str, Any]:
    """Return an item with its versions, each counted as its platform counts."""
    return _whole(_reader(request), pk)


@router.put("/items/{pk}", response=WholeItemOut, auth=scope(WRITE))
def change_item(request: HttpRequest, pk: Id, body: ChangedItemIn) -> dict[str, Any]:
    """Replace what an item says; an approval falls away when what would go out changes."""
    actor, draft = actor_of(request), _item_draft(body)
    if "campaign_id" not in body.model_fields_set:
        draft = replace(draft, campaign_id=access.item(actor, pk).campaign_id)
    actions.change_item(actor, pk, draft, version=body.version)
    return _whole(actor, pk)


@router.post("/items/{pk}/submit", response=WholeItemOut, auth=scope(WRITE))
def submit(request: HttpRequest, pk: Id) -> dict[str, Any]:
    """Hand an item in for review; 422 says which version is how much too long."""
    actor = actor_of(request)
    actions.submit(actor, pk)
    return _whole(actor, pk)


@router.post("/items/{pk}/convert", response={202: ConversionOut}, auth=scope(WRITE))
def convert(request: HttpRequest, pk: Id) -> Status[dict[str, int]]:
    """Have the videos converted that the item's platforms do not take as they are; the answer names the job."""
    return Status(202, {"job": actions.convert_media(actor_of(request), pk).pk})


@router.post("/items/{pk}/approve", response=WholeItemOut, auth=scope(WRITE))
def approve(request: HttpRequest, pk: Id, body: ApproveIn) -> dict[str, Any]:
    """Approve an item; never one's own work."""
    actor = actor_of(request)
    actions.approve(actor, pk, version=body.version, checklist=body.checklist, note=body.note, effects=body.effects)
    return _whole(actor, pk)


@router.post("/items/{pk}/request-changes", response=WholeItemOut, auth=scope(WRITE))
def request_changes(request: HttpRequest, pk: Id, body: NoteIn) -> dict[str, Any]:
    """Send an item back to its authors."""
    actor = actor_of(request)
    actions.request_changes(actor, pk, body.note)
    return _whole(actor, pk)


@router.post("/items/{pk}/withdraw", response=WholeItemOut, auth=scope(WRITE))
def withdraw(request: HttpRequest, pk: Id, body: NoteIn) -> dict[str, Any]:
    """Put an item aside; nothing of it goes out any more."""
    actor = actor_of(request)
    actions.withdraw(actor, pk, body.note)
    return _whole(actor, pk)


@router.post("/items/{pk}/reopen", response=WholeItemOut, auth=scope(WRITE))
def reopen(request: HttpRequest, pk: Id) -> dict[str, Any]:
    """Take a withdrawn item up again, as a draft."""
    actor = actor_of(request)
    actions.reopen(actor, pk)
    return _whole(actor, pk)


@router.post("/items/{pk}/cards", response={202: WholeItemOut}, auth=scope(WRITE))
def fetch_cards(request: HttpRequest, pk: Id, body: CardIn) -> Status[dict[str, Any]]:
    """Have the cards of an item's links fetched: a job, whose result the item shows."""
    actor = actor_of(request)
    actions.ask_cards(actor, pk, again=body.again)
    return Status(202, _whole(actor, pk))


@router.get("/items/{pk}/comments", response=Page[CommentOut], auth=scope(READ))
def comments(request: HttpRequest, pk: Id, paging: Query[Paging]) -> dict[str, Any]:
    """List an item's comments, the oldest first."""
    return paginate(queries.comments(access.item(_reader(request), pk)), paging, _comment)


@router.post("/items/{pk}/comments", response={201: CommentOut}, auth=scope(WRITE))
def comment(request: HttpRequest, pk: Id, body: CommentIn) -> Status[dict[str, Any]]:
    """Leave a remark on an item."""
    return Status(201, _comment(actions.comment(actor_of(request), pk, body.text)))


@router.post("/count", response=CountOut, auth=scope(READ))
def count(request: HttpRequest, body: CountIn) -> dict[str, Any]:
    """Count a text as a platform does."""
    _reader(request)
    measured = counting.measure(body.kind, plain(body.text), body.link)
    return {
        "kind": measured.kind,
        "used": measured.count.used,
        "limit": measured.count.limit,
        "over": measured.over,
        "counting": str(measured.count.counting),
    }
