"""Proof of control: a code in the profile, a superior's attestation, and who holds an account that two have proven.

Looking at a profile is a network call and lies between two short transactions: `begin_check` takes the right to look,
`settle_check` writes what was found. `kentongan.registry.proving.check` does all three.
"""

from datetime import timedelta
from typing import IO

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from kentongan.channels import registry as channels
from kentongan.channels.contract import Profile, Prover
from kentongan.core import audit, clock, files, ids
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from kentongan.core.models import StoredFile
from kentongan.core.permissions import Capability
from kentongan.registry import access
from kentongan.registry.actions import disputes
from kentongan.registry.models import Account, Attestation, Challenge, Connection, Consent, Dispute

VALID = timedelta(days=7)
PAUSE = timedelta(seconds=15)
CODE_LENGTH = 6
PROVABLE = (Account.State.DECLARED, Account.State.PROVEN, Account.State.CONNECTED, Account.State.DORMANT)
LARGEST_EVIDENCE = 10 << 20
EVIDENCE = ("image/jpeg", "image/png", "image/webp", "application/pdf")
ONCE = "registry_proven_account_once"


def prover(platform: str) -> Prover | None:
    """Return what reads the platform's public profiles; None where there is no public endpoint."""
    return channels.get(platform).prover if platform in channels.kinds() else None


def _require_consent(account: Account) -> None:
    if account.person_id and not Consent.objects.filter(
        person=account.person_id, purpose=Consent.Purpose.ACCOUNTS, revoked_at=None
    ):
        raise Conflict(
            _("Own accounts count only after their owner has agreed to have them listed."),
            remedy=_("Agree to that first, on the page “My data”."),
            code="consent_missing",
        )


def _require_provable(account: Account) -> None:
    if account.state not in PROVABLE:
        raise Conflict(
            _("This account is “%(state)s”; there is nothing to prove.") % {"state": account.get_state_display()}
        )


@action("registry.proof.issue")
def issue_code(actor: Actor, account_id: int) -> Challenge:
    """Make the code that the account's profile is to show, good for a week; a former code stops counting."""
    account = access.get_account_to_prove(actor, account_id)
    _require_provable(account)
    _require_consent(account)
    if prover(account.platform) is None:
        raise Conflict(
            _("This platform shows profiles only to those who sign in."),
            remedy=_("Ask the administrator of your unit to attest the account."),
            code="no_prover",
        )
    moment = clock.now()
    challenge, _made = Challenge.objects.update_or_create(
        account=account,
        defaults={
            "code": f"KTG-{ids.public_id(CODE_LENGTH).upper()}",
            "issued_at": moment,
            "expires_at": moment + VALID,
            "finding": "",
            "said": "",
        },
    )
    audit.record(actor, account, after={"code_good_until": challenge.expires_at})
    return challenge


@action("registry.proof.begin", may_do_nothing=True)
def begin_check(actor: Actor, account_id: int) -> Challenge:
    """Take the right to look at the profile now, at most once in 15 seconds an account; returns the live code.

    Race: of two who press at once, one wins the compare-and-set.
    """
    account = access.get_account_to_prove(actor, account_id)
    _require_provable(account)
    _require_consent(account)
    challenge = Challenge.objects.filter(account=account).first()
    if challenge is None or challenge.is_over:
        raise Conflict(
            _("There is no code for this account, or its time is over."),
            remedy=_("Ask for a new code and put that into the profile."),
            code="code_over",
        )
    rested = Challenge.objects.filter(pk=challenge.pk).exclude(checked_at__gt=clock.now() - PAUSE)
    if not rested.update(checked_at=clock.now()):
        raise TooMany(_("The profile was looked at just now."), remedy=_("Wait a quarter of a minute and try again."))
    challenge.refresh_from_db()
    return challenge


@action("registry.proof.settle")
def settle_check(
    actor: Actor,
    challenge: Challenge,
    finding: Challenge.Finding,
    *,
    proof: str = "",
    said: str = "",
    profile: Profile | None = None,
) -> Challenge.Finding:
    """Write what a look found; where it found the code, the account is proven unless somebody else holds it already.

    Race: the code was replaced or the account taken off the list while the platform was asked; then nothing is proven.
    """
    account = access.get_account_to_prove(actor, challenge.account_id, lock=True)
    live = Challenge.objects.select_for_update().filter(pk=challenge.pk, code=challenge.code)
    if not live.exists():
        raise Conflict(_("A newer code was made meanwhile."), remedy=_("Put the newer code into the profile."))
    if account.identity != challenge.account.identity:
        raise Conflict(_("The account became another one meanwhile."), remedy=_("Ask for a new code."))
    if finding == Challenge.Finding.FOUND:
        _require_provable(account)
        _require_consent(account)
        if not _prove(actor, account, proof, profile.keys if profile else ()):
            finding = Challenge.Finding.HELD
    live.update(finding=finding, said=said[:300])
    audit.record(actor, account, after={"finding": finding.value, "state": account.state, "proof": account.proof})
    return finding


def _holder(account: Account, keys: tuple[str, ...]) -> Account | None:
    """Return who has proven the same account, under this identity or another name of it."""
    same = Account.objects.filter(platform=account.platform, identity__in={account.identity, *keys})
    held = same.filter(state__in=(Account.State.PROVEN, Account.State.CONNECTED, Account.State.DORMANT))
    return held.exclude(pk=account.pk).first()


def _prove(actor: Actor, account: Account, proof: str, keys: tuple[str, ...] = ()) -> bool:
    """Make the account proven, or raise a dispute with whoever holds it; says which.

    Race: two prove one account at once; the database lets one through, the other finds the winner as the holder.
    """
    holder = _holder(account, keys)
    if holder is None:
        try:
            with transaction.atomic():
                _mark(account, proof)
        except IntegrityError as error:
            if ONCE not in str(error):
                raise
            account.refresh_from_db()
            holder = _holder(account, keys)
        else:
            return True
    if holder is None:
        raise Conflict()
    dispute, made = Dispute.objects.get_or_create(
        claimant=account, holder=holder, resolved_at=None, defaults={"proof": proof}
    )
    if made:
        disputes.tell_raised(actor, dispute)
        audit.record(
            actor, dispute, unit_id=account.unit_id, after={"holder": holder.pk}, verb="registry.dispute.raise"
        )
    return False


def _mark(account: Account, proof: str) -> None:
    if account.state == Account.State.DECLARED:
        account.state = Account.State.PROVEN
    account.proof, account.proven_at = proof, clock.now()
    account.save(update_fields=["state", "proof", "proven_at"])


def keep_evidence(actor: Actor, account_id: int, upload: IO[bytes], name: str) -> StoredFile:
    """Keep a screenshot, seen by the unit's administrators; outside the transaction of the attestation."""
    account = access.get_account_to_attest(actor, account_id)
    return files.store(
        actor,
        upload,
        name,
        unit_id=account.unit_id,
        allowed=EVIDENCE,
        max_bytes=LARGEST_EVIDENCE,
        capability=Capability.ADMINISTER,
    )


@action("registry.proof.attest")
def attest_account(
    actor: Actor, account_id: int, *, note: str, link: str = "", file: StoredFile | None = None
) -> Attestation:
    """Attest an account on a platform whose profiles cannot be read, with the evidence that was seen.

    Where somebody else holds the account already, a dispute is raised and its state stays as it is.
    """
    account = access.get_account_to_attest(actor, account_id, lock=True)
    _require_provable(account)
    _require_consent(account)
    if prover(account.platform) is not None:
        raise Conflict(
            _("Accounts of this platform are proven by a code in the profile."),
            remedy=_("Ask whoever holds the account to put the code there."),
            code="has_prover",
        )
    if not note.strip():
        raise Invalid(fields={"note": [_("Say in a few words what you saw.")]})
    if file is None and not link:
        raise Invalid(fields={"file": [_("Add a screenshot, or a link to what you saw.")]})
    attestation = Attestation.objects.create(
        account=account, attested_by_id=actor.user_id, file=file, link=link, note=note.strip()[:500]
    )
    _prove(actor, account, Account.Proof.ATTESTED)
    audit.record(actor, account, after={"state": account.state, "note": attestation.note, "link": link})
    return attestation


@action("registry.dispute.resolve")
def resolve_dispute(actor: Actor, dispute_id: int, *, outcome: str, reason: str) -> Dispute:
    """Decide who holds an account that two have proven; the actor administers the units of both."""
    found = Dispute.objects.select_for_update(of=("self",)).filter(pk=dispute_id)
    dispute = found.select_related("claimant__unit", "holder__unit").first()
    if dispute is None or not _sees(actor, dispute):
        raise NotFound()
    access.require_all(actor, {dispute.claimant.unit_id, dispute.holder.unit_id})
    if Account.objects.filter(access.held_by(actor), pk__in=(dispute.claimant_id, dispute.holder_id)).exists():
        raise NotAllowed(_("You are one of the two sides."), remedy=_("Ask another administrator to decide."))
    if dispute.resolved_at is not None:
        raise Conflict(_("Somebody has decided this already."))
    if outcome not in Dispute.Outcome.values:
        raise Invalid(fields={"outcome": [_("Choose who holds the account.")]})
    if not reason.strip():
        raise Invalid(fields={"reason": [_("Say why in a sentence; it is kept with the decision.")]})
    if outcome == Dispute.Outcome.MOVED:
        _move(dispute)
    dispute.outcome, dispute.reason = outcome, reason.strip()[:500]
    dispute.resolved_at, dispute.resolved_by_id = clock.now(), actor.user_id
    dispute.save(update_fields=["outcome", "reason", "resolved_at", "resolved_by"])
    disputes.tell_decided(actor, dispute)
    audit.record(actor, dispute, unit_id=dispute.claimant.unit_id, after={"outcome": outcome})
    return dispute


def _sees(actor: Actor, dispute: Dispute) -> bool:
    units = {dispute.claimant.unit_id, dispute.holder.unit_id}
    return access.units_for(actor, Capability.ADMINISTER).filter(pk__in=units).exists()


def _move(dispute: Dispute) -> None:
    """Give the account to the claimant; the former holder is declared again, and may not be connected."""
    held = Account.objects.select_for_update().get(pk=dispute.holder_id)
    claimant = Account.objects.select_for_update().get(pk=dispute.claimant_id)
    if Connection.objects.filter(account=held).exists():
        raise Conflict(
            _("The first holder publishes through this account."),
            remedy=_("Disconnect it first; what waits for it is held."),
        )
    _require_provable(claimant)
    held.state, held.proof, held.proven_at = Account.State.DECLARED, "", None
    held.save(update_fields=["state", "proof", "proven_at"])
    try:
        with transaction.atomic():
            _mark(claimant, dispute.proof)
    except IntegrityError as error:
        raise Conflict(_("A third account holds it meanwhile."), remedy=_("Reload the page.")) from error
