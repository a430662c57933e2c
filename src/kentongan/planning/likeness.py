"""Texts that are alike on one platform: caught before approval, so that our accounts never look like a machine."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from kentongan.channels import registry as channels
from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.planning import access
from kentongan.planning.models import ContentItem, Rendition
from kentongan.planning.states import ItemState
from kentongan.registry import access as rights
from kentongan.safeguards.authenticity import bands, similarity

CODE = "alike"
"""The line of the checklist that stands only where there are such texts."""
LATELY = timedelta(days=90)
LOOKED_AT, SHOWN = 200, 10
HANDED_IN = (ItemState.IN_REVIEW, ItemState.APPROVED)


@dataclass(frozen=True, slots=True)
class Twin:
    """A version of another item on the same platform that is alike: how much (0 to 1), and whether that is forbidden.

    `seen` says whether whoever asked may open that item; `repost_url` is where they have its own post reposted instead,
    empty where there is none.
    """

    rendition: Rendition
    mine: Rendition
    score: float
    seen: bool = False
    repost_url: str = ""

    @property
    def forbidden(self) -> bool:
        """Whether the platform forbids such texts from several accounts."""
        return channels.get(self.rendition.kind).manifest.forbids_alike


def alike(rendition: Rendition, among: Iterable[Rendition]) -> list[Twin]:
    """Return those of `among` that are as alike as their platform does not want it, the most alike first."""
    limit = channels.get(rendition.kind).manifest.alike
    found = (Twin(other, rendition, similarity(rendition.text, other.text)) for other in among)
    return sorted((twin for twin in found if twin.score >= limit), key=lambda twin: (-twin.score, -twin.rendition.pk))


def candidates(kind: str, text: str, item_id: int, where: Q | None = None) -> list[Rendition]:
    """Return the newest versions of other items on that platform that are like a text, or lately were, by index."""
    others = Rendition.objects.filter(kind=kind, bands__overlap=bands(text, kind))
    others = others.exclude(item=item_id).filter(updated_at__gte=clock.now() - LATELY)
    return list(others.filter(where or Q()).select_related("item__unit").order_by("-updated_at")[:LOOKED_AT])


def twins(actor: Actor, item: ContentItem) -> list[Twin]:
    """Return the versions of other units' items that are alike to this one's, of its own platforms: the most alike.

    What a unit says again on its own account is its own matter, and a draft that nobody handed in stands in nobody's
    way.
    """
    found = []
    for rendition in item.renditions.all():
        others = Q(item__state__in=HANDED_IN) & ~Q(item__unit=item.unit)
        found += alike(rendition, candidates(rendition.kind, rendition.text, item.pk, others))
    found.sort(key=lambda twin: -twin.score)
    found = found[:SHOWN]
    theirs = ContentItem.objects.filter(pk__in=[twin.rendition.item_id for twin in found])
    visible = set(rights.scope(theirs, actor, access.READ).values_list("pk", flat=True)) if found else set()
    return [replace(twin, seen=twin.rendition.item_id in visible) for twin in found]


def line() -> str:
    """Return the line of the checklist that asks for a look at them."""
    return _("I compared it with the texts that are alike: not the same text from several of our accounts.")
