"""Messages of the outbox that a business number carries, where otherwise a person hands them over.

Only to people whose consent names that platform. The outbox decides who may be written to, and decides it again at the
last moment; nothing is sent twice.
"""

import logging
from collections.abc import Collection, Mapping

import httpx
from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual
from django.urls import reverse
from django.utils.translation import gettext as _

from kentongan.channels import registry as channels
from kentongan.channels.contract import ChannelError, Credentials, CredentialsExpired, Rejected, RetryLater
from kentongan.channels.messaging import Fate, Letter, Messenger, Receipt, Refusal
from kentongan.core import messages
from kentongan.core.actor import Actor
from kentongan.core.errors import NotFound
from kentongan.core.messages import Message, Verdict
from kentongan.core.secrets import keyed_hash
from kentongan.publishing import connections, queries
from kentongan.registry import queries as registry
from kentongan.registry.models import Account

SYSTEM = Actor.system("publishing.carrying")
BATCH = 50
State = Message.State
logger = logging.getLogger(__name__)


def carry() -> int:
    """Send what is due through the numbers that could send right now; return how many messages were handled."""
    organisation = registry.organisation()
    if organisation is None:
        return 0
    found = queries.carried(neutral=organisation.neutral)
    return sum(_carry(account, unit_ids) for account, unit_ids in found.items())


def _messenger(account: Account) -> Messenger:
    found = channels.get(account.platform).messenger
    if found is None:
        raise NotFound()
    return found


def _carry(account: Account, unit_ids: Collection[int]) -> int:
    messenger, handled = _messenger(account), 0
    with connections.client() as calls:
        try:
            credentials = connections.fresh(SYSTEM, account, calls)
        except ChannelError as error:
            connections.unwell(SYSTEM, account, error.message)
            return 0
        people = registry.agreed_to_be_written_to(channels.label(account.platform))
        # What is too long for it is left to people from the first; its link may still make one too long.
        short = LessThanOrEqual(Length("body"), messenger.longest)
        mine = Q(short, unit_id__in=unit_ids, person_id__in=people, by_hand=False)
        while handled < BATCH and (message := messages.claim(Message.Channel.LINK, mine)):
            handled += 1
            problem = _one(message, messenger, credentials, calls)
            if isinstance(problem, CredentialsExpired):
                connections.unwell(SYSTEM, account, problem.message)
            if isinstance(problem, CredentialsExpired | RetryLater):
                break
    return handled


def _one(message: Message, messenger: Messenger, credentials: Credentials, calls: httpx.Client) -> ChannelError | None:
    """Send one message and record what became of it; return what went wrong."""
    letter = Letter(message.public_id, message.address, messages.text_of(message), messages.opt_out_url(message))
    try:
        remote_id = messenger.send(letter, credentials, calls)
    except ChannelError as error:
        messages.record(message, _verdict(error))
        return error
    except Exception:
        logger.exception("The adapter failed on message %s.", message.pk)
        messages.record(message, Verdict(State.UNKNOWN, _("Our own program failed while sending.")))
        return None
    messages.record(message, Verdict(State.SENT, remote_id=remote_id))
    return None


def _verdict(error: ChannelError) -> Verdict:
    match error:
        case RetryLater(after=after):
            return Verdict(State.QUEUED, error.message, after=after)
        case CredentialsExpired():
            return Verdict(State.QUEUED, error.message)
        case Rejected():
            return Verdict(State.QUEUED, error.message, by_hand=True)
    return Verdict(State.UNKNOWN, _("The connection broke while this was sent; it may have arrived."))


# ---- what the platform calls back with ----


def hook_url(account: Account) -> str:
    """Return where the platform tells what became of messages."""
    return f"{settings.PUBLIC_URL}{reverse('publishing:hook', args=[account.pk])}"


def hook_token(account: Account) -> str:
    """Return the word by which the platform shows that it was given this address by us."""
    return keyed_hash("message-hook", str(account.pk))


def _connected(account_id: int) -> tuple[Messenger, Account, Credentials]:
    account = (
        Account.objects.select_related("connection", "unit").filter(pk=account_id, connection__isnull=False).first()
    )
    if account is None:
        raise NotFound()
    return _messenger(account), account, connections.credentials_of(account)


def challenge(account_id: int, query: Mapping[str, str]) -> str:
    """Return the answer to the platform's first call; Rejected unless it knows our word."""
    messenger, account, _credentials = _connected(account_id)
    return messenger.challenge(query, hook_token(account))


def take(account_id: int, body: bytes, headers: Mapping[str, str]) -> int:
    """Note what the platform tells, which may be told again; return how many of it was ours. Rejected if unsigned."""
    messenger, account, credentials = _connected(account_id)
    # Who connected the number can sign anything with its secret: that reaches no further than what the number carries.
    carried = Q(unit_id__in=queries.units_of(account))
    return sum(_take_one(told, carried) for told in messenger.told(body, headers, credentials))


def _take_one(told: Receipt | Refusal, carried: Q) -> bool:
    if isinstance(told, Refusal):
        return messages.want_no_more(SYSTEM, told.sender, carried)
    arrived, failed = told.fate in {Fate.DELIVERED, Fate.READ}, told.fate == Fate.FAILED
    return messages.told(told.mark, told.remote_id, carried, arrived=arrived, failed=failed, reason=told.reason)
