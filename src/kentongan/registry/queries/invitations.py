"""Reads of invitations: who can be invited, by which way, and what became of them."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Concat

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.messages import Message
from kentongan.core.permissions import Capability
from kentongan.registry import access
from kentongan.registry.models import Membership, Person, PersonInvitation, Unit
from kentongan.registry.queries.people import known_at

State = PersonInvitation.State
WHO = ("invited", "unanswered", "all")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom to invite: `invited` (not confirmed yet), `unanswered` (were invited, said nothing) or `all`; `title` is a
    part of a position."""

    who: str = "invited"
    title: str = ""


@dataclass(frozen=True, slots=True)
class Reach:
    """How many people are meant, and how many can be reached by which way."""

    people: int
    phone: int
    email: int
    either: int

    def by(self, channel: str) -> int:
        """Return how many the channel reaches; empty means whichever reaches them."""
        return {"link": self.phone, "email": self.email}.get(channel, self.either)

    @property
    def neither(self) -> int:
        """How many can be reached on paper only."""
        return self.people - self.either


def invitable(actor: Actor, unit: Unit, wanted: Wanted) -> QuerySet[Person]:
    """Return the people under a unit that the actor administers whom `wanted` describes, by name."""
    today = clock.now().date()
    running = Membership.objects.filter(
        Q(ends_on=None) | Q(ends_on__gte=today), person=OuterRef("pk"), unit__path__within=unit.path, denied_at=None
    )
    running = access.scope(running, actor, Capability.ADMINISTER)
    if wanted.title:
        running = running.filter(title__icontains=wanted.title)
    found = Person.objects.filter(Exists(running)).exclude(state=Person.State.WITHDRAWN)
    if wanted.who == "invited":
        return found.filter(state=Person.State.INVITED)
    if wanted.who == "unanswered":
        asked = PersonInvitation.objects.filter(person=OuterRef("pk"), revoked_at=None, answered_at=None)
        return found.filter(Exists(asked))
    return found


def reach(actor: Actor, unit: Unit, wanted: Wanted) -> Reach:
    """Return how many `wanted` describes and how they can be reached: one query."""
    phone, email = ~Q(phone=""), ~Q(email="")
    counts = (
        invitable(actor, unit, wanted)
        .order_by()
        .aggregate(
            all=Count("pk"),
            by_phone=Count("pk", filter=phone),
            by_email=Count("pk", filter=email),
            by_either=Count("pk", filter=phone | email),
        )
    )
    return Reach(counts["all"], counts["by_phone"], counts["by_email"], counts["by_either"])


def invitations(actor: Actor, unit: Unit | None = None, state: str = "", text: str = "") -> QuerySet[Any]:
    """Return the invitations to people and contacts of units the actor administers, newest first, each with `state`."""
    units = access.units_for(actor, Capability.ADMINISTER)
    if unit is not None:
        units = units.filter(path__within=unit.path)
    inside = Person.objects.filter(known_at(units.values("pk")), pk=OuterRef("person"))
    key = Concat(Value("registry.invitation:"), Cast(OuterRef("pk"), CharField()))
    message = Message.objects.filter(dedupe_key=key)
    found = PersonInvitation.objects.filter(Exists(inside)).annotate(
        sent_at=Case(When(channel="print", then=F("created_at")), default=Subquery(message.values("sent_at")[:1])),
        message_state=Subquery(message.values("state")[:1]),
        message_reason=Subquery(message.values("reason")[:1]),
    )
    found = found.annotate(
        state=Case(
            When(revoked_at__isnull=False, then=Value(State.REVOKED.value)),
            When(answered_at__isnull=False, then=Value(State.ANSWERED.value)),
            When(expires_at__lte=clock.now(), then=Value(State.EXPIRED.value)),
            When(bound_at__isnull=False, then=Value(State.OPENED.value)),
            When(sent_at__isnull=False, then=Value(State.SENT.value)),
            default=Value(State.MADE.value),
        )
    )
    if state in State.values:
        found = found.filter(state=state)
    if text:
        found = found.filter(person__full_name__icontains=text)
    return found.select_related("person", "unit").order_by("-id")
