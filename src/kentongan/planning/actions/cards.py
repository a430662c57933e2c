"""Writes of link cards: asked for by people, within limits; kept by the job that fetches them."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, clock, files, jobs, limits
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, NotFound
from kentongan.core.jobs import Job
from kentongan.core.permissions import Capability
from kentongan.planning import access, cards
from kentongan.planning.models import ContentItem, LinkCard
from kentongan.planning.states import ItemState

KIND = "planning.cards"
PER_ITEM, PER_HOUR = 12, 60
"""How many addresses of an item are fetched, and how many a person has fetched in an hour."""
FIELDS = ("url", "state", "title", "description", "site", "picture_id", "problem")


@action("planning.card.ask", may_do_nothing=True)
def ask_cards(actor: Actor, item_id: int, *, again: str = "") -> Job | None:
    """Have the cards fetched of an item's links that have none, and that of the address `again` once more.

    None where there is nothing to fetch. Raises Conflict for an approved item, whose approval covers its cards as they
    are; NotFound for an address that it does not have; TooMany for a person who has very many fetched.
    """
    item = access.item(actor, item_id, Capability.EDIT, lock=True)
    wanted = cards.addresses(item.renditions.all())
    item.cards.exclude(url__in=wanted).delete()
    present = cards.known(item.cards.all())
    if again and again not in wanted:
        raise NotFound()
    asked = [url for url in wanted if url not in present][: max(PER_ITEM - len(present), 0)]
    card = present.get(again)
    if card is not None and (card.state != LinkCard.State.ASKED or card.is_slow):
        asked.append(again)
    if not asked:
        return None
    _check_open(item)
    if card is not None and card.is_known:
        _has_changed(item)
    for url in asked:
        limits.hit("planning.card", f"{actor.user_id}", limit=PER_HOUR, seconds=3_600)
        values = {"state": LinkCard.State.ASKED, "asked_at": clock.now(), "answered_at": None, "problem": ""}
        LinkCard.objects.update_or_create(item=item, url=url, defaults=values)
    audit.record(actor, item, after={"cards": asked, "version": item.version})
    label = _("Fetching the link cards of “%(title)s”") % {"title": item.title}
    return jobs.start(actor, KIND, label, unit_id=item.unit_id, link=item.get_absolute_url(), item_id=item.pk)


def _has_changed(item: ContentItem) -> None:
    """Give the item another version, since another card, or none, goes out with it than before.

    What was scheduled holds the card of its own version, so that it waits for a person then. Without deliveries whoever
    writes or reviews at this moment is left in peace: an approval confirms its cards by themselves.
    """
    if item.deliveries.exists():
        item.version += 1
        item.save(update_fields=["version", "updated_at"])


def _check_open(item: ContentItem) -> None:
    if item.state == ItemState.APPROVED:
        raise Conflict(
            _("This item is approved with its link cards as they are."),
            remedy=_("Ask for changes first, then have the card fetched again."),
        )


@action("planning.card.keep", may_do_nothing=True)
def keep_card(
    actor: Actor, card_id: int, *, asked_at: datetime, found: cards.Found | None, problem: str = ""
) -> LinkCard | None:
    """Keep what was found of a page, or why nothing was; None where nobody waits for it any more.

    Race: the item was approved while the page was fetched: what nobody looked at must not go out, so it is not kept.
    """
    card = LinkCard.objects.filter(pk=card_id).first()
    if card is None:
        return None
    item = access.item(actor, card.item_id, lock=True)
    card = item.cards.select_for_update().filter(pk=card_id, asked_at=asked_at, state=LinkCard.State.ASKED).first()
    if card is None:
        return None
    before = audit.snapshot(card, *FIELDS)
    if item.state == ItemState.APPROVED:
        found, problem = None, str(_("The item was approved before its card was there."))
    card.state = LinkCard.State.KNOWN if found else LinkCard.State.FAILED
    card.answered_at, card.problem = clock.now(), problem
    if found is not None:
        card.title, card.description, card.site, card.picture = found.title, found.description, found.site, None
        if found.picture is not None:
            card.picture = files.register(
                actor, found.picture, LinkCard.PICTURE_NAME, unit_id=item.unit_id, capability=access.READ
            )
        _has_changed(item)
    card.save()
    audit.record(actor, item, before=before, after=audit.snapshot(card, *FIELDS))
    return card
