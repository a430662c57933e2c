"""Bringing posts of a spreadsheet in, batch by batch, and taking them back."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Q
from django.utils.translation import gettext as _

from kentongan.core import audit
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, KentonganError
from kentongan.core.imports import Batch, Feed, ImportRun
from kentongan.core.jobs import Progress
from kentongan.core.models import User
from kentongan.core.models.files import StoredFile
from kentongan.core.permissions import Capability
from kentongan.planning import access, telling
from kentongan.planning import actions as planning
from kentongan.planning.access import author
from kentongan.planning.actions.reviews import check_complete
from kentongan.planning.drafts import ItemDraft, RenditionDraft
from kentongan.planning.models import ContentItem
from kentongan.planning.states import OPEN
from kentongan.publishing.actions.booking import book
from kentongan.publishing.models import SheetPost
from kentongan.publishing.sheets.matching import CHANGED, NEW, REJECTED, SAME, Decision, Matcher, Picture, Post
from kentongan.registry import access as rights
from kentongan.registry.models import Unit

AT_ONCE = 200


@action("publishing.sheet.take", may_do_nothing=True)
def take_posts(actor: Actor, run: ImportRun, feed: Feed, batch: Batch, matcher: Matcher) -> None:
    """Bring one batch in: each post through the same actions as one that is written by hand, in review at the end.

    What an action refuses is a rejected row with the action's own reason.
    """
    unit = rights.get_unit(actor, Capability.EDIT, pk=matcher.unit.pk)
    author(actor)
    # Race: two imports of one unit at once would both find a post missing; the second one waits here.
    Unit.objects.select_for_update(of=("self",), no_key=True).get(pk=unit.pk)
    counts = {NEW: 0, CHANGED: 0, SAME: 0}
    refused = []
    for one in matcher.decide(batch.rows):
        reason = one.note if one.outcome == REJECTED else _taken(actor, run, unit, one)
        if reason:
            refused.append((one.row, reason))
        else:
            counts[one.outcome] += 1
    batch.reject_all(refused)
    feed.commit(batch, new=counts[NEW], same=counts[SAME], changed=counts[CHANGED])
    if counts[NEW] or counts[CHANGED]:
        audit.record(actor, unit, unit_id=unit.pk, after={"run": run.pk, **counts})


def _taken(actor: Actor, run: ImportRun, unit: Unit, one: Decision) -> str:
    """Write one row; return why it was refused, "" when it is in."""
    if one.post is None or one.outcome == SAME:
        return ""
    try:
        with transaction.atomic():
            _make(actor, run, unit, one.post) if one.known is None else _change(actor, run, one.known, one.post)
    except KentonganError as error:
        return error.reason
    return ""


def _make(actor: Actor, run: ImportRun, unit: Unit, post: Post) -> None:
    home = {"brief_id": post.brief_id} if post.brief_id else {"unit_id": unit.pk}
    item = planning.create_item(actor, post.draft, **home)
    _exchange_pictures(actor, item, _pictures_of(post))
    book(actor, item.pk, post.accounts)
    item = planning.submit(actor, item.pk, tell=False)
    known = SheetPost(unit=unit, key=post.key, run=run)
    _keep(known, item, post.accounts, post.digest)


def _change(actor: Actor, run: ImportRun, known: SheetPost, post: Post) -> None:
    # Race: somebody moves the item between the decision and now; from here on they wait.
    known.item = access.item(actor, known.item_id, Capability.EDIT, lock=True)
    if not known.is_as_left():
        raise Conflict(_("Somebody changed it at this moment."), remedy=_("Look at it on its own page."))
    known.before = {
        "draft": _draft_of(known.item),
        "accounts": known.accounts,
        "pictures": [asdict(one) for one in _pictures(known.item)],
        "digest": known.digest,
    }
    known.changed_by = run
    draft = replace(post.draft, campaign_id=post.draft.campaign_id or known.item.campaign_id)
    _write(actor, known, draft, post.accounts, _pictures_of(post), post.digest)
    check_complete(known.item)


def _write(
    actor: Actor,
    known: SheetPost,
    draft: ItemDraft,
    accounts: Sequence[int],
    pictures: Sequence[Picture],
    digest: str,
) -> None:
    item = planning.change_item(actor, known.item_id, draft, version=known.version)
    _exchange_pictures(actor, item, pictures)
    book(actor, item.pk, accounts)
    _keep(known, access.item(actor, item.pk), accounts, digest)


def _keep(known: SheetPost, item: ContentItem, accounts: Sequence[int], digest: str) -> None:
    """Note how the spreadsheet leaves the item."""
    known.item, known.version, known.due_at = item, item.version, item.planned_for
    known.accounts, known.digest = sorted(accounts), digest
    known.save()


def _pictures_of(post: Post) -> list[Picture]:
    return [post.picture] if post.picture else []


def _pictures(item: ContentItem) -> list[Picture]:
    return [Picture(**row) for row in item.assets.values("file_id", "alt", "ai_generated")]


def _exchange_pictures(actor: Actor, item: ContentItem, wanted: Sequence[Picture]) -> None:
    """Let the item have these pictures and no others."""
    if _pictures(item) == list(wanted):
        return
    for asset in item.assets.all():
        planning.remove_asset(actor, item.pk, asset.pk)
    for one in wanted:
        file = StoredFile.objects.get(pk=one.file_id)
        planning.add_asset(actor, item.pk, file, alt=one.alt, ai_generated=one.ai_generated)


def _draft_of(item: ContentItem) -> dict[str, Any]:
    versions = {row.kind: RenditionDraft(row.text, row.title, row.link) for row in item.renditions.all()}
    texts = (item.title, item.text, item.purpose, item.language)
    draft = ItemDraft(*texts, item.planned_for, item.campaign_id, versions)
    return asdict(draft) | {"planned_for": item.planned_for and item.planned_for.isoformat()}


def _draft_from(kept: dict[str, Any]) -> ItemDraft:
    when = kept["planned_for"] and datetime.fromisoformat(kept["planned_for"])
    versions = {kind: RenditionDraft(**row) for kind, row in kept["renditions"].items()}
    return ItemDraft(**{**kept, "planned_for": when, "renditions": versions})


def tell_approvers(actor: Actor, run: ImportRun) -> None:
    """Queue one message to each approver about all that waits of a unit and came in by this run; once for each run."""
    waiting = SheetPost.objects.filter(run=run, item__state__in=OPEN).order_by()
    units = dict(waiting.values_list("item__unit").annotate(n=Count("pk"), last=Max("item")).values_list("last", "n"))
    for item in ContentItem.objects.filter(pk__in=units).select_related("unit").order_by("unit__path"):
        _tell(actor, item, units[item.pk], run.pk)


@action("publishing.sheet.tell", may_do_nothing=True)
def _tell(actor: Actor, item: ContentItem, count: int, run_id: int) -> None:
    telling.tell_of_many(actor, item, User.objects.get(pk=author(actor)), count, f"sheet{run_id}:{item.unit_id}")


def take_back_all(actor: Actor, run: ImportRun, progress: Progress) -> int:
    """Take back what a run brought, some at once; return how many posts; what somebody touched since stays."""
    ours = list(SheetPost.objects.filter(Q(run=run) | Q(changed_by=run)).order_by("-pk").values_list("pk", flat=True))
    progress.total(len(ours))
    undone = 0
    for start in range(0, len(ours), AT_ONCE):
        progress.check()
        part = ours[start : start + AT_ONCE]
        undone += take_back(actor, run, part)
        progress.advance(len(part))
    progress.result["left"] = len(ours) - undone
    return undone


@action("publishing.sheet.take_back", may_do_nothing=True)
def take_back(actor: Actor, run: ImportRun, pks: Sequence[int]) -> int:
    """Remove the posts that a run made and restore those that it changed, where nobody has touched them since."""
    rows = SheetPost.objects.filter(pk__in=pks).select_for_update(of=("self", "item")).select_related("item", "unit")
    found = list(rows.order_by("pk").prefetch_related("item__bookings"))
    for unit in {known.unit for known in found}:
        rights.require(actor, Capability.EDIT, unit)
    untouched = _untouched(found)
    changed = [known for known in untouched if known.changed_by_id == run.pk and known.before is not None]
    made = [known.item for known in untouched if known.run_id == run.pk and known.changed_by_id is None]
    for known in changed:
        _restore(actor, known)
    audit.record_each(actor, ((item, None, None) for item in made), note=f"#{run.pk}")
    ContentItem.objects.filter(pk__in=[item.pk for item in made]).delete()
    return len(changed) + len(made)


def _untouched(found: Sequence[SheetPost]) -> list[SheetPost]:
    """Return those that are as the sheet left them and that nobody spoke about: one query."""
    items = ContentItem.objects.filter(pk__in=[known.item_id for known in found], state__in=OPEN)
    unseen = set(items.filter(comments=None, reviews=None, deliveries=None).values_list("pk", flat=True))
    return [known for known in found if known.item_id in unseen and known.is_as_left()]


def _restore(actor: Actor, known: SheetPost) -> None:
    before: dict[str, Any] = known.before or {}
    known.before = known.changed_by = None
    pictures = [Picture(**one) for one in before["pictures"]]
    _write(actor, known, _draft_from(before["draft"]), before["accounts"], pictures, before["digest"])
