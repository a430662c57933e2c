"""Planning through the API: the same briefs, items and rules as on the screens."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Schema, Status
from pydantic import AwareDatetime, HttpUrl, TypeAdapter, ValidationError

from kentongan.core import authority
from kentongan.core.actor import Actor
from kentongan.core.api import Page, Paging, Router, actor_of, paginate, scope
from kentongan.core.errors import Invalid
from kentongan.planning import access, actions, counting, queries
from kentongan.planning.calendar.api import router as calendar_router
from kentongan.planning.campaigns.api import router as campaigns_router
from kentongan.planning.drafts import BriefDraft, FactDraft, ItemDraft, RenditionDraft, plain
from kentongan.planning.models import Brief, Comment, ContentItem, Language
from kentongan.planning.states import ItemState
from kentongan.safeguards.purposes import Purpose

router = Router(tags=["planning"])
router.add_router("/calendar", calendar_router)
router.add_router("/campaigns", campaigns_router)
READ, WRITE = "planning:read", "planning:write"
MAX_TEXT = 20_000
# PostgreSQL's text cannot hold the null character; ids beyond its integers name nothing.
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Moment = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2200, 1, 1, tzinfo=UTC))]


def _text(most: int, least: int = 0) -> Any:
    return Field(max_length=most, min_length=least, pattern=r"^[^\x00]*$")


Line = Annotated[str, _text(200, 1)]
Prose = Annotated[str, _text(4000)]
Long = Annotated[str, _text(MAX_TEXT)]
Address = Annotated[str, _text(500)]


class FactIn(Schema):
    """A fact and where it comes from."""

    text: Annotated[str, _text(500, 1)]
    source: Line
    url: Address = ""


class BriefIn(Schema):
    """A brief as written; times carry their zone."""

    title: Line
    message: Annotated[str, _text(2000, 1)]
    audience: Annotated[str, _text(300, 1)]
    deadline: Moment
    situation: Prose = ""
    topic: Annotated[str, _text(120)] = ""
    places: Annotated[str, _text(300)] = ""
    facts: list[FactIn] = Field(default_factory=list, max_length=12)


class NewBriefIn(BriefIn):
    """A brief at a unit, from an issue where one is named."""

    unit_id: Id
    issue_id: Id | None = None


class FactOut(Schema):
    """A fact and where it comes from."""

    text: str
    source: str
    url: str


class BriefOut(Schema):
    """A brief."""

    id: int
    unit_id: int
    issue_id: int | None
    title: str
    situation: str
    message: str
    audience: str
    topic: str
    places: str
    deadline: datetime
    created_by: str
    facts: list[FactOut]


class RenditionIn(Schema):
    """A version for one platform."""

    text: Long
    title: Annotated[str, _text(200)] = ""
    link: Address = ""


class ItemIn(Schema):
    """An item as written; `renditions` by kind of channel, an empty text removes a version."""

    title: Line
    text: Long = ""
    purpose: Purpose
    language: Language = Language.INDONESIAN
    planned_for: Moment | None = None
    campaign_id: Id | None = None
    renditions: dict[str, RenditionIn] = Field(default_factory=dict, max_length=40)


class NewItemIn(ItemIn):
    """An item from a brief, or at a unit."""

    unit_id: Id | None = None
    brief_id: Id | None = None
    issue_id: Id | None = None


class ChangedItemIn(ItemIn):
    """An item as it should be now; `version` was read before; it keeps its campaign unless one is said."""

    version: Id


class RenditionOut(Schema):
    """A version with its count; `limit` is null where there is none."""

    kind: str
    title: str
    text: str
    link: str
    used: int
    limit: int | None
    over: int


class ConversionOut(Schema):
    """The job that converts (`/core/jobs/{job}`)."""

    job: int


class AssetOut(Schema):
    """A file that goes out with an item."""

    name: str
    media_type: str
    url: str
    alt: str
    ai_generated: bool


class CardOut(Schema):
    """The card of a link; `state` is empty where nobody had it fetched so far."""

    url: str
    state: str
    title: str
    description: str
    site: str
    picture: str
    problem: str


class ItemOut(Schema):
    """An item in a list."""

    id: int
    unit_id: int
    brief_id: int | None
    issue_id: int | None
    campaign_id: int | None
    title: str
    purpose: str
    language: str
    state: str
    version: int
    planned_for: datetime | None
    kinds: list[str]
    created_by: str
    approved_by: str | None
    approved_at: datetime | None
    updated_at: datetime


class EffectsOut(Schema):
    """To how many booked accounts an approval sends the item by itself; `digest` (of its cards too) confirms it."""

    count: int
    digest: str


class WholeItemOut(ItemOut):
    """An item with everything that belongs to it."""

    text: str
    renditions: list[RenditionOut]
    assets: list[AssetOut]
    cards: list[CardOut]
    checklist: list[dict[str, str]]
    effects: EffectsOut


class ApproveIn(Schema):
    """An approval: the version and the digest of its effects as looked at, the codes of the checklist's lines."""

    version: Id
    effects: Annotated[str, _text(64)] = ""
    checklist: list[Annotated[str, _text(80)]] = Field(default_factory=list, max_length=100)
    note: Annotated[str, _text(2000)] = ""


class NoteIn(Schema):
    """What has to change, or why."""

    note: Annotated[str, _text(2000)] = ""


class CommentIn(Schema):
    """A remark."""

    text: Annotated[str, _text(4000, 1)]


class CommentOut(Schema):
    """A remark with its author."""

    id: int
    by: str
    at: datetime
    text: str


class CardIn(Schema):
    """Which link's card is fetched once more; empty for those that were not fetched so far."""

    again: Address = ""


class CountIn(Schema):
    """A text to be counted for a kind of channel."""

    kind: Annotated[str, _text(30, 1)]
    text: Long
    link: Address = ""


class CountOut(Schema):
    """How long the text is there."""

    kind: str
    used: int
    limit: int | None
    over: int
    counting: str


class ItemFilter(Paging):
    """Which items."""

    state: ItemState | None = None
    purpose: Purpose | None = None
    issue_id: Id | None = None
    brief_id: Id | None = None
    campaign_id: Id | None = None
    text: Annotated[str, _text(200)] = ""


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
