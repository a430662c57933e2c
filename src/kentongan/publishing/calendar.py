"""What publishing has in the calendar: deliveries, at the time at which they go out or went out."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.fields.json import KT
from django.urls import reverse
from django.utils.functional import Promise

from kentongan.channels import registry as channels
from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.planning.calendar import Entry, Wanted
from kentongan.publishing import access
from kentongan.publishing.actions.scheduling import reschedule
from kentongan.publishing.models import Attempt, Delivery
from kentongan.publishing.states import MOVABLE, State
from kentongan.registry import access as rights


class Deliveries:
    """Versions of content on their way to accounts, and those that are out; recalled ones only where asked for."""

    name: ClassVar[str] = "delivery"
    scope: ClassVar[str] = "publishing:read"

    def states(self) -> Sequence[tuple[str, str | Promise]]:
        """Return the states of deliveries."""
        return [(state.value, state.label) for state in State]

    def rows(self, actor: Actor, wanted: Wanted) -> QuerySet[Delivery]:
        """Return the deliveries that are due in the period."""
        state = wanted.state_of(self.name)
        found = Delivery.objects.filter(due_at__gte=wanted.period.start, due_at__lt=wanted.period.end)
        if state is None:
            return found.none().annotate(at=F("due_at"))
        found = found.filter(state=state) if state else found.exclude(state=State.RECALLED)
        if wanted.channel:
            found = found.filter(account__platform=wanted.channel)
        if wanted.brief_id:
            found = found.filter(item__brief_id=wanted.brief_id)
        if wanted.purpose:
            found = found.filter(item__purpose=wanted.purpose)
        if wanted.campaign_id:
            found = found.filter(campaign_id=wanted.campaign_id)
        return wanted.within(found, actor, access.READ).annotate(at=F("due_at"))

    def entries(self, actor: Actor, pks: Collection[int]) -> list[Entry]:
        """Return deliveries as entries: two queries, and none of the texts."""
        untried = ~Exists(Attempt.objects.filter(delivery=OuterRef("pk")))
        mine = rights.scope(Delivery.objects.filter(untried, pk__in=pks, state__in=MOVABLE), actor, Capability.PUBLISH)
        movable = set(mine.values_list("pk", flat=True))
        found = Delivery.objects.filter(pk__in=pks).values(
            "pk",
            "due_at",
            "state",
            title=KT("content__item_title"),
            platform=F("account__platform"),
            handle=F("account__handle"),
            display_name=F("account__display_name"),
            at_unit=F("unit__name"),
        )
        return [self._entry(row, row["pk"] in movable) for row in found]

    def _entry(self, row: Mapping[str, Any], movable: bool) -> Entry:
        page = reverse("publishing:delivery", args=(row["pk"],))
        return Entry(
            source=self.name,
            pk=row["pk"],
            at=row["due_at"],
            title=row["title"] or "",
            url=page,
            unit=row["at_unit"],
            state=row["state"],
            label=str(State(row["state"]).label),
            kinds=(row["platform"],),
            account=channels.known_as(row["platform"], row["handle"], row["display_name"]),
            movable=movable,
            move_url=f"{page}#waktu",
        )

    def covers(self, actor: Actor, wanted: Wanted) -> Exists | None:
        """Return the condition under which an item is shown by deliveries, of units that the actor is shown."""
        found = Delivery.objects.filter(item=OuterRef("pk")).exclude(state=State.RECALLED)
        return Exists(wanted.within(found, actor, access.READ))

    def move(self, actor: Actor, pk: int, moment: datetime, seen: datetime | None) -> None:
        """Schedule it for another time."""
        reschedule(actor, pk, moment, seen=seen)
