"""Reads of who keeps official accounts: custodians that serve, handovers, alarms."""

from datetime import timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, IntegerField, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import Cast

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.errors import NotFound
from kentongan.core.permissions import Capability
from kentongan.registry import access, states
from kentongan.registry.models import Account, CustodyAlarm, Handover, Person, Unit
from kentongan.registry.serving import SEATS, running, serves


def custodian_candidates(actor: Actor, unit: Unit) -> QuerySet[Person]:
    """Return who may keep an account of `unit`: people of it or of a unit above it that the actor administers."""
    mine = access.units_for(actor, Capability.ADMINISTER).filter(path__covers=unit.path)
    serving = running().filter(person=OuterRef("pk"), unit__in=mine.values("pk"))
    return Person.objects.filter(Exists(serving)).exclude(state=Person.State.WITHDRAWN)


def with_custody(accounts: QuerySet[Account], notice_days: int = 0) -> QuerySet[Account]:
    """Annotate `custodians_left`, and for each seat `<seat>_serves` and `<seat>_stays` (still in `notice_days`)."""
    later = clock.now().date() + timedelta(days=notice_days)
    facts = {f"{seat}_serves": serves(seat, None) for seat in SEATS}
    facts |= {f"{seat}_stays": serves(seat, later) for seat in SEATS if notice_days}
    left = Cast("custodian_serves", IntegerField()) + Cast("deputy_custodian_serves", IntegerField())
    return accounts.annotate(**facts).annotate(custodians_left=left)


def kept() -> QuerySet[Account]:
    """Return the official accounts that are in use, whose custodians matter."""
    return Account.objects.filter(kind=Account.Kind.OFFICIAL, state__in=states.IN_USE)


def in_custody_of(actor: Actor) -> QuerySet[Account]:
    """Return the official accounts that the actor keeps, as custodian or deputy, and serves at today."""
    official = Account.objects.filter(kind=Account.Kind.OFFICIAL)
    return official.none() if actor.user_id is None else official.filter(_sits(user=actor.user_id))


def kept_by(person_id: int) -> QuerySet[Account]:
    """Return the official accounts that a person keeps, and serves at today, whether or not they sign in here."""
    return Account.objects.filter(_sits(pk=person_id), kind=Account.Kind.OFFICIAL)


def _sits(**who: int) -> Q:
    """Return the condition that this person has a seat of the account, and serves."""
    return reduce(or_, [Q(serves(seat), **{f"{seat}__{name}": pk for name, pk in who.items()}) for seat in SEATS])


def alarming(accounts: QuerySet[Account], kind: str, notice_days: int) -> QuerySet[Account]:
    """Return those of `accounts` for which an alarm of `kind` holds."""
    found: QuerySet[Any] = with_custody(accounts, notice_days)
    if kind == CustodyAlarm.Kind.NONE:
        return found.filter(custodians_left=0)
    if kind == CustodyAlarm.Kind.ONE:
        return found.filter(custodians_left=1)
    ending = Q()
    for seat in SEATS:
        ending |= Q(**{f"{seat}_serves": True, f"{seat}_stays": False})
    return found.filter(ending)


def leaving(accounts: QuerySet[Account], seat: str, notice_days: int) -> QuerySet[Account]:
    """Return the accounts whose custodian on `seat` is about to leave or has left, and hands over to nobody yet."""
    waiting = Handover.objects.filter(account=OuterRef("pk"), giver=OuterRef(seat), done_at=None, cancelled_at=None)
    found = with_custody(accounts, notice_days).filter(**{f"{seat}__isnull": False, f"{seat}_stays": False})
    return found.exclude(Exists(waiting))


def in_alarm(actor: Actor, unit: Unit, kind: str = "") -> QuerySet[Account]:
    """Return the accounts of a subtree with a live alarm, each with `live_alarms` and `custodians_left` at hand."""
    live = CustodyAlarm.objects.filter(cleared_at=None)
    wanted = live.filter(account=OuterRef("pk"), **({"kind": kind} if kind in CustodyAlarm.Kind.values else {}))
    found = access.scope(kept(), actor, Capability.ADMINISTER).filter(Exists(wanted), unit__path__within=unit.path)
    shown = Prefetch("alarms", queryset=live.order_by("kind"), to_attr="live_alarms")
    return (
        with_custody(found)
        .select_related("unit", "custodian", "deputy_custodian")
        .prefetch_related(shown)
        .order_by("unit__path", "platform", "handle")
    )


def handovers(actor: Actor, unit: Unit | None = None) -> QuerySet[Handover]:
    """Return the handovers that wait, at units the actor administers, the most urgent first."""
    found = access.scope(Handover.objects.all(), actor, Capability.ADMINISTER, "account__unit")
    if unit is not None:
        found = found.filter(account__unit__path__within=unit.path)
    found = found.filter(done_at=None, cancelled_at=None)
    return found.select_related("account__unit", "giver", "receiver").order_by("due_on", "pk")


def handovers_of(account: Account) -> QuerySet[Handover]:
    """Return every handover of an account, the latest first."""
    return account.handovers.select_related("giver", "receiver", "letter", "done_by").order_by("-pk")


def handover(actor: Actor, pk: int) -> Handover:
    """Return one handover for who administers the account, or is to take it over; raises NotFound for others."""
    rows = Handover.objects.select_related("account__unit", "giver", "receiver", "letter__file")
    own = Q(receiver__user_id=actor.user_id) if actor.user_id is not None else Q(pk=None)
    mine = access.scope(rows, actor, Capability.ADMINISTER, "account__unit").filter(pk=pk).first()
    found = mine or rows.filter(own, pk=pk).first()
    if found is None:
        raise NotFound()
    return found
