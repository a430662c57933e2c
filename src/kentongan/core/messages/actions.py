"""Queueing, handing over, deciding about doubtful ones, opting out."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from kentongan.core import audit, clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotAllowed
from kentongan.core.messages import queries
from kentongan.core.messages.contract import Contact, Draft, address_hash, directory
from kentongan.core.models.messages import Message, OptOut

State = Message.State


def queue(actor: Actor, **fields: Any) -> Message:
    """Queue one message (the fields of Draft) and return it, or the one that has its `dedupe_key` already.

    Rights are checked by the action that calls this.
    """
    draft = Draft(**fields)
    queue_many(actor, [draft])
    return Message.objects.get(dedupe_key=draft.dedupe_key)


@action("core.message.queue", may_do_nothing=True)
def queue_many(actor: Actor, drafts: Sequence[Draft]) -> int:
    """Queue messages in a fixed number of queries; return how many are new.

    To whom nothing may be sent (no address, no consent, opted out) gets a row in `suppressed` that says why.
    """
    contacts = _contacts(drafts)
    rows = [_row(draft, contacts.get((draft.person_id or 0, draft.purpose))) for draft in drafts]
    refused = queries.opted_out({(row.address_hash, row.purpose) for row in rows})
    for row in rows:
        if row.state == State.QUEUED and (row.address_hash, row.purpose) in refused:
            row.state, row.reason = State.SUPPRESSED, _("They asked for no more messages of this kind.")
    known = set(
        Message.objects.filter(dedupe_key__in=[row.dedupe_key for row in rows]).values_list("dedupe_key", flat=True)
    )
    fresh = {row.dedupe_key: row for row in rows if row.dedupe_key not in known}
    if not fresh:
        return 0
    # Race: another transaction queues the same key; its row stays, ours is dropped.
    Message.objects.bulk_create(fresh.values(), batch_size=1000, ignore_conflicts=True)
    first = Message.objects.get(dedupe_key=next(iter(fresh)))
    audit.record(actor, first, after={"messages": len(fresh), "purpose": first.purpose, "channel": first.channel})
    return len(fresh)


def _contacts(drafts: Sequence[Draft]) -> Mapping[tuple[int, str], Contact]:
    people: dict[str, set[int]] = {}
    for draft in drafts:
        if draft.person_id is not None:
            people.setdefault(draft.purpose, set()).add(draft.person_id)
    return {
        (person_id, purpose): contact
        for purpose, person_ids in people.items()
        for person_id, contact in directory().contacts(person_ids, purpose).items()
    }


def _row(draft: Draft, contact: Contact | None) -> Message:
    if draft.channel not in Message.Channel.values:
        raise Invalid(fields={"channel": [_("There is no such channel.")]})
    address = draft.address or (contact.address(draft.channel) if contact else "")
    reason = ""
    if contact and contact.refusal:
        reason = str(contact.refusal)
    elif not address:
        reason = _("There is no address for this channel.")
    return Message(
        channel=draft.channel,
        unit_id=draft.unit_id,
        person_id=draft.person_id,
        recipient=(draft.recipient or (contact.name if contact else ""))[:200],
        address=address,
        address_hash=address_hash(address),
        purpose=draft.purpose,
        subject=" ".join(draft.subject.split())[:200],
        body=draft.body,
        link=draft.link,
        dedupe_key=draft.dedupe_key,
        due_at=draft.due_at or clock.now(),
        state=State.SUPPRESSED if reason else State.QUEUED,
        reason=reason,
    )


def _locked(actor: Actor, message_id: int, *states: State) -> Message:
    queries.get(actor, message_id)
    message = Message.objects.select_for_update().get(pk=message_id)
    if message.state not in states:
        raise Conflict(_("This message is “%(state)s”.") % {"state": message.get_state_display()})
    return message


def _move(actor: Actor, message: Message, state: State, **values: Any) -> Message:
    before = {"state": message.state}
    message.state = state
    for name, value in values.items():
        setattr(message, name, value)
    message.save(update_fields=["state", *values])
    audit.record(actor, message, before=before, after={"state": state})
    return message


@action("core.message.hand_over")
def hand_over(actor: Actor, message_id: int) -> Message:
    """Note that the operator has handed the message over from their own phone."""
    message = _locked(actor, message_id, State.QUEUED)
    if not queries.handed_over_by(actor, Message.objects.filter(pk=message.pk)).exists():
        raise NotAllowed(
            _("The link in this message opens the reader's own page."),
            remedy=_("An administrator of their unit hands it over."),
        )
    if message.channel != Message.Channel.LINK:
        raise Conflict(_("This message is sent by e-mail, by itself."))
    if refusal := queries.refusal(message):
        return _move(actor, message, State.SUPPRESSED, reason=refusal[:300])
    return _move(
        actor,
        message,
        State.HANDED_OVER,
        sent_at=clock.now(),
        handed_over_by_id=actor.user_id,
        attempts=message.attempts + 1,
    )


@action("core.message.take_back")
def take_back(actor: Actor, message_id: int) -> Message:
    """Undo a hand-over that was marked by mistake."""
    message = _locked(actor, message_id, State.HANDED_OVER)
    return _move(actor, message, State.QUEUED, sent_at=None, handed_over_by_id=None)


@action("core.message.send_again")
def send_again(actor: Actor, message_id: int) -> Message:
    """Send a failed or doubtful message once more: for a doubtful one the person accepts that it may arrive twice.

    What no business number could carry waits for a person's hand.
    """
    message = _locked(actor, message_id, State.FAILED, State.UNKNOWN)
    return _move(actor, message, State.QUEUED, reason="", due_at=clock.now(), attempts=0, claimed_at=None)


@action("core.message.settle")
def settle(actor: Actor, message_id: int, *, arrived: bool) -> Message:
    """Say what became of a doubtful message, as the recipient told."""
    message = _locked(actor, message_id, State.UNKNOWN)
    if arrived:
        return _move(actor, message, State.SENT, sent_at=message.claimed_at or clock.now(), reason="")
    return _move(actor, message, State.FAILED, reason=_("It did not arrive."))


@action("core.message.opt_out", may_do_nothing=True)
def opt_out(actor: Actor, message: Message, *, everything: bool) -> OptOut:
    """Stop messages of this purpose, or all messages, to the address of `message`; those waiting are held back."""
    purpose = "" if everything else message.purpose
    row, created = OptOut.objects.get_or_create(address_hash=message.address_hash, purpose=purpose)
    waiting = Q(address_hash=message.address_hash, state=State.QUEUED)
    if not everything:
        waiting &= Q(purpose=purpose)
    Message.objects.filter(waiting).update(
        state=State.SUPPRESSED, reason=_("They asked for no more messages of this kind.")
    )
    if created:
        audit.record(actor, row, after={"purpose": purpose or "*"}, unit_id=message.unit_id)
    return row


@action("core.message.opt_in", may_do_nothing=True)
def opt_in(actor: Actor, message: Message) -> int:
    """Take back the opt-outs of the address of `message`; its holder changed their mind."""
    rows = list(OptOut.objects.select_for_update().filter(address_hash=message.address_hash))
    for row in rows:
        audit.record(actor, row, before={"purpose": row.purpose or "*"}, unit_id=message.unit_id)
    OptOut.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def opened(public_id: str) -> None:
    """Note the first time that a message's link was opened; a receipt, so neither audited nor refused."""
    Message.objects.filter(public_id=public_id, opened_at=None).update(opened_at=clock.now())


def told(mark: str, remote_id: str, among: Q, *, arrived: bool, failed: bool, reason: str = "") -> bool:
    """Note what the platform tells of a message `among` those that its number carries; told twice it is the same.

    A receipt, so not audited. It also ends the doubt about one whose sending broke off. Says whether it is ours.
    """
    named = Q(public_id=mark) if mark else Q(remote_id=remote_id)
    ours = Message.objects.filter(among, named, channel=Message.Channel.LINK)
    if failed:
        carried = ours.filter(state__in=(State.SENDING, State.UNKNOWN, State.SENT), delivered_at=None)
        carried.update(state=State.FAILED, reason=reason[:300], remote_id=remote_id, by_hand=True)
        return ours.exists()
    now = clock.now()
    doubtful = ours.filter(state__in=(State.SENDING, State.UNKNOWN))
    doubtful.update(state=State.SENT, sent_at=now, reason="", remote_id=remote_id)
    if arrived:
        ours.filter(state=State.SENT, delivered_at=None).update(delivered_at=now)
    return ours.exists()


def want_no_more(actor: Actor, address: str, among: Q) -> bool:
    """End all messages to an address whose holder wrote so; False where nothing `among` those was ever sent there."""
    latest = Message.objects.filter(among, address_hash=address_hash(address)).order_by("-id").first()
    if latest is None:
        return False
    opt_out(actor, latest, everything=True)
    return True


def cancel(dedupe_key: str, reason: str) -> bool:
    """Hold back the message with that key if it still waits; part of an action. Says whether it did."""
    waiting = Message.objects.filter(dedupe_key=dedupe_key, state=State.QUEUED)
    return bool(waiting.update(state=State.SUPPRESSED, reason=reason[:300]))


def discard(person_ids: Collection[int]) -> int:
    """Blank the messages to people who leave the lists, hold back what waits; part of the action that removes them."""
    theirs = Message.objects.filter(person_id__in=person_ids)
    theirs.filter(state=State.QUEUED).update(
        state=State.SUPPRESSED, reason=_("This person is no longer in the registry.")
    )
    return theirs.update(recipient="", address="", subject="", body="", link="")


def hand_on(gone_id: int, keep_id: int) -> int:
    """Let the messages of one record be another's; part of the action that merges them."""
    return Message.objects.filter(person_id=gone_id).update(person_id=keep_id)


def move_to(person_id: int, purpose: str, unit_id: int) -> int:
    """Let another unit see a person's messages of a purpose; part of the action by which it becomes responsible."""
    return Message.objects.filter(person_id=person_id, purpose=purpose).update(unit_id=unit_id)


def welcome_back(addresses: Collection[str]) -> int:
    """Write again to addresses to which `forget` ended everything; part of the action by which their owner returns."""
    hashes = [address_hash(address) for address in addresses if address]
    return OptOut.objects.filter(address_hash__in=hashes, purpose="").delete()[0]


@action("core.message.forget", may_do_nothing=True)
def forget(actor: Actor, person_id: int) -> int:
    """Blank every message to a person who withdrew, hold back what waits, and write to their addresses no more.

    What stays is that a message of that purpose went out, and a keyed hash of the address. Returns how many.
    """
    mine = Message.objects.filter(person_id=person_id)
    hashes = set(mine.exclude(address_hash=address_hash("")).values_list("address_hash", flat=True))
    contact = directory().contacts({person_id}, "").get(person_id)
    if contact is not None:
        hashes |= {address_hash(address) for address in (contact.email, contact.phone) if address}
    OptOut.objects.bulk_create([OptOut(address_hash=value) for value in hashes], ignore_conflicts=True)
    mine.filter(state=State.QUEUED).update(state=State.SUPPRESSED, reason=_("They withdrew from the registry."))
    first = mine.first()
    count = mine.update(recipient="", address="", subject="", body="", link="")
    if first is not None:
        audit.record(actor, first, after={"forgotten": count})
    return count
