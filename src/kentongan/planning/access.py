"""The only way to get a campaign, a brief or an item for somebody.

Drafts are the staff's business, so reading them needs what reading issues needs: a member who only belongs to a unit
does not see its drafts.
"""

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


def campaign(actor: Actor, pk: int, capability: Capability = READ, *, lock: bool = False) -> Campaign:
    """Return one campaign; NotFound or NotAllowed otherwise."""
    rows = Campaign.objects.select_related("unit", "created_by")
    if lock:
        rows = rows.select_for_update(of=("self",))
    return rights.get(rows, actor, capability, seen_with=READ, pk=pk)


def item(actor: Actor, pk: int, capability: Capability = READ, *, lock: bool = False) -> ContentItem:
    """Return one content item; NotFound or NotAllowed otherwise."""
    rows = ContentItem.objects.select_related("unit", "created_by", "approved_by", "brief", "issue", "campaign__unit")
    if lock:
        rows = rows.select_for_update(of=("self",))
    return rights.get(rows, actor, capability, seen_with=READ, pk=pk)


def author(actor: Actor) -> int:
    """Return the user who writes; only people write content, never the system by itself."""
    if actor.user_id is None:
        raise NotAllowed()
    return actor.user_id
