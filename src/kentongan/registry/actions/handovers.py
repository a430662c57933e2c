"""Handovers of official accounts, and the alarms that lead to them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kentongan.core import audit, clock, messages
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotFound
from kentongan.core.messages import Draft
from kentongan.core.models import Message, User
from kentongan.core.permissions import Role
from kentongan.registry import access, queries, rules, states
from kentongan.registry.actions.accounts import locked
from kentongan.registry.actions.custody import GivenLetter, candidate
from kentongan.registry.actions.letters import note_letter
from kentongan.registry.models import Account, CustodyAlarm, Grant, Handover, Membership, Unit
from kentongan.registry.models.custody import CHECKS
from kentongan.registry.serving import SEATS, running

ALARM = "registry.custody"
BATCH = 1000
NOTICE = "custodian_term"


@dataclass(frozen=True, slots=True)
class Checklist:
    """What was done of a handover; `receiver_id` names who takes over, `letter` its letter."""

    password_changed: bool = False
    recovery_changed: bool = False
    second_factor_moved: bool = False
    receiver_id: int | None = None
    letter: GivenLetter = field(default_factory=GivenLetter)


@action("registry.handover.begin")
def begin_handover(actor: Actor, account_id: int, giver_id: int, receiver_id: int, *, due_on: date) -> Handover:
    """Begin to hand an account over from one of its custodians to somebody else."""
    account = locked(actor, account_id)
    states.require_in_use(account.state)
    if giver_id not in {account.custodian_id, account.deputy_custodian_id}:
        raise Invalid(fields={"giver": [_("This person is not a custodian of this account.")]})
    if due_on < clock.now().date():
        raise Invalid(fields={"due_on": [_("That day is over.")]})
    receiver = candidate(actor, account, receiver_id, "receiver")
    if account.handovers.filter(giver_id=giver_id, done_at=None, cancelled_at=None).exists():
        raise Conflict(_("A handover from this custodian waits already."), remedy=_("Complete that one."))
    handover = Handover.objects.create(
        account=account, giver_id=giver_id, receiver=receiver, reason=Handover.Reason.REPLACED, due_on=due_on
    )
    audit.record(actor, account, after={"handover": handover.pk, "from": giver_id, "to": receiver.pk, "due_on": due_on})
    return handover


def _open(actor: Actor, handover_id: int) -> tuple[Handover, Account]:
    """Return a handover that waits, locked with its account, for who may work on it."""
    found = queries.handover(actor, handover_id)
    account = Account.objects.select_for_update(of=("self",)).select_related("unit").get(pk=found.account_id)
    handover = Handover.objects.select_for_update(of=("self",)).get(pk=handover_id)
    if not handover.is_open:
        raise Conflict(_("This handover is over."))
    return handover, account


@action("registry.handover.check")
def check_handover(actor: Actor, handover_id: int, checklist: Checklist) -> Handover:
    """Note what is done; with everything checked off, the seat is the receiver's. Nothing checked is taken back.

    The receiver accepts, or an administrator of the account's unit confirms; only the latter names the receiver.
    """
    handover, account = _open(actor, handover_id)
    before = audit.snapshot(handover, *CHECKS, "receiver_id")
    _name_receiver(actor, handover, account, checklist.receiver_id)
    _note_letter(actor, handover, account, checklist.letter)
    for name in CHECKS:
        setattr(handover, name, getattr(handover, name) or getattr(checklist, name))
    if all(getattr(handover, name) for name in CHECKS):
        _complete(actor, handover, account)
    handover.save()
    after = audit.snapshot(handover, *CHECKS, "receiver_id", "done_at")
    audit.record(actor, account, before=before, after=after | {"handover": handover.pk})
    sweep_accounts(Account.objects.filter(pk=account.pk))
    return handover


def _name_receiver(actor: Actor, handover: Handover, account: Account, receiver_id: int | None) -> None:
    if receiver_id is None or receiver_id == handover.receiver_id:
        return
    access.require_all(actor, [account.unit_id])
    handover.receiver = candidate(actor, account, receiver_id, "receiver")


def _note_letter(actor: Actor, handover: Handover, account: Account, given: GivenLetter) -> None:
    if given.number or given.dated or given.file:
        handover.letter = note_letter(actor, account.unit_id, number=given.number, dated=given.dated, file=given.file)


def _complete(actor: Actor, handover: Handover, account: Account) -> None:
    """Give the seat to the receiver, who must still serve."""
    if handover.receiver_id is None:
        raise Invalid(fields={"receiver": [_("Who takes over? Name them before the last point is checked off.")]})
    seat = next((seat for seat in SEATS if getattr(account, f"{seat}_id") == handover.giver_id), None)
    if seat is None:
        raise Conflict(_("The one who hands over keeps this account no longer."), remedy=_("Cancel this handover."))
    serving = running().filter(person=handover.receiver_id, unit__path__covers=account.unit.path)
    if not serving.exists():
        raise Invalid(fields={"receiver": [_("This person serves here no longer; name somebody else.")]})
    if handover.receiver_id in {account.custodian_id, account.deputy_custodian_id}:
        raise Invalid(fields={"receiver": [_("This person keeps the account already; name somebody else.")]})
    setattr(account, f"{seat}_id", handover.receiver_id)
    account.letter = handover.letter or account.letter
    account.save(update_fields=[f"{seat}_id", "letter"])
    handover.done_at, handover.done_by_id = clock.now(), actor.user_id


@action("registry.handover.cancel")
def cancel_handover(actor: Actor, handover_id: int) -> Handover:
    """Call a handover off; one that a term's end made due stays until the term is prolonged."""
    handover, account = _open(actor, handover_id)
    access.require_all(actor, [account.unit_id])
    still_there = handover.giver_id in {account.custodian_id, account.deputy_custodian_id}
    if handover.reason != Handover.Reason.REPLACED and still_there:
        raise Conflict(
            _("Their term is over or about to end, so the account has to pass to somebody else."),
            remedy=_("If they stay, prolong their term in the list of people; the handover then falls by itself."),
        )
    handover.cancelled_at = clock.now()
    handover.save(update_fields=["cancelled_at"])
    audit.record(actor, account, after={"handover": handover.pk, "cancelled_at": handover.cancelled_at})
    return handover


# ---- what the tick does ----


def sweep_accounts(accounts: QuerySet[Account], notice: int | None = None) -> int:
    """Raise and clear alarms, open handovers that are due and drop those that are not; returns how many changed.

    Set-based: a fixed number of statements for at most BATCH accounts of each kind.
    """
    days = rules.days_of(NOTICE) if notice is None else notice
    kept = queries.custody.kept().filter(pk__in=accounts.values("pk"))
    changed = sum(_raise(kept, kind, days) + _clear(accounts, kind, days) for kind in CustodyAlarm.Kind.values)
    return changed + sum(_hand_over(kept, seat, days) for seat in SEATS) + _drop(accounts, days)


def _raise(kept: QuerySet[Account], kind: str, days: int) -> int:
    raised = CustodyAlarm.objects.filter(account=OuterRef("pk"), kind=kind, cleared_at=None)
    found = queries.custody.alarming(kept, kind, days).exclude(Exists(raised)).values_list("pk", flat=True)[:BATCH]
    rows = [CustodyAlarm(account_id=pk, kind=kind, raised_at=clock.now()) for pk in found]
    # Race: another worker's tick raises the same; its row stays, ours is dropped.
    CustodyAlarm.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _clear(accounts: QuerySet[Account], kind: str, days: int) -> int:
    still = queries.custody.alarming(queries.custody.kept(), kind, days).filter(pk=OuterRef("account"))
    live = CustodyAlarm.objects.filter(kind=kind, cleared_at=None, account__in=accounts.values("pk"))
    return live.exclude(Exists(still)).update(cleared_at=clock.now())


def _hand_over(kept: QuerySet[Account], seat: str, days: int) -> int:
    today = clock.now().date()
    last = Membership.objects.filter(person=OuterRef(seat), unit__path__covers=OuterRef("unit__path"))
    found = queries.custody.leaving(kept, seat, days).annotate(
        last_day=Subquery(last.order_by("-ends_on").values("ends_on")[:1])
    )
    rows = [
        Handover(
            account_id=pk,
            giver_id=giver,
            reason=Handover.Reason.TERM if serves else Handover.Reason.LEFT,
            due_on=max(last_day or today, today),
        )
        for pk, giver, serves, last_day in found.values_list("pk", f"{seat}_id", f"{seat}_serves", "last_day")[:BATCH]
    ]
    Handover.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _drop(accounts: QuerySet[Account], days: int) -> int:
    """Call off the handovers of those whose term was prolonged, or who keep the account no longer."""
    waiting = Handover.objects.filter(account__in=accounts.values("pk"), done_at=None, cancelled_at=None)
    waiting = waiting.exclude(reason=Handover.Reason.REPLACED)
    kept = queries.custody.with_custody(queries.custody.kept(), days).filter(pk=OuterRef("account"))
    going = Q()
    for seat in SEATS:
        going |= Q(**{seat: OuterRef("giver"), f"{seat}_stays": False})
    return waiting.exclude(Exists(kept.filter(going))).update(cancelled_at=clock.now())


@action("registry.custody.sweep", may_do_nothing=True)
def sweep_custody(actor: Actor) -> int:
    """Look at who keeps every official account; returns how many alarms and handovers changed."""
    if not actor.is_system:
        raise NotFound()
    changed = sweep_accounts(Account.objects.filter(kind=Account.Kind.OFFICIAL))
    if changed:
        root = Unit.objects.get(parent=None)
        audit.record(actor, root, unit_id=root.pk, after={"alarms_and_handovers": changed})
    return changed


@action("registry.custody.tell", may_do_nothing=True)
def tell_alarms(actor: Actor) -> int:
    """Mail the alarms nobody was told of to the administrators of the nearest unit that has some, one mail for all.

    Returns how many alarms were told.
    """
    if not actor.is_system:
        raise NotFound()
    above = Grant.objects.filter(
        role=Role.ADMINISTRATOR, user__is_active=True, unit__path__covers=OuterRef("account__unit__path")
    )
    fresh = CustodyAlarm.objects.select_for_update(of=("self",), skip_locked=True).filter(told_at=None, cleared_at=None)
    alarms = list(
        fresh.annotate(place=Subquery(above.order_by("-unit__path").values("unit")[:1])).values_list("pk", "place")[
            :BATCH
        ]
    )
    places: dict[int, list[int]] = {}
    for pk, place in alarms:
        places.setdefault(place, []).append(pk)
    drafts = [draft for place in _administrators(places) for draft in place]
    if drafts:
        messages.queue_many(actor, drafts)
    CustodyAlarm.objects.filter(pk__in=[pk for pk, _place in alarms]).update(told_at=clock.now())
    return len(alarms)


def _administrators(places: dict[int, list[int]]) -> Iterable[list[Draft]]:
    grants = Grant.objects.filter(role=Role.ADMINISTRATOR, user__is_active=True, unit__in=places)
    by_unit: dict[int, list[Grant]] = {}
    for grant in grants.select_related("user", "unit"):
        by_unit.setdefault(grant.unit_id, []).append(grant)
    for unit_id, alarms in places.items():
        yield [_draft(grant.user, grant.unit, alarms) for grant in by_unit.get(unit_id, ())]


def _draft(user: User, unit: Unit, alarms: Sequence[int]) -> Draft:
    count = len(alarms)
    with translation.override(user.language or settings.LANGUAGE_CODE):
        subject = ngettext(
            "%(n)s official account needs custodians", "%(n)s official accounts need custodians", count
        ) % {"n": count}
        body = _(
            "%(name)s, at %(unit)s and below it there are too few custodians, or a term ends soon. Name a second "
            "custodian or complete the handover, so that no account is lost when somebody leaves."
        ) % {"name": user.name, "unit": unit.name}
        return Draft(
            channel=Message.Channel.EMAIL,
            purpose=ALARM,
            address=user.email,
            recipient=user.name,
            subject=subject,
            body=body,
            link=settings.PUBLIC_URL + reverse("registry:custody", args=(unit.pk,)),
            dedupe_key=f"custody:{unit.pk}:{user.pk}:{max(alarms)}",
            unit_id=unit.pk,
        )
