"""What planning's API takes and gives: the shapes of its requests and answers."""

from datetime import UTC, datetime
from typing import Annotated, Any

from ninja import Field, Schema
from pydantic import AwareDatetime

from kentongan.core.api import Paging
from kentongan.planning.models import Language
from kentongan.planning.states import ItemState
from kentongan.safeguards.purposes import Purpose

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
