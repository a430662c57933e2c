"""Submitting, commenting, approving: always by another person than the authors."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, clock, several
from kentongan.core import media as core_media
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, KentonganError, NotAllowed
from kentongan.core.models import User
from kentongan.core.permissions import Capability
from kentongan.planning import access, approvals, counting, likeness, media, queries, telling
from kentongan.planning.actions.items import check_version
from kentongan.planning.drafts import plain
from kentongan.planning.models import Comment, ContentItem, Review
from kentongan.planning.states import ItemState, Move, after
from kentongan.registry import access as rights
from kentongan.registry import queries as registry

APPROVED_AT_ONCE = 50
PARTS = ("renditions", "assets__file")


@action("planning.item.submit")
def submit(actor: Actor, item_id: int) -> ContentItem:
    """Hand an item in for review; every version has to fit its platform. Its approvers are told."""
    with several.alone():
        (item,) = submit_many(actor, [item_id])
    telling.tell_approvers(actor, item, User.objects.get(pk=access.author(actor)))
    return item


@action("planning.item.submit", may_do_nothing=True)
def submit_many(actor: Actor, item_ids: Sequence[int]) -> list[ContentItem]:
    """Hand items in for review, all of them or none, in a constant number of queries; raises Several.

    Who hands very many in tells their approvers of all of them together.
    """
    access.author(actor)
    found = access.items(actor, item_ids, Capability.EDIT, lock=True, parts=PARTS)
    complete, refusals, submitted = Completeness(found.rows.values()), several.Refusals(), clock.now()
    for position, pk in enumerate(item_ids):
        with refusals.of(position):
            after(found.get(pk).state, Move.SUBMIT)
            complete.check(found.get(pk))
    refusals.check()
    items = [found.get(pk) for pk in item_ids]
    before = [audit.snapshot(item, "state") for item in items]
    for item in items:
        item.state, item.submitted_at, item.updated_at = after(item.state, Move.SUBMIT), submitted, submitted
    # All of them come to one state, from wherever they were: one statement, without a case for each.
    ContentItem.objects.filter(pk__in=item_ids).update(
        state=ItemState.IN_REVIEW, submitted_at=submitted, updated_at=submitted
    )
    now = [audit.snapshot(item, "state", "version") for item in items]
    audit.record_each(actor, zip(items, before, now, strict=True))
    return items


@action("planning.item.approve")
def approve(
    actor: Actor, item_id: int, *, version: int, checklist: Collection[str] = (), note: str = "", effects: str = ""
) -> ContentItem:
    """Approve the version that the reviewer saw, with every line of the checklist ticked.

    `effects` is the digest of what the approval does by itself (`approvals.effects`), as the reviewer saw it.
    """
    item = access.item(actor, item_id, Capability.APPROVE, lock=True)
    reviewer = _reviewer(actor, item)
    state = after(item.state, Move.APPROVE)
    check_version(item, version)
    _check_effects(item, effects)
    check_complete(item)
    ticked = _ticked(actor, item, checklist)
    before = audit.snapshot(item, "state", "approved_by_id")
    item.state, item.approved_at, item.approved_by_id = state, clock.now(), reviewer
    item.save()
    review = Review.objects.create(
        item=item,
        version=item.version,
        verdict=Review.Verdict.APPROVED,
        by_id=reviewer,
        note=plain(note),
        checklist=ticked,
    )
    after_values = audit.snapshot(item, "state", "approved_by_id", "version") | {"checklist": ticked}
    audit.record(actor, item, before=before, after=after_values, note=plain(note))
    telling.tell_authors(actor, item, review)
    approvals.tell(actor, item)
    return item


@dataclass(frozen=True, slots=True)
class Looked:
    """An item as a reviewer looked at it: its version, and the digest of what its approval does by itself."""

    item_id: int
    version: int
    effects: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An item that was not approved with others, and why."""

    item_id: int
    title: str
    reason: str


def approve_many(
    actor: Actor, looked: Sequence[Looked], *, checklist: Collection[str], note: str = ""
) -> tuple[list[ContentItem], list[LeftOut]]:
    """Approve each of what was looked at, by itself and with every check of a single one; what cannot be is left out.

    What changed since it was looked at, one's own work, or what needs a look of its own is named with its reason.
    """
    if len(looked) > APPROVED_AT_ONCE:
        raise Invalid(_("%(most)s items at once, so that each is looked at.") % {"most": APPROVED_AT_ONCE})
    approved, left = [], []
    for one in looked:
        try:
            item = approve(actor, one.item_id, version=one.version, checklist=checklist, note=note, effects=one.effects)
        except KentonganError as error:
            title = access.item(actor, one.item_id).title
            left.append(LeftOut(one.item_id, title, f"{error.reason} {error.remedy or ''}".strip()))
        else:
            approved.append(item)
    return approved, left


@action("planning.item.request_changes")
def request_changes(actor: Actor, item_id: int, note: str) -> ContentItem:
    """Send an item back to its authors, and say what has to change; an approval is taken away."""
    item = access.item(actor, item_id, Capability.APPROVE, lock=True)
    reviewer = access.author(actor)
    state = after(item.state, Move.REQUEST_CHANGES)
    note = plain(note)
    if not note:
        raise Invalid(fields={"note": [_("Say what has to change.")]})
    before = audit.snapshot(item, "state", "approved_by_id")
    item.state, item.approved_by, item.approved_at = state, None, None
    item.save()
    review = Review.objects.create(
        item=item, version=item.version, verdict=Review.Verdict.CHANGES_REQUESTED, by_id=reviewer, note=note
    )
    audit.record(actor, item, before=before, after=audit.snapshot(item, "state", "approved_by_id"), note=note)
    telling.tell_authors(actor, item, review)
    return item


@action("planning.item.comment")
def comment(actor: Actor, item_id: int, text: str) -> Comment:
    """Leave a remark on an item: for those who edit or approve there."""
    item = access.item(actor, item_id)
    author = access.author(actor)
    if not {Capability.EDIT, Capability.APPROVE} & rights.capabilities(actor, item.unit):
        raise NotAllowed()
    text = plain(text)
    if not text:
        raise Invalid(fields={"text": [_("Write something.")]})
    row = Comment.objects.create(item=item, by_id=author, text=text)
    audit.record(actor, item, note=text)
    return row


def _reviewer(actor: Actor, item: ContentItem) -> int:
    reviewer = access.author(actor)
    if reviewer in {item.created_by_id, *item.author_ids}:
        raise NotAllowed(
            _("You wrote in this item, so another person has to approve it."),
            remedy=_("Ask an approver of the unit who has not changed it."),
            code="own_work",
        )
    return reviewer


def _check_effects(item: ContentItem, seen: str) -> None:
    if approvals.effects(item).digest != seen:
        raise Conflict(
            _("Where it goes once it is approved, when, or with which link card is not what you looked at."),
            remedy=_("Open it again, look at where, when and with which card it goes, then approve it."),
            code="effects",
        )


def check_complete(item: ContentItem) -> None:
    """Raise Invalid unless every version, with pictures and videos, would be taken by its platform."""
    prefetch_related_objects([item], *PARTS)
    Completeness([item]).check(item)


class Completeness:
    """Whether items could go out as they are; what that takes to know is read once for all of them.

    They have their versions and files (`PARTS`) at hand.
    """

    def __init__(self, items: Iterable[ContentItem]) -> None:
        known = list(items)
        self._stated = registry.limits_stated_at({item.unit_id for item in known})
        self._facts = core_media.facts_of(asset.file for item in known for asset in item.assets.all())

    def check(self, item: ContentItem) -> None:
        """Raise Invalid unless every version, with pictures and videos, would be taken by its platform."""
        versions = list(item.renditions.all())
        if not versions:
            raise Invalid(
                _("There is no version for any platform yet."),
                fields={"renditions": [_("Write at least one version.")]},
                remedy=_("Write the version for the website or a platform first."),
            )
        too_long = counting.problems(versions, self._stated.get(item.unit_id, {}))
        if too_long:
            raise Invalid(
                _("A version is longer than its platform allows."),
                fields=too_long,
                remedy=_("Shorten the marked versions."),
            )
        assets = list(item.assets.all())
        not_taken = media.problems(versions, assets, self._facts)
        if not_taken:
            raise Invalid(
                _("A platform does not take the pictures or videos as they are."),
                fields=not_taken,
                remedy=media.way_out(versions, assets),
            )


def _ticked(actor: Actor, item: ContentItem, checklist: Collection[str]) -> list[str]:
    rules = queries.checklist(item, likeness.twins(actor, item))
    missing = [rule for rule in rules if rule.code not in checklist]
    if missing:
        raise Invalid(
            _("Look at every line of the checklist and tick it."),
            fields={"checklist": [rule.text for rule in missing]},
            remedy=_("If a line cannot be ticked, ask for changes instead."),
        )
    return [rule.code for rule in rules]
