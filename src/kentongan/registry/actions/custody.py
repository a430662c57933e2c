"""Who keeps an official account, what is corrected about it, and in which state it is."""

from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid
from kentongan.core.models import StoredFile
from kentongan.registry import queries, states
from kentongan.registry.actions.accounts import locked, read_address, refuse_taken
from kentongan.registry.actions.letters import note_letter
from kentongan.registry.actions.visits import stop_visits
from kentongan.registry.models import Account, Challenge, Connection, Person

REASON_CHARS = 300
CORRECTED = ("display_name", "form", "handle", "identity", "url", "state", "letter_id", "custodian_id")


@dataclass(frozen=True, slots=True)
class GivenLetter:
    """What a form says about the decision letter; an empty number leaves the account's letter as it is."""

    number: str = ""
    dated: date | None = None
    file: StoredFile | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """What is to be true of an official account; None leaves as it is."""

    handle: str | None = None
    display_name: str | None = None
    form: str | None = None
    custodian_id: int | None = None
    deputy_id: int | None = None
    letter: GivenLetter | None = None


@action("registry.account.correct")
def correct_account(actor: Actor, account_id: int, wanted: Correction) -> Account:
    """Correct what is written about an official account; its identity only while it is not connected.

    An empty place of a custodian is filled here; a custodian is replaced by a handover.
    """
    account = locked(actor, account_id)
    states.require_in_use(account.state)
    before = audit.snapshot(account, *CORRECTED, "deputy_custodian_id")
    if wanted.handle is not None and wanted.handle.strip() not in {account.handle, account.url, ""}:
        _identify(account, wanted.handle)
    _describe(account, wanted)
    _seat(actor, account, "custodian", wanted.custodian_id)
    _seat(actor, account, "deputy_custodian", wanted.deputy_id)
    if wanted.letter is not None:
        given = wanted.letter
        letter = note_letter(actor, account.unit_id, number=given.number, dated=given.dated, file=given.file)
        account.letter = letter or account.letter
    _save(account)
    audit.record(actor, account, before=before, after=audit.snapshot(account, *CORRECTED, "deputy_custodian_id"))
    return account


def _describe(account: Account, wanted: Correction) -> None:
    if wanted.display_name is not None:
        account.display_name = " ".join(wanted.display_name.split())[:200] or account.unit.name
    if wanted.form is not None:
        if wanted.form and wanted.form not in Account.Form.values:
            raise Invalid(fields={"form": [_("Choose one of the forms on the list.")]})
        account.form = wanted.form


def _identify(account: Account, text: str) -> None:
    """Let the account be another address; what was proven of the former says nothing of this one."""
    if Connection.objects.filter(account=account).exists():
        raise Conflict(
            _("This account is connected: its identity comes from the platform."),
            remedy=_("Disconnect it first, or put the other account on the list as a new one."),
        )
    found = read_address(text, account.platform)
    if found.key == account.identity:
        account.handle, account.url = found.shown, found.url or account.url
        return
    refuse_taken(found.platform, found.key, besides=account.pk)
    account.handle, account.identity, account.url = found.shown, found.key, found.url
    account.form = found.form or account.form
    Challenge.objects.filter(account=account).delete()
    stop_visits(account)
    account.state, account.state_since = Account.State.DECLARED, clock.now()
    account.proof, account.proven_at, account.last_posted_at = "", None, None


def _seat(actor: Actor, account: Account, seat: str, person_id: int | None) -> None:
    """Put somebody on an empty seat."""
    present = getattr(account, f"{seat}_id")
    if person_id is None or person_id == present:
        return
    field = "custodian" if seat == "custodian" else "deputy"
    if present is not None:
        raise Invalid(fields={field: [_("This place is taken; begin a handover from the present custodian.")]})
    setattr(account, seat, candidate(actor, account, person_id, field))


def candidate(actor: Actor, account: Account, person_id: int, field: str) -> Person:
    """Return somebody who may keep this account; raises Invalid at `field` for anybody else."""
    person = queries.custodian_candidates(actor, account.unit).filter(pk=person_id).first()
    if person is None:
        raise Invalid(
            fields={field: [_("Custodians come from the unit itself or one above it, and their term still runs.")]}
        )
    if person.pk in {account.custodian_id, account.deputy_custodian_id}:
        raise Invalid(fields={field: [_("The two custodians are two different people.")]})
    return person


def _save(account: Account) -> None:
    """Write the account; somebody else may have put the same one on a list at this moment."""
    try:
        with transaction.atomic():
            account.save()
    except IntegrityError as error:
        if "registry_two_custodians" in str(error):
            raise Invalid(fields={"deputy": [_("The two custodians are two different people.")]}) from error
        raise Conflict(
            _("This account is on the list already."), remedy=_("Look it up in the list of accounts.")
        ) from error


@action("registry.account.move")
def move_account(actor: Actor, account_id: int, name: str, *, reason: str) -> Account:
    """Retire an account, report it lost, or take either back; `name` is one of `states.BY_HAND`.

    The secrets of an account that leaves use are forgotten; what waits for it is held by the publishing room.
    """
    move = states.BY_HAND.get(name)
    if move is None:
        raise Invalid(fields={"move": [_("There is no such change of state.")]})
    account = locked(actor, account_id, move.capability)
    clean = " ".join(reason.split())[:REASON_CHARS]
    if not clean:
        raise Invalid(fields={"reason": [_("Why? It stands in the history of the account.")]})
    before = audit.snapshot(account, "state", "state_reason")
    _move(account, move, clean)
    audit.record(actor, account, before=before, after=audit.snapshot(account, "state", "state_reason"), note=clean)
    return account


def _move(account: Account, move: states.Move, reason: str) -> None:
    states.require(account.state, move)
    if account.state in Account.GONE:
        refuse_taken(account.platform, account.identity, besides=account.pk)
    if move.forgets:
        Connection.objects.filter(account=account).delete()
    if move.unproves:
        account.proof, account.proven_at = "", None
    account.state = _target(account, move)
    account.state_since, account.state_reason = clock.now(), reason
    _save(account)


def _target(account: Account, move: states.Move) -> str:
    """Return where a move leads: an account without a proof can be declared at most."""
    proven = move.target != Account.State.PROVEN or account.proof
    return move.target if proven else Account.State.DECLARED
