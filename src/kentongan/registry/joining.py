"""What two records of one person have both, when they become one: the better of each pair stays."""

from django.db.models import Exists, F, OuterRef, Q

from kentongan.core import clock
from kentongan.core.links import Revocation
from kentongan.registry import leaving
from kentongan.registry.models import (
    Account,
    Attestation,
    Challenge,
    Consent,
    Dispute,
    Handover,
    Person,
    PersonInvitation,
)

PROVEN = (Account.State.PROVEN, Account.State.CONNECTED, Account.State.DORMANT)


def join(gone: Person, keep: Person) -> None:
    """Make room for all that `gone` has; part of the action that merges them."""
    now = clock.now()
    _accounts(gone, keep)
    _let_refused_go(gone, keep)
    _end_withdrawn(gone, keep)
    live = Consent.objects.filter(person=keep, revoked_at=None).values("purpose")
    Consent.objects.filter(person=gone, revoked_at=None, purpose__in=live).update(revoked_at=now)
    if PersonInvitation.objects.filter(person=keep, revoked_at=None).exists():
        theirs = PersonInvitation.objects.filter(person=gone, revoked_at=None)
        theirs.update(revoked_at=now, revoked_for=Revocation.REPLACED)
    _custody(gone, keep)


def _accounts(gone: Person, keep: Person) -> None:
    mine = {(one.platform, one.identity): one for one in Account.objects.filter(person=keep)}
    for theirs in Account.objects.filter(person=gone):
        same = mine.get((theirs.platform, theirs.identity))
        if same is None:
            continue
        # A proven account goes before a stated one.
        stays, goes = (theirs, same) if theirs.state in PROVEN and same.state not in PROVEN else (same, theirs)
        _hand_on(goes, stays)
        goes.delete()


def _let_refused_go(gone: Person, keep: Person) -> None:
    """What a list states of one and its owner took off the other goes; what they declared themselves stays."""
    refused = set().union(*leaving.refused_by([gone.pk, keep.pk]).values())
    stated = Account.objects.filter(person__in=[gone, keep], state=Account.State.CLAIMED, kind=Account.Kind.ORGANIC)
    ids = [one.pk for one in stated if leaving.refusal(one.platform, one.identity) in refused]
    Account.objects.filter(pk__in=ids).delete()


def _end_withdrawn(gone: Person, keep: Person) -> None:
    """A consent that one record has ends where the other withdrew it later."""
    pair = [gone, keep]
    later = Consent.objects.filter(person__in=pair, purpose=OuterRef("purpose"), revoked_at__gt=OuterRef("given_at"))
    later = later.exclude(person=OuterRef("person"))
    Consent.objects.filter(Exists(later), person__in=pair, revoked_at=None).update(revoked_at=clock.now())


def _hand_on(goes: Account, stays: Account) -> None:
    """Let evidence, code and disputes of one account be the other's; the two dispute with each other no more."""
    Attestation.objects.filter(account=goes).update(account=stays)
    if not Challenge.objects.filter(account=stays).exists():
        Challenge.objects.filter(account=goes).update(account=stays)
    pair = Q(claimant=goes, holder=stays) | Q(claimant=stays, holder=goes)
    Dispute.objects.filter(pair).delete()
    for dispute in Dispute.objects.filter(Q(claimant=goes) | Q(holder=goes)):
        sides = {"claimant": dispute.claimant, "holder": dispute.holder}
        sides = {name: stays if side == goes else side for name, side in sides.items()}
        if dispute.resolved_at is None and Dispute.objects.filter(resolved_at=None, **sides).exists():
            dispute.delete()
        else:
            Dispute.objects.filter(pk=dispute.pk).update(**sides)


def _custody(gone: Person, keep: Person) -> None:
    """One person sits on one seat; what would pass from them to themselves is no handover."""
    both = Q(custodian=keep, deputy_custodian=gone)
    Account.objects.filter(both).update(deputy_custodian=None)
    Account.objects.filter(custodian=gone, deputy_custodian=keep).update(
        custodian=F("deputy_custodian"), deputy_custodian=None
    )
    waiting = Handover.objects.filter(done_at=None, cancelled_at=None)
    between = Q(giver=gone, receiver=keep) | Q(giver=keep, receiver=gone)
    waiting.filter(between).update(cancelled_at=clock.now())
    kept = waiting.filter(giver=keep).values("account")
    waiting.filter(giver=gone, account__in=kept).update(cancelled_at=clock.now())
