"""Booking accounts for an item before it is approved, and scheduling it there once it is."""

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from kentongan.core import audit
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, KentonganError, NotAllowed
from kentongan.core.permissions import Capability
from kentongan.planning import access as planning
from kentongan.planning.models import ContentItem
from kentongan.planning.states import OPEN
from kentongan.publishing.actions.scheduling import schedule
from kentongan.publishing.models import Booking
from kentongan.registry import access as rights
from kentongan.registry.models import Account


@action("publishing.book", may_do_nothing=True)
def book(actor: Actor, item_id: int, account_ids: Collection[int]) -> list[Booking]:
    """Say to which accounts an item goes, at the time at which it is wanted, once somebody approves it.

    What is booked so far and not among them is taken off. The accounts are connected ones of units where the actor
    writes; whether they may be published to is asked of the approver, through `schedule` as for every other post.
    """
    item = planning.item(actor, item_id, Capability.EDIT, lock=True)
    if item.state not in OPEN:
        raise Conflict(_("Only what waits for approval can be booked."), remedy=_("Schedule it instead."))
    wanted = set(account_ids)
    connected = Account.objects.filter(kind=Account.Kind.OFFICIAL, connection__isnull=False, pk__in=wanted)
    if rights.scope(connected, actor, Capability.EDIT).count() != len(wanted):
        raise Invalid(fields={"accounts": [_("You may book only connected accounts of your units.")]})
    present = set(item.bookings.values_list("account_id", flat=True))
    if present == wanted:
        return list(item.bookings.all())
    item.bookings.exclude(account_id__in=wanted).delete()
    Booking.objects.bulk_create(
        Booking(item=item, account_id=pk, booked_by_id=planning.author(actor)) for pk in sorted(wanted - present)
    )
    audit.record(actor, item, before={"accounts": sorted(present)}, after={"accounts": sorted(wanted)})
    return list(item.bookings.all())


class ScheduleBooked:
    """What is booked is scheduled as soon as it is approved, by the approver and with the approver's rights."""

    def effects(self, item: ContentItem) -> list[str]:
        """Return the accounts that are booked."""
        return [str(pk) for pk in sorted(booking.account_id for booking in item.bookings.all())]

    def approved(self, actor: Actor, item: ContentItem) -> None:
        """Schedule each booking; one that cannot be stays, with the reason, and the approval holds all the same."""
        for booking in item.bookings.select_for_update().order_by("account_id"):
            try:
                with transaction.atomic():
                    self._schedule(actor, item, booking)
            except KentonganError as error:
                booking.problem = error.reason[:500]
                booking.save(update_fields=["problem"])

    def _schedule(self, actor: Actor, item: ContentItem, booking: Booking) -> None:
        if not actor.has_scope("publishing:write"):
            raise NotAllowed(
                _("The token that approved it may not publish."), remedy=_("Schedule it by hand, or widen the token.")
            )
        if item.planned_for is None:
            raise Invalid(_("It is not said when it is wanted."))
        schedule(actor, item.pk, [booking.account_id], item.planned_for)
        booking.delete()
