"""Writes of content items and their versions for platforms."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, clock, several
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.copying import copy, rewrite
from kentongan.core.errors import Conflict, Held, Invalid
from kentongan.core.permissions import Capability
from kentongan.listening import access as listening
from kentongan.listening.models import Issue
from kentongan.planning import access, counting
from kentongan.planning.actions.campaigns import CampaignMoves
from kentongan.planning.drafts import ItemChange, ItemDraft, NewItem, RenditionDraft, plain
from kentongan.planning.models import ContentItem, Language, Rendition
from kentongan.planning.states import EDITABLE, Move, after
from kentongan.registry import access as rights
from kentongan.registry import queries as registry
from kentongan.safeguards import queries as safeguards
from kentongan.safeguards.authenticity import bands
from kentongan.safeguards.purposes import Purpose

KEYS_KEPT = 100
CONTENT = ("title", "text", "purpose", "language")
LOOSE = ("planned_for", "campaign_id")
"""What may change without another approval: it does not go out."""
FIELDS = (*CONTENT, *LOOSE)
KEPT = ("state", "approved_by", "approved_at", "author_ids", "version", "updated_at")
EARLIEST, AHEAD = datetime(2000, 1, 1, tzinfo=UTC), timedelta(days=3653)
"""Nobody wants anything before or further ahead; far beyond it dates overflow when a delivery adds its hours."""


@action("planning.item.create")
def create_item(
    actor: Actor,
    draft: ItemDraft,
    *,
    unit_id: int | None = None,
    brief_id: int | None = None,
    issue_id: int | None = None,
) -> ContentItem:
    """Make a content item, from a brief (its unit and issue are taken over) or at a unit."""
    with several.alone():
        (item,) = create_items(actor, [NewItem(draft, unit_id, brief_id, issue_id)])
    return item


@action("planning.item.create", may_do_nothing=True)
def create_items(actor: Actor, wanted: Sequence[NewItem]) -> list[ContentItem]:
    """Make content items, all of them or none, in a constant number of queries; raises Several."""
    author, neutral = access.author(actor), _is_neutral()
    briefs = access.briefs(actor, {one.brief_id for one in wanted if one.brief_id is not None}, Capability.EDIT)
    own = {one.unit_id or 0 for one in wanted if one.brief_id is None}
    units = rights.get_units(actor, Capability.EDIT, own | {brief.unit_id for brief in briefs.rows.values()})
    moves = CampaignMoves(actor, ((None, one.draft.campaign_id) for one in wanted))
    refusals, made = several.Refusals(), []
    for position, one in enumerate(wanted):
        with refusals.of(position):
            brief = briefs.get(one.brief_id) if one.brief_id is not None else None
            unit = units.get(brief.unit_id if brief else one.unit_id or 0)
            check(one.draft, neutral=neutral)
            moves.check(None, one.draft.campaign_id, one.draft.purpose)
            issue = brief.issue if brief else _issue(actor, one.issue_id)
            values = _values(one.draft) | {"created_by_id": author, "author_ids": [author]}
            made.append(ContentItem(unit=unit, brief=brief, issue=issue, **values))
    refusals.check()
    ContentItem.objects.bulk_create(made)
    says = [_wanted(one.draft) for one in wanted]
    _make_versions(zip(made, says, strict=True))
    audit.record_each(
        actor,
        (
            (item, None, audit.snapshot(item, *FIELDS) | {"renditions": versions})
            for item, versions in zip(made, says, strict=True)
        ),
    )
    return made


@action("planning.item.change", may_do_nothing=True)
def change_item(actor: Actor, item_id: int, draft: ItemDraft, *, version: int) -> ContentItem:
    """Replace what an item says; `version` is the one the editor saw, so that nobody overwrites unseen work.

    A change of an approved item takes the approval away. Whoever changes an item becomes one of its authors.
    """
    with several.alone():
        (item,) = change_items(actor, [ItemChange(item_id, draft, version)])
    return item


@action("planning.item.change", may_do_nothing=True)
def change_items(actor: Actor, wanted: Sequence[ItemChange]) -> list[ContentItem]:
    """Replace what items say, each named once: all of them or none, in a constant number of queries; raises Several."""
    pks = [one.item_id for one in wanted]
    found = access.items(actor, pks, Capability.EDIT, lock=True)
    versions = _versions_of(found.rows)
    places = {pk: item.campaign_id for pk, item in found.rows.items()}
    moves = CampaignMoves(actor, ((places.get(one.item_id), one.draft.campaign_id) for one in wanted))
    neutral, refusals, changes = _is_neutral(), several.Refusals(), {}
    for position, one in enumerate(wanted):
        with refusals.of(position):
            item = found.get(one.item_id)
            check_version(item, one.version)
            check(one.draft, neutral=neutral)
            moves.check(item.campaign, one.draft.campaign_id, one.draft.purpose)
            if change := _changed(actor, item, versions[item.pk], one.draft):
                changes[position] = change
    refusals.check()
    changed = list(changes.values())
    save_content([change.item for change in changed], *FIELDS)
    with several.among(list(changes)):
        _write_versions(changed)
    audit.record_each(actor, ((change.item, change.before, change.now) for change in changed))
    return [found.get(pk) for pk in pks]


@dataclass(frozen=True, slots=True)
class _Change:
    """What an (unsaved) item said, with its versions so far, and what it is to say."""

    item: ContentItem
    versions: dict[str, Rendition]
    before: dict[str, Any]
    now: dict[str, Any]


def _versions_of(pks: Collection[int]) -> dict[int, dict[str, Rendition]]:
    """Return the versions of items, by item and kind: one query."""
    found: dict[int, dict[str, Rendition]] = {pk: {} for pk in pks}
    for row in Rendition.objects.filter(item__in=pks):
        found[row.item_id][row.kind] = row
    return found


def _changed(actor: Actor, item: ContentItem, versions: dict[str, Rendition], draft: ItemDraft) -> _Change | None:
    """Change an item without saving it; None where it says all that already."""
    before = audit.snapshot(item, *FIELDS) | {"renditions": {kind: _plain(row) for kind, row in versions.items()}}
    for name, value in _values(draft).items():
        setattr(item, name, value)
    now = audit.snapshot(item, *FIELDS) | {"renditions": _wanted(draft)}
    if now == before:
        return None
    loose = dict.fromkeys(LOOSE)
    if now | loose != before | loose:
        content_changed(actor, item)
    return _Change(item, versions, before, now)


@action("planning.item.plan", may_do_nothing=True)
def plan_item(actor: Actor, item_id: int, moment: datetime, *, seen: datetime | None = None) -> ContentItem:
    """Want an item at another time; what it says, and its approval, stay. `seen` is when it was wanted so far."""
    item = access.item(actor, item_id, Capability.EDIT, lock=True)
    if item.state not in EDITABLE:
        raise Conflict(_("A withdrawn item cannot be changed."), remedy=_("Take it up again first."))
    check_moment(moment)
    check_seen(item.planned_for, seen)
    if item.planned_for == moment:
        return item
    before = audit.snapshot(item, "planned_for")
    item.planned_for = moment
    item.save(update_fields=["planned_for", "updated_at"])
    audit.record(actor, item, before=before, after=audit.snapshot(item, "planned_for"))
    return item


@action("planning.item.withdraw")
def withdraw(actor: Actor, item_id: int, reason: str = "") -> ContentItem:
    """Put an item aside; what is scheduled of it does not go out."""
    return _move(actor, item_id, Move.WITHDRAW, plain(reason))


@action("planning.item.reopen")
def reopen(actor: Actor, item_id: int) -> ContentItem:
    """Take a withdrawn item up again, as a draft."""
    return _move(actor, item_id, Move.REOPEN)


def _issue(actor: Actor, issue_id: int | None) -> Issue | None:
    return None if issue_id is None else listening.issue(actor, issue_id)


def _move(actor: Actor, item_id: int, move: Move, note: str = "") -> ContentItem:
    item = access.item(actor, item_id, Capability.EDIT, lock=True)
    before = audit.snapshot(item, "state")
    item.state = after(item.state, move)
    item.approved_by, item.approved_at = None, None
    item.save()
    audit.record(actor, item, before=before, after=audit.snapshot(item, "state"), note=note)
    return item


def _is_neutral() -> bool:
    organisation = registry.organisation()
    return organisation is None or organisation.neutral


def check(draft: ItemDraft, *, neutral: bool) -> None:
    """Raise Invalid or Held unless the draft could be stored in an organisation that is neutral by law, or is not."""
    wrong: dict[str, list[Any]] = {}
    if not draft.title.strip():
        wrong["title"] = [_("Give it a title.")]
    if draft.purpose not in Purpose.values:
        wrong["purpose"] = [_("Say what it is for: there is no default.")]
    if draft.language not in Language.values:
        wrong["language"] = [_("Choose one of the languages on the list.")]
    known = {channel.kind for channel in counting.offered()}
    wrong |= {kind: [_("Nothing can be published there.")] for kind in draft.renditions if kind not in known}
    if wrong:
        raise Invalid(fields=wrong)
    if draft.planned_for is not None:
        check_moment(draft.planned_for)
    verdict = safeguards.check_purpose(draft.purpose, neutral=neutral)
    if verdict.held:
        raise Held(verdict.reason, remedy=_("Choose “public service” if that is what it is."), code="neutral")


def check_moment(moment: datetime) -> None:
    """Raise Invalid unless an item can be wanted at that moment."""
    if not EARLIEST <= moment <= clock.now() + AHEAD:
        raise Invalid(fields={"planned_for": [_("Choose a day within the next ten years.")]})


def check_version(item: ContentItem, version: int) -> None:
    """Raise Conflict unless `version` is the present one."""
    if item.version != version:
        raise Conflict(
            _("Somebody changed this item while you had it open (version %(now)s, you saw %(seen)s).")
            % {"now": item.version, "seen": version},
            remedy=_("Open it again, look at the change, then repeat yours."),
            code="version",
        )


def check_seen(present: datetime | None, seen: datetime | None) -> None:
    """Raise Conflict when something does not stand at the time any more at which somebody saw it."""
    if seen is not None and present != seen:
        raise Conflict(
            _("Somebody moved this while you looked at it."),
            remedy=_("Reload the calendar, then move it."),
            code="moved",
        )


def content_changed(actor: Actor, item: ContentItem) -> None:
    """Note on the (unsaved) item that what would go out is another thing now, by this author."""
    if item.state not in EDITABLE:
        raise Conflict(_("A withdrawn item cannot be changed."), remedy=_("Take it up again first."))
    if item.approved_by_id is not None:
        item.state = after(item.state, Move.REVISE)
        item.approved_by, item.approved_at = None, None
    author = access.author(actor)
    if author not in item.author_ids:
        item.author_ids = [*item.author_ids, author]
    item.version += 1


def save_content(items: Sequence[ContentItem], *more: str) -> None:
    """Save what `content_changed` set, and the fields named besides: one query."""
    for item in items:
        item.updated_at = clock.now()
    rewrite(items, [*more, *KEPT])


def _plain(row: Rendition | RenditionDraft) -> dict[str, str]:
    return {"title": row.title.strip(), "text": plain(row.text), "link": row.link.strip()}


def _wanted(draft: ItemDraft) -> dict[str, dict[str, str]]:
    versions = {kind: _plain(row) for kind, row in draft.renditions.items()}
    return {kind: version for kind, version in versions.items() if version["text"]}


def _values(draft: ItemDraft) -> dict[str, Any]:
    texts = {"title": " ".join(draft.title.split()), "text": plain(draft.text)}
    return {name: getattr(draft, name) for name in FIELDS} | texts


def _make_versions(says: Iterable[tuple[ContentItem, dict[str, dict[str, str]]]]) -> None:
    copy(
        Rendition,
        ("item", "kind", "title", "text", "link", "bands"),
        (
            (item.pk, kind, said["title"], said["text"], said["link"], bands(said["text"], kind))
            for item, versions in says
            for kind, said in versions.items()
        ),
    )


def _write_versions(changes: Sequence[_Change]) -> None:
    """Write what versions of items are to say; raises Several for those whose versions cannot be taken out."""
    _take_out([[row for kind, row in one.versions.items() if kind not in one.now["renditions"]] for one in changes])
    reworded = []
    for one in changes:
        wanted = one.now["renditions"]
        both = [(row, wanted[kind]) for kind, row in one.versions.items() if kind in wanted]
        reworded += [_reworded(row, values) for row, values in both if _plain(row) != values]
    rewrite(reworded, ["title", "text", "link", "bands", "updated_at"])
    _make_versions(
        (one.item, {kind: values for kind, values in one.now["renditions"].items() if kind not in one.versions})
        for one in changes
    )


def _reworded(row: Rendition, values: dict[str, str]) -> Rendition:
    for name, value in values.items():
        setattr(row, name, value)
    # What it said before may be out already.
    row.bands = [*bands(row.text, row.kind), *row.bands][:KEYS_KEPT]
    row.updated_at = clock.now()
    return row


def _take_out(gone: Sequence[Sequence[Rendition]]) -> None:
    """Remove the versions of each item; raises Several where one of them was scheduled already."""
    refusals = several.Refusals()
    try:
        with transaction.atomic():
            Rendition.objects.filter(pk__in=[row.pk for rows in gone for row in rows]).delete()
    except ProtectedError as protected:
        kept = {getattr(one, "rendition_id", None) for one in protected.protected_objects}
        for position, rows in enumerate(gone):
            if rows and (not kept or kept.intersection(row.pk for row in rows)):
                refusals.add(position, _scheduled_already())
    refusals.check()


def _scheduled_already() -> Conflict:
    return Conflict(
        _("A version that was scheduled already cannot be taken out."),
        remedy=_("Leave its text as it is, or recall its delivery."),
    )
