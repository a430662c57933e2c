"""The only way to get a campaign, a brief or an item for somebody.

Drafts are the staff's business, so reading them needs what reading issues needs: a member who only belongs to a unit
does not see its drafts.
"""

from collections.abc import Collection, Sequence

from django.db.models import QuerySet

from kentongan.core.actor import Actor
from kentongan.core.errors import NotAllowed
from kentongan.core.permissions import Capability
from kentongan.planning.models import Brief, Campaign, ContentItem
from kentongan.registry import access as rights

READ = Capability.LISTEN


def brief(actor: Actor, pk: int, capability: Capability = READ, *, lock: bool = False) -> Brief:
    """Return one brief; NotFound or NotAllowed otherwise."""
    rows = Brief.objects.select_related("unit", "created_by", "issue")
    if lock:
        rows = rows.select_for_update(of=("self",))
    return rights.get(rows, actor, capability, seen_with=READ, pk=pk)


def briefs(actor: Actor, pks: Collection[int], capability: Capability = READ) -> rights.Found[Brief]:
    """Return many briefs, by the rules of `brief`."""
    return rights.get_each(Brief.objects.select_related("unit", "issue"), actor, capability, pks, seen_with=READ)


def campaign(actor: Actor, pk: int, capability: Capability = READ, *, lock: bool = False) -> Campaign:
    """Return one campaign; NotFound or NotAllowed otherwise."""
    rows = Campaign.objects.select_related("unit", "created_by")
    if lock:
        rows = rows.select_for_update(of=("self",))
    return rights.get(rows, actor, capability, seen_with=READ, pk=pk)


def campaigns(actor: Actor, pks: Collection[int], capability: Capability = READ) -> rights.Found[Campaign]:
    """Return many campaigns, by the rules of `campaign`."""
    return rights.get_each(Campaign.objects.select_related("unit"), actor, capability, pks, seen_with=READ)


def campaigns_to_fill(actor: Actor, pks: Collection[int]) -> rights.Found[Campaign]:
    """Return many campaigns into which the actor may put content.

    Race: one is closed at this moment; a shared lock lets one of the two wait for the other.
    """
    rows = Campaign.objects.select_related("unit").select_for_update(of=("self",), no_key=True)
    return rights.get_each(rows, actor, Capability.EDIT, pks, seen_with=READ)


def _items(*, lock: bool) -> QuerySet[ContentItem]:
    rows = ContentItem.objects.select_related("unit", "created_by", "approved_by", "brief", "issue", "campaign__unit")
    return rows.select_for_update(of=("self",)) if lock else rows


def item(actor: Actor, pk: int, capability: Capability = READ, *, lock: bool = False) -> ContentItem:
    """Return one content item; NotFound or NotAllowed otherwise."""
    return rights.get(_items(lock=lock), actor, capability, seen_with=READ, pk=pk)


def items(
    actor: Actor, pks: Collection[int], capability: Capability = READ, *, lock: bool = False, parts: Sequence[str] = ()
) -> rights.Found[ContentItem]:
    """Return many content items, by the rules of `item`; `parts` are what else is read of each, one query a part."""
    rows = _items(lock=lock).prefetch_related(*parts)
    return rights.get_each(rows, actor, capability, pks, seen_with=READ)


def author(actor: Actor) -> int:
    """Return the user who writes; only people write content, never the system by itself."""
    if actor.user_id is None:
        raise NotAllowed()
    return actor.user_id
