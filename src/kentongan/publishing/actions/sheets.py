"""Bringing posts of a spreadsheet in, batch by batch, and taking them back."""

from collections import Counter
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Count, Max, Q
from django.utils.translation import gettext as _

from kentongan.core import audit, several
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.copying import rewrite
from kentongan.core.errors import Conflict
from kentongan.core.imports import Batch, Feed, ImportRun
from kentongan.core.jobs import Progress
from kentongan.core.models import User
from kentongan.core.models.files import StoredFile
from kentongan.core.permissions import Capability
from kentongan.planning import access, telling
from kentongan.planning import actions as planning
from kentongan.planning.access import author
from kentongan.planning.actions.reviews import PARTS, Completeness
from kentongan.planning.drafts import ItemChange, ItemDraft, NewAsset, NewItem, RenditionDraft
from kentongan.planning.models import ContentItem, ItemAsset
from kentongan.planning.states import OPEN
from kentongan.publishing.actions.booking import book_many
from kentongan.publishing.models import SheetPost
from kentongan.publishing.sheets.matching import CHANGED, NEW, REJECTED, SAME, Decision, Matcher, Picture, Post
from kentongan.registry import access as rights
from kentongan.registry.models import Unit

AT_ONCE = 200
NOTED = ("version", "due_at", "accounts", "digest")

One = TypeVar("One")


@action("publishing.sheet.take", may_do_nothing=True)
def take_posts(actor: Actor, run: ImportRun, feed: Feed, batch: Batch, matcher: Matcher) -> None:
    """Bring one batch in, through the same actions as what is written by hand, in review at the end.

    What an action refuses is a rejected row with the action's own reason.
    """
    unit = rights.get_unit(actor, Capability.EDIT, pk=matcher.unit.pk)
    author(actor)
    # Race: two imports of one unit at once would both find a post missing; the second one waits here.
    Unit.objects.select_for_update(of=("self",), no_key=True).get(pk=unit.pk)
    decided = matcher.decide(batch.rows)
    refused = [(one.row, one.note) for one in decided if one.outcome == REJECTED]
    for outcome, write in ((NEW, _make), (CHANGED, _change)):
        wanted = [one for one in decided if one.outcome == outcome]
        refused += [(one.row, why) for one, why in _all_that_go(wanted, partial(write, actor, run, unit))]
    batch.reject_all(refused)
    left = {id(row) for row, _reason in refused}
    counts = Counter(one.outcome for one in decided if id(one.row) not in left)
    feed.commit(batch, new=counts[NEW], same=counts[SAME], changed=counts[CHANGED])
    if counts[NEW] or counts[CHANGED]:
        audit.record(actor, unit, unit_id=unit.pk, after={"run": run.pk, **counts})


def _all_that_go(wanted: Sequence[One], write: Callable[[Sequence[One]], None]) -> list[tuple[One, str]]:
    """Write some together, without those that an action refuses; return these, each with the reason.

    `write` leaves what it is given as it was: once somebody is refused it writes the others once more.
    """
    left, refused = list(wanted), []
    while left:
        try:
            with transaction.atomic():
                write(left)
                break
        except several.Several as found:
            refused += [(left[position], error.reason) for position, error in found.errors.items()]
            left = [one for position, one in enumerate(left) if position not in found.errors]
    return refused


def _make(actor: Actor, run: ImportRun, unit: Unit, wanted: Sequence[Decision]) -> None:
    posts = [one.the_post for one in wanted]
    homes = [{"brief_id": post.brief_id} if post.brief_id else {"unit_id": unit.pk} for post in posts]
    new = [NewItem(post.draft, **home) for post, home in zip(posts, homes, strict=True)]
    items = [item.pk for item in planning.create_items(actor, new)]
    _exchange_pictures(actor, items, [_pictures_of(post) for post in posts])
    book_many(actor, {pk: post.accounts for pk, post in zip(items, posts, strict=True)})
    planning.submit_many(actor, items)
    known = [SheetPost(unit=unit, key=post.key, run=run, item_id=pk) for pk, post in zip(items, posts, strict=True)]
    _note(known, [Left(post.accounts, post.digest) for post in posts])
    SheetPost.objects.bulk_create(known)


def _change(actor: Actor, run: ImportRun, unit: Unit, wanted: Sequence[Decision]) -> None:
    # Race: somebody moves an item between the decision and now; from here on they wait.
    found = access.items(
        actor, [one.the_known.item_id for one in wanted], Capability.EDIT, lock=True, parts=("bookings", *PARTS)
    )
    refusals, rewrites = several.Refusals(), []
    for position, one in enumerate(wanted):
        with refusals.of(position):
            rewrites.append(_rewrite(found.get(one.the_known.item_id), one.the_known, one.the_post, run))
    refusals.check()
    _write(actor, rewrites)
    items = access.items(actor, found.rows, Capability.EDIT, parts=PARTS)
    complete = Completeness(items.rows.values())
    for position, done in enumerate(rewrites):
        with refusals.of(position):
            complete.check(items.get(done.known.item_id))
    refusals.check()


@dataclass(frozen=True, slots=True)
class Left:
    """What a spreadsheet says of a post besides its text: to which accounts it goes, and the digest of its row."""

    accounts: Sequence[int]
    digest: str


@dataclass(frozen=True, slots=True)
class _Rewrite:
    """What a post that a spreadsheet brought is to be now."""

    known: SheetPost
    draft: ItemDraft
    pictures: Sequence[Picture]
    left: Left


def _rewrite(item: ContentItem, known: SheetPost, post: Post, run: ImportRun) -> _Rewrite:
    """Return what a changed row makes of an item, with an (unsaved) copy of its post that notes how it was before."""
    known = copy(known)
    known.item = item
    if not known.is_as_left():
        raise Conflict(_("Somebody changed it at this moment."), remedy=_("Look at it on its own page."))
    known.before = {
        "draft": _draft_of(item),
        "accounts": known.accounts,
        "pictures": [asdict(_picture(asset)) for asset in item.assets.all()],
        "digest": known.digest,
    }
    known.changed_by = run
    draft = replace(post.draft, campaign_id=post.draft.campaign_id or item.campaign_id)
    return _Rewrite(known, draft, _pictures_of(post), Left(post.accounts, post.digest))


def _write(actor: Actor, rewrites: Sequence[_Rewrite]) -> None:
    items = [one.known.item_id for one in rewrites]
    planning.change_items(actor, [ItemChange(one.known.item_id, one.draft, one.known.version) for one in rewrites])
    _exchange_pictures(actor, items, [one.pictures for one in rewrites])
    book_many(actor, {one.known.item_id: one.left.accounts for one in rewrites})
    known = [one.known for one in rewrites]
    _note(known, [one.left for one in rewrites])
    rewrite(known, [*NOTED, "before", "changed_by"])


def _note(known: Sequence[SheetPost], left: Sequence[Left]) -> None:
    """Note on (unsaved) posts how the spreadsheet leaves their items."""
    items = ContentItem.objects.in_bulk([one.item_id for one in known])
    for one, said in zip(known, left, strict=True):
        item = items[one.item_id]
        one.version, one.due_at = item.version, item.planned_for
        one.accounts, one.digest = sorted(said.accounts), said.digest


def _pictures_of(post: Post) -> list[Picture]:
    return [post.picture] if post.picture else []


def _picture(asset: ItemAsset) -> Picture:
    return Picture(asset.file_id, asset.alt, asset.ai_generated)


def _exchange_pictures(actor: Actor, item_ids: Sequence[int], wanted: Sequence[Sequence[Picture]]) -> None:
    """Let each item have these pictures and no others."""
    present: dict[int, list[ItemAsset]] = {pk: [] for pk in item_ids}
    for asset in ItemAsset.objects.filter(item__in=item_ids):
        present[asset.item_id].append(asset)
    others = [
        (position, pk, pictures)
        for position, (pk, pictures) in enumerate(zip(item_ids, wanted, strict=True))
        if list(map(_picture, present[pk])) != list(pictures)
    ]
    gone = [(position, pk, asset.pk) for position, pk, _pictures in others for asset in present[pk]]
    with several.among([position for position, _pk, _asset in gone]):
        planning.remove_assets(actor, [(pk, asset) for _position, pk, asset in gone])
    new = [(position, pk, picture) for position, pk, pictures in others for picture in pictures]
    files = StoredFile.objects.in_bulk({picture.file_id for _position, _pk, picture in new})
    with several.among([position for position, _pk, _picture in new]):
        planning.add_assets(actor, [NewAsset(pk, files[one.file_id], one.alt, one.ai_generated) for _n, pk, one in new])


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
    """Remove the posts that a run made and restore those that it changed, where nobody has touched them since.

    What cannot be as it was before, such as part of a campaign that is closed by now, stays.
    """
    rows = SheetPost.objects.filter(pk__in=pks).select_for_update(of=("self", "item")).select_related("item", "unit")
    found = list(rows.order_by("pk").prefetch_related("item__bookings"))
    for unit in {known.unit for known in found}:
        rights.require(actor, Capability.EDIT, unit)
    untouched = _untouched(found)
    changed = [known for known in untouched if known.changed_by_id == run.pk and known.before is not None]
    made = [known.item for known in untouched if known.run_id == run.pk and known.changed_by_id is None]
    refused = _all_that_go(changed, partial(_restore, actor))
    audit.record_each(actor, ((item, None, None) for item in made), note=f"#{run.pk}")
    ContentItem.objects.filter(pk__in=[item.pk for item in made]).delete()
    return len(changed) - len(refused) + len(made)


def _untouched(found: Sequence[SheetPost]) -> list[SheetPost]:
    """Return those that are as the sheet left them and that nobody spoke about: one query."""
    items = ContentItem.objects.filter(pk__in=[known.item_id for known in found], state__in=OPEN)
    unseen = set(items.filter(comments=None, reviews=None, deliveries=None).values_list("pk", flat=True))
    return [known for known in found if known.item_id in unseen and known.is_as_left()]


def _restore(actor: Actor, changed: Sequence[SheetPost]) -> None:
    _write(actor, [_restored(known) for known in changed])


def _restored(known: SheetPost) -> _Rewrite:
    """Return what a post was before a spreadsheet changed it, with an (unsaved) copy of it that knows of no change."""
    known = copy(known)
    before: dict[str, Any] = known.before or {}
    known.before = known.changed_by = None
    pictures = [Picture(**one) for one in before["pictures"]]
    return _Rewrite(known, _draft_from(before["draft"]), pictures, Left(before["accounts"], before["digest"]))
