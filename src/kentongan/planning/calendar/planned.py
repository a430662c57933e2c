"""What planning has in the calendar: content that is wanted on a day, and deadlines of briefs."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.planning import access, actions
from kentongan.planning.calendar.contract import Entry, Wanted, covered
from kentongan.planning.models import Brief, ContentItem, Rendition
from kentongan.planning.states import ItemState
from kentongan.registry import access as rights

SHOWN = (ItemState.DRAFT, ItemState.IN_REVIEW, ItemState.CHANGES_REQUESTED, ItemState.APPROVED)


class PlannedItems:
    """Content that is wanted on a day, where the viewer is not shown any account that it is scheduled to."""

    name: ClassVar[str] = "item"
    scope: ClassVar[str] = "planning:read"

    def states(self) -> Sequence[tuple[str, str | Promise]]:
        """Return the states of content that is still meant to go out."""
        return [(state.value, state.label) for state in SHOWN]

    def rows(self, actor: Actor, wanted: Wanted) -> QuerySet[ContentItem]:
        """Return the items that are wanted in the period."""
        state = wanted.state_of(self.name)
        found = ContentItem.objects.filter(planned_for__gte=wanted.period.start, planned_for__lt=wanted.period.end)
        if state is None:
            return found.none().annotate(at=F("planned_for"))
        found = found.filter(
            *(~condition for condition in covered(actor, wanted)), state__in=[state] if state else SHOWN
        )
        if wanted.channel:
            found = found.filter(Exists(Rendition.objects.filter(item=OuterRef("pk"), kind=wanted.channel)))
        if wanted.brief_id:
            found = found.filter(brief_id=wanted.brief_id)
        if wanted.purpose:
            found = found.filter(purpose=wanted.purpose)
        if wanted.campaign_id:
            found = found.filter(campaign_id=wanted.campaign_id)
        return wanted.within(found, actor, access.READ).annotate(at=F("planned_for"))

    def entries(self, actor: Actor, pks: Collection[int]) -> list[Entry]:
        """Return items as entries: two queries."""
        kinds = Rendition.objects.filter(item=OuterRef("pk")).order_by().values("item")
        own = Subquery(kinds.annotate(every=ArrayAgg("kind", order_by="id")).values("every"))
        found = ContentItem.objects.filter(pk__in=pks).select_related("unit").annotate(kinds=Coalesce(own, []))
        mine = rights.scope(ContentItem.objects.filter(pk__in=pks), actor, Capability.EDIT)
        movable = set(mine.values_list("pk", flat=True))
        return [self._entry(row, row.pk in movable) for row in found]

    def _entry(self, row: ContentItem, movable: bool) -> Entry:
        return Entry(
            source=self.name,
            pk=row.pk,
            at=row.planned_for,  # type: ignore[arg-type]
            title=row.title,
            url=row.get_absolute_url(),
            unit=row.unit.name,
            state=row.state,
            label=row.get_state_display(),
            kinds=tuple(row.kinds),  # type: ignore[attr-defined]
            movable=movable,
            move_url=reverse("planning:item_edit", args=(row.pk,)),
        )

    def covers(self, actor: Actor, wanted: Wanted) -> Exists | None:
        """Return nothing: these are the items themselves."""
        return None

    def move(self, actor: Actor, pk: int, moment: datetime, seen: datetime | None) -> None:
        """Want it at another time."""
        actions.plan_item(actor, pk, moment, seen=seen)


class BriefDeadlines:
    """Briefs by their deadline; they belong to no channel and are moved on their own page."""

    name: ClassVar[str] = "brief"
    scope: ClassVar[str] = "planning:read"

    def states(self) -> Sequence[tuple[str, str | Promise]]:
        """Return the one there is."""
        return [("due", _("brief due"))]

    def rows(self, actor: Actor, wanted: Wanted) -> QuerySet[Brief]:
        """Return the briefs that are due in the period."""
        found = Brief.objects.filter(deadline__gte=wanted.period.start, deadline__lt=wanted.period.end)
        if wanted.state_of(self.name) is None or wanted.channel or wanted.purpose or wanted.campaign_id:
            found = found.none()
        if wanted.brief_id:
            found = found.filter(pk=wanted.brief_id)
        return wanted.within(found, actor, access.READ).annotate(at=F("deadline"))

    def entries(self, actor: Actor, pks: Collection[int]) -> list[Entry]:
        """Return briefs as entries: two queries."""
        mine = rights.scope(Brief.objects.filter(pk__in=pks), actor, Capability.EDIT)
        movable = set(mine.values_list("pk", flat=True))
        return [
            Entry(
                source=self.name,
                pk=row.pk,
                at=row.deadline,
                title=row.title,
                url=row.get_absolute_url(),
                unit=row.unit.name,
                state="due",
                label=str(_("brief due")),
                movable=row.pk in movable,
                move_url=reverse("planning:brief_edit", args=(row.pk,)),
            )
            for row in Brief.objects.filter(pk__in=pks).select_related("unit")
        ]

    def covers(self, actor: Actor, wanted: Wanted) -> Exists | None:
        """Return nothing: a brief is not an item."""
        return None

    def move(self, actor: Actor, pk: int, moment: datetime, seen: datetime | None) -> None:
        """Have it due at another time."""
        actions.move_deadline(actor, pk, moment, seen=seen)
