"""Writes of content items and their versions for platforms."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import ProtectedError
from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Held, Invalid
from kentongan.core.permissions import Capability
from kentongan.listening import access as listening
from kentongan.listening.models import Issue
from kentongan.planning import access, counting
from kentongan.planning.actions.campaigns import check_move
from kentongan.planning.drafts import ItemDraft, RenditionDraft, plain
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
    brief = access.brief(actor, brief_id, Capability.EDIT) if brief_id is not None else None
    unit = rights.get_unit(actor, Capability.EDIT, pk=brief.unit_id if brief else unit_id)
    check(draft)
    check_move(actor, None, draft.campaign_id, draft.purpose)
    author = access.author(actor)
    item = ContentItem.objects.create(
        unit=unit,
        brief=brief,
        issue=brief.issue if brief else _issue(actor, issue_id),
        created_by_id=author,
        author_ids=[author],
        **_values(draft),
    )
    _write_renditions(item, draft)
    audit.record(actor, item, after=picture(item))
    return item


@action("planning.item.change", may_do_nothing=True)
def change_item(actor: Actor, item_id: int, draft: ItemDraft, *, version: int) -> ContentItem:
    """Replace what an item says; `version` is the one the editor saw, so that nobody overwrites unseen work.

    A change of an approved item takes the approval away. Whoever changes an item becomes one of its authors.
    """
    item = access.item(actor, item_id, Capability.EDIT, lock=True)
    check_version(item, version)
    check(draft)
    check_move(actor, item, draft.campaign_id, draft.purpose)
    before = picture(item)
    for name, value in _values(draft).items():
        setattr(item, name, value)
    now = audit.snapshot(item, *FIELDS) | {"renditions": _wanted(draft)}
    if now == before:
        return item
    loose = dict.fromkeys(LOOSE)
    if now | loose != before | loose:
        content_changed(actor, item)
    item.save()
    _write_renditions(item, draft)
    audit.record(actor, item, before=before, after=now)
    return item


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


def check(draft: ItemDraft) -> None:
    """Raise Invalid or Held unless the draft could be stored in this organisation."""
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
    organisation = registry.organisation()
    verdict = safeguards.check_purpose(draft.purpose, neutral=organisation is None or organisation.neutral)
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


def picture(item: ContentItem) -> dict[str, Any]:
    """Return what an item says, versions included, as plain values for the audit trail."""
    versions = {row.kind: _plain(row) for row in Rendition.objects.filter(item=item)}
    return audit.snapshot(item, *FIELDS) | {"renditions": versions}


def _plain(row: Rendition | RenditionDraft) -> dict[str, str]:
    return {"title": row.title.strip(), "text": plain(row.text), "link": row.link.strip()}


def _wanted(draft: ItemDraft) -> dict[str, dict[str, str]]:
    versions = {kind: _plain(row) for kind, row in draft.renditions.items()}
    return {kind: version for kind, version in versions.items() if version["text"]}


def _values(draft: ItemDraft) -> dict[str, Any]:
    texts = {"title": " ".join(draft.title.split()), "text": plain(draft.text)}
    return {name: getattr(draft, name) for name in FIELDS} | texts


def _write_renditions(item: ContentItem, draft: ItemDraft) -> None:
    wanted = _wanted(draft)
    present = {row.kind: row for row in item.renditions.all()}
    try:
        item.renditions.exclude(kind__in=wanted).delete()
    except ProtectedError as error:
        raise Conflict(
            _("A version that was scheduled already cannot be taken out."),
            remedy=_("Leave its text as it is, or recall its delivery."),
        ) from error
    Rendition.objects.bulk_create(
        Rendition(item=item, kind=kind, bands=bands(values["text"], kind), **values)
        for kind, values in wanted.items()
        if kind not in present
    )
    changed = [row for kind, row in present.items() if kind in wanted and _plain(row) != wanted[kind]]
    for row in changed:
        for name, value in wanted[row.kind].items():
            setattr(row, name, value)
        # What it said before may be out already.
        row.bands = [*bands(row.text, row.kind), *row.bands][:KEYS_KEPT]
    Rendition.objects.bulk_update(changed, ["title", "text", "link", "bands"])
