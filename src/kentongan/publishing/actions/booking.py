"""Booking accounts for an item before it is approved, and scheduling it there once it is."""

from collections.abc import Collection, Mapping, Sequence

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
    present = _booked(found.rows)
    connected = Account.objects.filter(kind=Account.Kind.OFFICIAL, connection__isnull=False)
    named = connected.filter(pk__in={pk for accounts in wanted.values() for pk in accounts})
    allowed = set(rights.scope(named, actor, Capability.EDIT).values_list("pk", flat=True))
    refusals = several.Refusals()
    for position, (item_id, accounts) in enumerate(wanted.items()):
        with refusals.of(position):
            check_open(found.get(item_id))
            # What somebody else booked may stay.
            if not allowed.union(present[item_id]).issuperset(accounts):
                raise Invalid(fields={"accounts": [_("You may book only connected accounts of your units.")]})
    refusals.check()
    _rebook(actor, [(found.get(pk), present[pk], set(accounts)) for pk, accounts in wanted.items()])


def check_open(item: ContentItem) -> None:
    """Raise Conflict unless accounts can be booked for the item: it waits for approval."""
    if item.state not in OPEN:
        raise Conflict(_("Only what waits for approval can be booked."), remedy=_("Schedule it instead."))


def _booked(item_ids: Collection[int]) -> dict[int, dict[int, int]]:
    """Return the bookings of items, by item and account: one query."""
    found: dict[int, dict[int, int]] = {pk: {} for pk in item_ids}
    for pk, item_id, account_id in Booking.objects.filter(item__in=item_ids).values_list("pk", "item", "account"):
        found[item_id][account_id] = pk
    return found


def _rebook(actor: Actor, wanted: Sequence[tuple[ContentItem, Mapping[int, int], set[int]]]) -> None:
    """Let each item, of which the bookings so far are given, have those accounts."""
    gone = [pk for _item, present, kept in wanted for account, pk in present.items() if account not in kept]
    Booking.objects.filter(pk__in=gone).delete()
    changes = [(item, set(present), kept) for item, present, kept in wanted if set(present) != kept]
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
