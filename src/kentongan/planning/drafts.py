"""What people hand in: plain values on their way to the tables, the same from web, API and command line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from kentongan.core.models.files import StoredFile


@dataclass(frozen=True, slots=True)
class FactDraft:
    """A fact and where it comes from."""

    text: str
    source: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class BriefDraft:
    """A brief as entered; `deadline` is aware."""

    title: str
    message: str
    audience: str
    deadline: datetime
    situation: str = ""
    topic: str = ""
    places: str = ""
    issue_id: int | None = None
    facts: tuple[FactDraft, ...] = ()


@dataclass(frozen=True, slots=True)
class CampaignDraft:
    """A campaign as entered; hashtags with or without their sign; its end is open while `ends_on` is None."""

    name: str
    purpose: str
    starts_on: date
    ends_on: date | None = None
    summary: str = ""
    hashtags: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()


def plain(text: str) -> str:
    """Return a text with the line ends that platforms count, without null characters and space around it."""
    return text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n").strip()


@dataclass(frozen=True, slots=True)
class RenditionDraft:
    """A version for one platform; an empty text means that there is none."""

    text: str
    title: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """A content item as entered; `renditions` by kind of channel; `planned_for` is aware."""

    title: str
    text: str
    purpose: str
    language: str = "id"
    planned_for: datetime | None = None
    campaign_id: int | None = None
    renditions: Mapping[str, RenditionDraft] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewItem:
    """A content item to be made, from a brief (its unit and issue are taken over) or at a unit."""

    draft: ItemDraft
    unit_id: int | None = None
    brief_id: int | None = None
    issue_id: int | None = None


@dataclass(frozen=True, slots=True)
class ItemChange:
    """What an item is to say; `version` is the one that the editor saw."""

    item_id: int
    draft: ItemDraft
    version: int


@dataclass(frozen=True, slots=True)
class NewAsset:
    """A stored file that is to go out with an item, with its description and whether AI made or changed it."""

    item_id: int
    file: StoredFile
    alt: str
    ai_generated: bool
