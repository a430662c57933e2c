"""All reads of planning."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Window, prefetch_related_objects
from django.db.models.functions import Coalesce, RowNumber
from django.utils import timezone

from kentongan.core import clock
from kentongan.core import media as core_media
from kentongan.core.actor import Actor
from kentongan.core.models import User
from kentongan.core.permissions import Capability
from kentongan.planning import access, approvals, cards, counting, fitting, likeness, media, preview, remedies
from kentongan.planning.drafts import RenditionDraft
from kentongan.planning.models import Brief, CalendarFeed, Comment, ContentItem, ItemAsset, LinkCard, Rendition
from kentongan.planning.preview import Card, Piece, Preview, Written
from kentongan.planning.states import ItemState
from kentongan.registry import access as rights
from kentongan.registry import queries as registry
from kentongan.registry.models import Account, Unit
from kentongan.safeguards import queries as safeguards
from kentongan.safeguards.purposes import Purpose

BOARD_STATES = (ItemState.DRAFT, ItemState.CHANGES_REQUESTED, ItemState.IN_REVIEW, ItemState.APPROVED)
BOARD_ROWS = 12


def may_electioneer() -> bool:
    """Whether this organisation may have content that campaigns for candidates at all."""
    organisation = registry.organisation()
    return organisation is not None and not organisation.neutral


def purposes() -> list[tuple[str, str]]:
    """Return the purposes this organisation can choose from, as (value, label)."""
    chosen = list(Purpose) if may_electioneer() else [Purpose.SERVICE]
    return [(purpose.value, str(purpose.label)) for purpose in chosen]


def units_to_edit(actor: Actor) -> QuerySet[Unit]:
    """Return the units at which the actor may write, the highest first."""
    return rights.units_for(actor, Capability.EDIT).filter(closed_at=None).order_by("path")


def units_to_read(actor: Actor) -> QuerySet[Unit]:
    """Return the units whose content the actor may read, the highest first."""
    return rights.units_for(actor, access.READ).filter(closed_at=None).order_by("path")


def _listed(rows: QuerySet[ContentItem]) -> QuerySet[ContentItem]:
    kinds = Rendition.objects.filter(item=OuterRef("pk")).order_by().values("item")
    return rows.select_related("unit", "created_by", "approved_by", "issue", "campaign").annotate(
        kinds=Coalesce(Subquery(kinds.annotate(all=ArrayAgg("kind", order_by="id")).values("all")), []),
        comment_count=_count(Comment),
        ai_assets=_count(ItemAsset, ai_generated=True),
    )


def _count(model: Any, **where: Any) -> Coalesce:
    rows = model.objects.filter(item=OuterRef("pk"), **where).order_by().values("item")
    return Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n")), 0)


def items(
    actor: Actor,
    *,
    state: str = "",
    purpose: str = "",
    unit: Unit | None = None,
    issue_id: int | None = None,
    brief_id: int | None = None,
    campaign_id: int | None = None,
    text: str = "",
) -> QuerySet[ContentItem]:
    """Return the items that the actor sees, last changed first, each with `kinds`, `comment_count`, `ai_assets`."""
    found = rights.scope(ContentItem.objects.all(), actor, access.READ)
    wanted = {"state": state, "purpose": purpose, "issue_id": issue_id, "brief_id": brief_id}
    wanted["campaign_id"] = campaign_id
    found = found.filter(**{name: value for name, value in wanted.items() if value})
    if unit is not None:
        found = found.filter(unit__path__within=unit.path)
    if text:
        found = found.filter(Q(title__icontains=text) | Q(text__icontains=text))
    return _listed(found).order_by("-updated_at", "-id")


@dataclass(frozen=True, slots=True)
class Lane:
    """A state's column of the board: how many there are, and the first of them."""

    state: ItemState
    total: int
    items: tuple[ContentItem, ...]

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.total - len(self.items)


def board(
    actor: Actor, purpose: str = "", unit: Unit | None = None, text: str = "", campaign_id: int | None = None
) -> list[Lane]:
    """Return the open states with their newest items: two queries, however many items there are."""
    found = items(actor, purpose=purpose, unit=unit, text=text, campaign_id=campaign_id)
    totals = state_counts(actor, purpose=purpose, unit=unit, text=text, campaign_id=campaign_id)
    place = Window(RowNumber(), partition_by=F("state"), order_by=[F("updated_at").desc(), F("id").desc()])
    rows = list(found.filter(state__in=BOARD_STATES).annotate(place=place).filter(place__lte=BOARD_ROWS))
    return [
        Lane(state, totals.get(state.value, 0), tuple(row for row in rows if row.state == state))
        for state in BOARD_STATES
    ]


def state_counts(
    actor: Actor, *, purpose: str = "", unit: Unit | None = None, text: str = "", campaign_id: int | None = None
) -> dict[str, int]:
    """Return how many items the actor sees in each state."""
    found = rights.scope(ContentItem.objects.all(), actor, access.READ)
    if purpose:
        found = found.filter(purpose=purpose)
    if campaign_id is not None:
        found = found.filter(campaign_id=campaign_id)
    if unit is not None:
        found = found.filter(unit__path__within=unit.path)
    if text:
        found = found.filter(Q(title__icontains=text) | Q(text__icontains=text))
    return dict(found.values_list("state").annotate(n=Count("pk")).order_by())


def waiting_for(actor: Actor) -> QuerySet[ContentItem]:
    """Return what is in review and this actor could approve: not their own work."""
    found = rights.scope(ContentItem.objects.filter(state=ItemState.IN_REVIEW), actor, Capability.APPROVE)
    return found.exclude(author_ids__contains=[actor.user_id or 0])


def briefs(actor: Actor, text: str = "", issue_id: int | None = None) -> QuerySet[Brief]:
    """Return the briefs that the actor sees, the latest first, each with `item_count` and `fact_count`."""
    found = rights.scope(Brief.objects.all(), actor, access.READ)
    if text:
        found = found.filter(Q(title__icontains=text) | Q(message__icontains=text))
    if issue_id is not None:
        found = found.filter(issue_id=issue_id)
    return (
        found.select_related("unit", "created_by", "issue")
        .annotate(item_count=Count("items", distinct=True), fact_count=Count("facts", distinct=True))
        .order_by("-id")
    )


@dataclass(frozen=True, slots=True)
class Version:
    """A rendition with its measure and its look, as screens and API show it."""

    rendition: Rendition
    measure: counting.Measure
    preview: Preview


Faces = Mapping[tuple[int, str], Account]


def _versions(
    item: ContentItem, faces: Faces, shown: Sequence[Piece], stated: counting.Stated | None = None
) -> tuple[Version, ...]:
    """Return an item's versions, drawn with its pictures; no query where its renditions and cards are at hand."""
    drawn = preview.cards_of(item.cards.all())
    return tuple(
        Version(
            row,
            counting.measure(row.kind, row.text, row.link, (stated or {}).get(row.kind), beside=bool(shown)),
            preview.draw(row.kind, _written(item, row, faces), shown, drawn),
        )
        for row in item.renditions.all()
    )


def _written(item: ContentItem, row: Rendition, faces: Faces) -> Written:
    face = preview.face_of(faces.get((item.unit_id, row.kind)), item.unit)
    return Written(row.text, row.title or item.title, row.link, face, item.language, item.planned_for)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the checklist of an approval."""

    code: str
    text: str


def checklist(item: ContentItem, twins: Sequence[likeness.Twin]) -> list[Line]:
    """Return what a reviewer has to look at before approving an item with such twins."""
    lines = [Line(rule.code, rule.text) for rule in safeguards.checklist(item.purpose)]
    return [*lines, Line(likeness.CODE, likeness.line())] if twins else lines


@dataclass(frozen=True, slots=True)
class ItemPage:
    """Everything that an item's page shows, and what the actor may do there."""

    item: ContentItem
    versions: tuple[Version, ...]
    assets: tuple[ItemAsset, ...]
    checklist: tuple[Line, ...]
    twins: tuple[likeness.Twin, ...]
    remedies: tuple[remedies.Remedy, ...]
    may_edit: bool
    may_reopen: bool
    may_approve: bool
    may_publish: bool
    own_work: bool
    verdict: safeguards.Verdict
    effects: approvals.Effects
    copies: Mapping[int, list[media.Copy]]
    facts: media.Facts
    cards: tuple[Card, ...]
    conversion: fitting.Conversion | None

    @property
    def problems(self) -> list[str]:
        """What keeps this item from being handed in: too long texts, pictures and videos not taken."""
        texts = [version.measure.problem for version in self.versions if version.measure.over]
        not_taken = media.problems([version.rendition for version in self.versions], self.assets)
        return [*texts, *(text for found in not_taken.values() for text in found)]

    @property
    def fetching(self) -> bool:
        """Whether a card is on its way that may still come."""
        return any(card.state == LinkCard.State.ASKED and not card.slow for card in self.cards)

    @property
    def ai_assets(self) -> int:
        """How many of its files were made or changed by AI."""
        return sum(asset.ai_generated for asset in self.assets)


@dataclass(frozen=True, slots=True)
class Look:
    """An item that waits for a review, with all that goes out of it and where it goes by itself."""

    item: ContentItem
    versions: tuple[Version, ...]
    effects: approvals.Effects


def to_look_at(actor: Actor, campaign_id: int | None = None, unit: Unit | None = None) -> QuerySet[ContentItem]:
    """Return what waits for this actor's review, the earliest wanted first, all that `looks` needs at hand."""
    found = waiting_for(actor)
    if campaign_id is not None:
        found = found.filter(campaign_id=campaign_id)
    if unit is not None:
        found = found.filter(unit__path__within=unit.path)
    found = found.select_related("unit", "created_by", "campaign")
    found = found.prefetch_related("renditions", "assets__file", "bookings__account", "cards__picture")
    return found.order_by(F("planned_for").asc(nulls_last=True), "id")


def looks(items: Iterable[ContentItem]) -> list[Look]:
    """Return each item as a reviewer looks at it; two queries where `to_look_at` gave them."""
    wanted = list(items)
    faces = registry.faces({item.unit_id for item in wanted})
    facts = core_media.facts_of(asset.file for item in wanted for asset in item.assets.all())
    return [
        Look(
            item,
            _versions(item, faces, preview.pieces(item.assets.all(), facts)),
            approvals.effects(item),
        )
        for item in wanted
    ]


def item_page(actor: Actor, pk: int) -> ItemPage:
    """Return an item with all that belongs to it."""
    item = access.item(actor, pk)
    prefetch_related_objects([item], "renditions", "cards__picture")
    held = rights.capabilities(actor, item.unit)
    stated = registry.stated_limits(item.unit)
    assets = tuple(item.assets.select_related("file"))
    facts = core_media.facts_of(asset.file for asset in assets)
    versions = _versions(item, registry.faces([item.unit_id]), preview.pieces(assets, facts), stated)
    renditions = [version.rendition for version in versions]
    kept = preview.cards_of(item.cards.all())
    twins = likeness.twins(actor, item) if item.state != ItemState.WITHDRAWN else []
    organisation = registry.organisation()
    verdict = safeguards.check_firing(
        item.purpose,
        clock.now(),
        item.unit.area_code,
        organisation is None or organisation.neutral,
        item.unit.timezone,
    )
    return ItemPage(
        item=item,
        versions=versions,
        assets=assets,
        checklist=tuple(checklist(item, twins)),
        twins=tuple(twins),
        remedies=tuple(remedies.of(actor, item, twins)),
        may_edit=Capability.EDIT in held and item.state != ItemState.WITHDRAWN,
        may_reopen=Capability.EDIT in held and item.state == ItemState.WITHDRAWN,
        may_approve=Capability.APPROVE in held,
        may_publish=Capability.PUBLISH in held,
        own_work=actor.user_id in {item.created_by_id, *item.author_ids},
        verdict=verdict,
        effects=approvals.effects(item),
        copies=media.copies(renditions, assets, facts),
        facts=facts,
        cards=tuple(kept.get(url, Card(url)) for url in cards.addresses(item.renditions.all())),
        conversion=fitting.conversion(item.pk, renditions, assets),
    )


def typed(
    actor: Actor, item_id: int | None, drafts: Mapping[str, RenditionDraft], *, title: str = ""
) -> dict[str, Preview]:
    """Return how versions look while somebody writes them; with the item's pictures, once there is an item."""
    if item_id is None:
        return {
            kind: preview.draw(kind, Written(one.text, one.title or title, one.link)) for kind, one in drafts.items()
        }
    item = access.item(actor, item_id)
    assets, faces = list(item.assets.select_related("file")), registry.faces([item.unit_id])
    shown = preview.pieces(assets, core_media.facts_of(asset.file for asset in assets))
    item.title = title or item.title
    rows = {kind: Rendition(kind=kind, text=one.text, title=one.title, link=one.link) for kind, one in drafts.items()}
    drawn = preview.cards_of(item.cards.select_related("picture"))
    return {kind: preview.draw(kind, _written(item, row, faces), shown, drawn) for kind, row in rows.items()}


def comments(item: ContentItem) -> QuerySet[Comment]:
    """Return an item's comments, the oldest first."""
    return item.comments.select_related("by")


def feed_of(actor: Actor) -> CalendarFeed | None:
    """Return the live address of the actor's own calendar, if there is one."""
    return CalendarFeed.objects.filter(user_id=actor.user_id or 0, ended_at=None).first()


def zone_of(actor: Actor) -> tzinfo:
    """Return the zone in which somebody's days are: their own, also where their token calls; else the present one."""
    if actor.user_id is None:
        return timezone.get_current_timezone()
    return clock.zone(User.objects.values_list("timezone", flat=True).get(pk=actor.user_id))


def live_feed(digest: str) -> CalendarFeed | None:
    """Return the live address with that digest, of somebody who may still sign in, with that user."""
    rows = CalendarFeed.objects.filter(digest=digest, ended_at=None, user__is_active=True)
    return rows.select_related("user").first()


def briefs_to_choose(actor: Actor, limit: int = 30) -> list[tuple[int, str]]:
    """Return (id, title) of the latest briefs that the actor sees, to narrow a list by."""
    found = rights.scope(Brief.objects.all(), actor, access.READ).order_by("-id")
    return list(found.values_list("pk", "title")[:limit])


def for_issue(actor: Actor, issue_id: int) -> tuple[list[Brief], list[ContentItem]]:
    """Return what was made from an issue: its briefs and items that the actor sees."""
    return list(briefs(actor, issue_id=issue_id)[:20]), list(items(actor, issue_id=issue_id)[:20])


class ApprovedContent:
    """What listening asks: which issues have content that a second person approved."""

    def answered(self, issue_ids: Collection[int]) -> Collection[int]:
        """Return those of `issue_ids` with approved content."""
        approved = ContentItem.objects.filter(issue__in=issue_ids, state=ItemState.APPROVED)
        return set(approved.values_list("issue_id", flat=True))


def is_publishable(item: ContentItem) -> bool:
    """Whether the item's present content has a standing approval; asked again whenever something is about to go out."""
    return item.state == ItemState.APPROVED and item.approved_by_id is not None
