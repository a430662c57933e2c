"""Who sees which messages, who is not written to, and what is to be handed over."""

from collections.abc import Collection, Mapping
from urllib.parse import quote

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from kentongan.core import authority, clock, secrets
from kentongan.core.actor import Actor
from kentongan.core.errors import NotFound
from kentongan.core.messages.contract import address_hash, directory, guarded, personal
from kentongan.core.models.messages import Message, OptOut
from kentongan.core.permissions import Capability

OPT_OUT = "message.opt_out"


def visible(actor: Actor) -> QuerySet[Message]:
    """Return the messages of units that `actor` may instruct, newest first; some purposes ask for more."""
    messages = Message.objects.order_by("-id")
    if actor.is_system:
        return messages
    units = Q(unit_id__in=authority.unit_ids(actor, Capability.INSTRUCT))
    if authority.allows(actor, Capability.INSTRUCT):
        units |= Q(unit_id=None)
    return _allowed(messages, actor, guarded()).filter(units)


def _allowed(
    messages: QuerySet[Message], actor: Actor, asked: Mapping[Capability, Collection[str]]
) -> QuerySet[Message]:
    """Leave out the messages of purposes for which more is asked than `actor` may at their unit."""
    if actor.is_system:
        return messages
    for capability, purposes in asked.items():
        theirs = Q(unit_id__in=authority.unit_ids(actor, capability))
        messages = messages.filter(~Q(purpose__in=purposes) | theirs)
    return messages


def get(actor: Actor, message_id: int) -> Message:
    """Return one message; raises NotFound when `actor` may not see it."""
    message = visible(actor).filter(pk=message_id).first()
    if message is None:
        raise NotFound()
    return message


def to_hand_over(actor: Actor) -> QuerySet[Message]:
    """Return what waits for the operator's own phone, the oldest first; only here links are shown."""
    return handed_over_by(actor, _waiting(actor)).order_by("due_at", "id")


def units_waiting() -> set[int]:
    """Return the units that have something due to hand over which a business number may carry."""
    due = Message.objects.filter(channel=Message.Channel.LINK, state=Message.State.QUEUED, due_at__lte=clock.now())
    due = due.filter(by_hand=False)
    return {unit_id for unit_id in due.order_by().values_list("unit_id", flat=True).distinct() if unit_id is not None}


def waiting_for_others(actor: Actor) -> int:
    """Return how many more wait that `actor` sees and others have to hand over."""
    waiting = _waiting(actor)
    return waiting.exclude(pk__in=handed_over_by(actor, waiting).values("pk")).count()


def _waiting(actor: Actor) -> QuerySet[Message]:
    return visible(actor).filter(channel=Message.Channel.LINK, state=Message.State.QUEUED, due_at__lte=clock.now())


def handed_over_by(actor: Actor, messages: QuerySet[Message]) -> QuerySet[Message]:
    """Return those of the messages that `actor` may hand over: some links open what is their reader's own."""
    return _allowed(messages, actor, personal())


def opted_out(pairs: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return which (address hash, purpose) are not to be written to."""
    hashes = {address for address, _purpose in pairs}
    rows = set(OptOut.objects.filter(address_hash__in=hashes).values_list("address_hash", "purpose"))
    return {(address, purpose) for address, purpose in pairs if {(address, ""), (address, purpose)} & rows}


def refused(channels: Mapping[int, str], purpose: str) -> set[int]:
    """Return who of these people (each with a channel) gets no message of that purpose, for whatever reason."""
    contacts = directory().contacts(channels.keys(), purpose)
    addresses = {pk: contact.address(channels[pk]) for pk, contact in contacts.items() if not contact.refusal}
    pairs = {pk: (address_hash(address), purpose) for pk, address in addresses.items() if address}
    unwanted = opted_out(set(pairs.values()))
    return {pk for pk in channels if pk not in pairs or pairs[pk] in unwanted}


def refusal(message: Message) -> str:
    """Say why a message may not go out at this moment, empty when it may: consent may have ended meanwhile."""
    if opted_out({(message.address_hash, message.purpose)}):
        return _("They asked for no more messages of this kind.")
    if message.person_id is None:
        return ""
    contact = directory().contacts({message.person_id}, message.purpose).get(message.person_id)
    return str(contact.refusal) if contact else _("This person is no longer in the registry.")


def text_of(message: Message) -> str:
    """Return the message as one text with its link."""
    return f"{message.body}\n\n{message.link}".strip() if message.link else message.body


def hand_over_url(message: Message) -> str:
    """Return the address that opens the message in the messenger of the operator's phone, ready to be sent."""
    digits = "".join(filter(str.isdigit, message.address))
    return f"https://wa.me/{digits}?text={quote(text_of(message))}"


def opt_out_url(message: Message) -> str:
    """Return the signed address of the page that ends such messages; it never expires."""
    return settings.PUBLIC_URL + reverse("core:opt_out", args=(secrets.sign(OPT_OUT, message.pk),))


def by_opt_out_token(token: str) -> Message:
    """Return the message whose opt-out link this is; raises BadSignature, or NotFound when it was purged."""
    message = Message.objects.filter(pk=secrets.unsign(OPT_OUT, token)).first()
    if message is None:
        raise NotFound()
    return message


def masked(address: str) -> str:
    """Return an address that can be recognised by who knows it, and by nobody else."""
    name, at, domain = address.partition("@")
    if at:
        return f"{name[:2]}…@{domain}"
    return f"{address[:5]}…{address[-3:]}" if len(address) > 8 else "…"
