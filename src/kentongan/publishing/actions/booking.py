"""Booking accounts for an item before it is approved, and scheduling it there once it is."""

from collections.abc import Collection, Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from kentongan.core import audit, several
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
    with several.alone():
        book_many(actor, {item_id: account_ids})
    return list(Booking.objects.filter(item=item_id))


@action("publishing.book", may_do_nothing=True)
def book_many(actor: Actor, wanted: Mapping[int, Collection[int]]) -> None:
    """Book accounts for items, by item: for all of them or none, in a constant number of queries; raises Several."""
    found = planning.items(actor, wanted, Capability.EDIT, lock=True)
    connected = Account.objects.filter(kind=Account.Kind.OFFICIAL, connection__isnull=False)
    named = connected.filter(pk__in={pk for accounts in wanted.values() for pk in accounts})
    allowed = set(rights.scope(named, actor, Capability.EDIT).values_list("pk", flat=True))
    refusals = several.Refusals()
    for position, (item_id, accounts) in enumerate(wanted.items()):
        with refusals.of(position):
            if found.get(item_id).state not in OPEN:
                raise Conflict(_("Only what waits for approval can be booked."), remedy=_("Schedule it instead."))
            if not allowed.issuperset(accounts):
                raise Invalid(fields={"accounts": [_("You may book only connected accounts of your units.")]})
    refusals.check()
    _rebook(actor, {found.get(item_id): set(accounts) for item_id, accounts in wanted.items()})


def _rebook(actor: Actor, wanted: Mapping[ContentItem, set[int]]) -> None:
    kept = {item.pk: accounts for item, accounts in wanted.items()}
    present: dict[int, set[int]] = {pk: set() for pk in kept}
    gone = []
    for booking in Booking.objects.filter(item__in=kept):
        present[booking.item_id].add(booking.account_id)
        if booking.account_id not in kept[booking.item_id]:
            gone.append(booking.pk)
    Booking.objects.filter(pk__in=gone).delete()
    changes = [(item, present[item.pk], accounts) for item, accounts in wanted.items() if present[item.pk] != accounts]
    author = planning.author(actor)
    Booking.objects.bulk_create(
        Booking(item=item, account_id=pk, booked_by_id=author)
        for item, before, after in changes
        for pk in sorted(after - before)
    )
    audit.record_each(
        actor,
        ((item, {"accounts": sorted(before)}, {"accounts": sorted(after)}) for item, before, after in changes),
    )


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
