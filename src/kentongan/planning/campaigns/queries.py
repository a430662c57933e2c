"""All reads of campaigns."""

from collections.abc import Collection

from django.db.models import (
    Case,
    Count,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Lower

from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.planning import access
from kentongan.planning.models import Campaign, ContentItem
from kentongan.planning.states import ItemState
from kentongan.registry import access as rights
from kentongan.registry.models import Unit

CHOICES = 100


def campaigns(
    actor: Actor, *, state: str = "", purpose: str = "", unit: Unit | None = None, text: str = ""
) -> QuerySet[Campaign]:
    """Return the campaigns that the actor sees, running ones first, the latest first, each with its numbers of items.

    `item_count` and `approved_count` count what still is to go out; withdrawn items are left out.
    """
    found = rights.scope(Campaign.objects.all(), actor, access.READ)
    found = found.filter(**{name: value for name, value in (("state", state), ("purpose", purpose)) if value})
    if unit is not None:
        found = found.filter(unit__path__within=unit.path)
    if text:
        tags = Func("hashtags", Value(" "), function="array_to_string", output_field=TextField())
        found = found.alias(tags=tags).filter(Q(name__icontains=text) | Q(tags__icontains=text.removeprefix("#")))
    counted = found.select_related("unit").annotate(
        item_count=_number_of(ContentItem.objects.exclude(state=ItemState.WITHDRAWN)),
        approved_count=_number_of(ContentItem.objects.filter(state=ItemState.APPROVED)),
    )
    return counted.order_by(_running_first(), "-starts_on", "-id")


def _running_first() -> Case:
    running = When(state=Campaign.State.OPEN, then=Value(0))
    return Case(running, default=Value(1), output_field=IntegerField())


def _number_of(items: QuerySet[ContentItem]) -> Coalesce:
    counted = items.filter(campaign=OuterRef("pk")).order_by().values("campaign").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


def open_to(actor: Actor) -> QuerySet[Campaign]:
    """Return the running campaigns into which the actor may put content, the latest first."""
    running = rights.scope(Campaign.objects.filter(state=Campaign.State.OPEN), actor, Capability.EDIT)
    return running.order_by("-starts_on", "-id")


def to_choose(actor: Actor, limit: int = CHOICES) -> list[tuple[int, str]]:
    """Return (id, name) of campaigns that the actor sees, to narrow a list by: running ones first, the latest first."""
    found = rights.scope(Campaign.objects.all(), actor, access.READ)
    return list(found.order_by(_running_first(), "-starts_on", "-id").values_list("pk", "name")[:limit])


def named(actor: Actor, names: Collection[str]) -> dict[str, list[Campaign]]:
    """Return by name in small letters the running campaigns with those names that the actor may put content into."""
    wanted = {name.casefold() for name in names if name}
    found: dict[str, list[Campaign]] = {}
    if wanted:
        rows = open_to(actor).annotate(lower=Lower("name")).filter(lower__in=wanted)
        for campaign in rows:
            found.setdefault(campaign.lower, []).append(campaign)
    return found


def seen(actor: Actor, campaign: Campaign | None) -> bool:
    """Whether the actor may open the campaign's page."""
    return campaign is not None and rights.allows(actor, access.READ, campaign.unit)
