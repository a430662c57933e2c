"""Nearly the same text from several accounts, where the platform forbids it: refused whenever it is queued."""

from collections.abc import Collection

from django.db.models import F, Q
from django.utils.translation import gettext as _

from kentongan.channels import registry as channels
from kentongan.core import advisory
from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid
from kentongan.planning.likeness import candidates
from kentongan.planning.models import Rendition
from kentongan.publishing import access
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import State
from kentongan.safeguards.authenticity import similarity

STANDING = frozenset(State) - {State.RECALLED, State.REJECTED, State.MISSED}
"""What is out, may be, or may still go out."""
LOOKED_AT = 500


def check_alone(actor: Actor, rendition: Rendition, text: str, account_ids: Collection[int]) -> None:
    """Refuse a text that goes to several accounts, or that is like what stands on another: Invalid."""
    manifest = channels.get(rendition.kind).manifest
    if not manifest.forbids_alike:
        return
    # Race: two people who put such texts into the queue at once see each other.
    advisory.until_commit(f"alike:{rendition.kind}")
    other = _like(rendition, text, account_ids, manifest.alike)
    if len(account_ids) > 1 or other is not None:
        raise Invalid(
            _("%(platform)s forbids nearly the same text from several accounts.") % {"platform": manifest.label},
            fields={"accounts": [_elsewhere(actor, other)]} if other else {},
            remedy=_("Publish it on one account, and repost it from the others; or write a version for each."),
        )


def check_still_alone(actor: Actor, delivery: Delivery) -> None:
    """Ask again for a delivery that is put back into the queue: meanwhile another account may have the text.

    A repost is what the platform wants instead.
    """
    if delivery.repost_of_id is None:
        check_alone(actor, delivery.rendition, delivery.content["text"], [delivery.account_id])


def repostable() -> Q:
    """Return the condition that a delivery is a post which others can repost: of the item as it is, and standing."""
    return Q(repost_of=None, item_version=F("item__version"), state__in=STANDING)


def _like(rendition: Rendition, text: str, besides: Collection[int], limit: float) -> Delivery | None:
    """Return a delivery on another account of which what is sent is like that text; None where there is none."""
    same = [rendition, *candidates(rendition.kind, text, rendition.item_id)]
    others = Delivery.objects.filter(rendition__in=same, state__in=STANDING, repost_of=None).exclude(
        account__in=besides
    )
    newest = others.select_related("account").order_by("-id")[:LOOKED_AT]
    return next((one for one in newest if similarity(text, one.content["text"]) >= limit), None)


def _elsewhere(actor: Actor, other: Delivery) -> str:
    if not access.deliveries(actor).filter(pk=other.pk).exists():
        return _("An account of another unit has such a text already.")
    names = {"account": other.account.known_as, "title": other.content["item_title"]}
    return _("%(account)s has such a text already: “%(title)s”.") % names
