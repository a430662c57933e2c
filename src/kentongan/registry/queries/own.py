"""What a person sees about themselves."""

from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.registry import access, personal
from kentongan.registry.models import Account, Consent, Dispute, Person, Unit

HELD = (Account.State.PROVEN, Account.State.CONNECTED, Account.State.DORMANT)


def person_of(actor: Actor) -> Person | None:
    """Return the person that the actor is: by their link, or as whom they signed in."""
    people = Person.objects.exclude(state=Person.State.WITHDRAWN)
    if actor.kind == "link" and actor.person_id is not None:
        return people.filter(pk=actor.person_id).first()
    return people.filter(user=actor.user_id).first() if actor.user_id is not None else None


def own_accounts(person: Person) -> QuerySet[Account]:
    """Return a person's own accounts with their code; `held_elsewhere`: somebody else has proven the same one."""
    other = Account.objects.filter(platform=OuterRef("platform"), identity=OuterRef("identity"), state__in=HELD)
    mine = Account.objects.filter(person=person, kind=Account.Kind.ORGANIC).select_related("challenge")
    return mine.annotate(held_elsewhere=Exists(other.exclude(pk=OuterRef("pk")))).order_by("platform", "handle")


def holder_since(account: Account) -> Account | None:
    """Return who else has proven this account; the person is told only since when."""
    same = Account.objects.filter(platform=account.platform, identity=account.identity, state__in=HELD)
    return same.exclude(pk=account.pk).first()


def everything_about(person: Person) -> dict[str, Sequence[Any]]:
    """Return all that is kept about a person, room by room, as plain values."""
    return {name: list(keeper.kept(person.pk)) for name, keeper in personal.keepers()}


def agreed_to_be_written_to(by: str) -> QuerySet[Consent, int]:
    """Return the people who agreed to be contacted in a text that names that way (`WhatsApp`): a subquery."""
    agreed = Consent.objects.filter(purpose=Consent.Purpose.CONTACT, revoked_at=None, text__icontains=by)
    return agreed.values_list("person_id", flat=True)


def live_consents(person: Person) -> dict[str, Consent]:
    """Return a person's live consents by purpose."""
    return {consent.purpose: consent for consent in Consent.objects.filter(person=person, revoked_at=None)}


def disputes(actor: Actor, unit: Unit | None = None, *, settled: bool = False) -> QuerySet[Dispute]:
    """Return accounts that two have proven, where the actor administers at least one side's unit."""
    units = access.units_for(actor, Capability.ADMINISTER)
    if unit is not None:
        units = units.filter(path__within=unit.path)
    ids = units.values("pk")
    found = Dispute.objects.filter(Q(claimant__unit__in=ids) | Q(holder__unit__in=ids))
    found = found.filter(resolved_at__isnull=not settled)
    return found.select_related(
        "claimant__unit", "claimant__person", "holder__unit", "holder__person", "resolved_by"
    ).order_by("-raised_at", "-id")


def deciders(disputes: Collection[Dispute]) -> dict[int, Unit]:
    """Return by dispute the lowest unit above both sides, whose administrators decide: one query."""
    lines = {one.pk: _common(one) for one in disputes}
    units = Unit.objects.in_bulk(set(lines.values()))
    return {pk: units[unit_id] for pk, unit_id in lines.items()}


def _common(dispute: Dispute) -> int:
    """Return the number of the lowest unit on the lines of both sides."""
    lines = [str(side.unit.path).split(".") for side in (dispute.claimant, dispute.holder)]
    shared = [one for one, other in zip(*lines, strict=False) if one == other]
    return int(shared[-1])


def dispute_of(account: Account) -> Dispute | None:
    """Return the latest dispute that an account is a side of."""
    sides = Dispute.objects.filter(Q(claimant=account) | Q(holder=account))
    return sides.order_by("-raised_at", "-pk").first()


def members_accounts(actor: Actor, unit: Unit, text: str = "", state: str = "") -> QuerySet[Account]:
    """Return members' own accounts under a unit that the actor administers; none without the member's consent.

    Claims of an imported list are there too, for the administrators of their unit alone; those of contacts outside the
    tree are on the pages of contacts.
    """
    agreed = Consent.objects.filter(person=OuterRef("person"), purpose=Consent.Purpose.ACCOUNTS, revoked_at=None)
    own = Account.objects.filter(kind=Account.Kind.ORGANIC, unit__path__within=unit.path, person__contact=None)
    own = own.filter(Q(state=Account.State.CLAIMED) | Exists(agreed))
    if text:
        own = own.filter(Q(person__full_name__icontains=text) | Q(handle__icontains=text))
    if state in Account.State.values:
        own = own.filter(state=state)
    found = access.scope(own, actor, Capability.ADMINISTER)
    return found.select_related("person", "unit", "challenge").order_by("person__full_name", "platform", "id")
