"""The circuit breaker: a server that does not answer is left alone for a while, by all workers.

Each call to a server that is down may leave a delivery of unknown fate, or use up one of its tries. So after a few
failures in a row nothing is sent there; then one delivery tries, and its outcome decides for all.
"""

import random
import re
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from django.db.models import Q, QuerySet
from django.db.models.functions import Greatest, Now
from django.utils.translation import gettext as _

from kentongan.channels.contract import Ambiguous, ChannelError, Published, RetryLater, StillWorking
from kentongan.core import clock
from kentongan.publishing.models import Circuit, Delivery
from kentongan.publishing.states import State
from kentongan.registry.models import Account

MOST_FAILURES = 5
FIRST_REST = timedelta(minutes=1)
LONGEST_REST = timedelta(minutes=15)
PROBING = timedelta(minutes=2)


class OurFault(Ambiguous):
    """Our own program failed while sending: nobody knows what arrived, and the server is not to blame."""


def server_of(account: Account) -> str:
    """Return what fails as one: the platform, and the host where each organisation may have its own."""
    connection = getattr(account, "connection", None)
    host = urlsplit(connection.service_url).netloc if connection else ""
    return f"{account.platform} {host}".strip()


def failed() -> QuerySet[Circuit]:
    """Return the servers whose last call failed."""
    return Circuit.objects.filter(failures__gt=0)


def resting() -> QuerySet[Circuit]:
    """Return the servers that are left alone now, but for one delivery that may try for all."""
    return Circuit.objects.filter(open_until__isnull=False)


def is_open(account: Account) -> bool:
    """Whether the account's server is left alone."""
    return resting().filter(server=server_of(account)).exists()


def rests_until(account: Account) -> datetime | None:
    """Return until when nothing is sent to the account's server; None when this delivery may try."""
    circuit = resting().filter(server=server_of(account)).first()
    if circuit is None or circuit.open_until is None:
        return None
    now = clock.now()
    if circuit.open_until <= now:
        # One tries for all; the others wait for what becomes of it.
        mine = Circuit.objects.filter(pk=circuit.pk, open_until=circuit.open_until).update(open_until=now + PROBING)
        return None if mine else now + PROBING
    return circuit.open_until + timedelta(seconds=random.uniform(0, 30))  # noqa: S311  spread, not a secret


def learn(account: Account, result: Published | ChannelError, began: datetime) -> None:
    """Note whether the account's server answered a call that began then, in the transaction that notes its outcome.

    A refusal is an answer, and so is being asked to wait. What began before the server was given up says nothing new,
    and a fault of ours says nothing at all.
    """
    if isinstance(result, OurFault):
        return
    server = server_of(account)
    if not _is_silent(result):
        _close(account, server)
        return
    Circuit.objects.get_or_create(server=server)  # no row is ever removed, so this one stays
    circuit = Circuit.objects.select_for_update().get(server=server)
    if circuit.opened_at is not None and began < circuit.opened_at:
        return
    circuit.failures, circuit.reason = circuit.failures + 1, getattr(result, "message", "")[:500]
    if circuit.failures >= MOST_FAILURES:
        circuit.opened_at = clock.now()
        circuit.open_until = circuit.opened_at + _rest(circuit.failures)
    circuit.save()


def _is_silent(result: Published | ChannelError) -> bool:
    if isinstance(result, RetryLater):
        return result.after is None and result.response.get("status") != HTTPStatus.TOO_MANY_REQUESTS
    return isinstance(result, Ambiguous) and not isinstance(result, StillWorking)


def _close(account: Account, server: str) -> None:
    circuit = failed().filter(server=server).first()
    if circuit is None:
        return
    Circuit.objects.filter(pk=circuit.pk).update(failures=0, reason="", opened_at=None, open_until=None)
    if circuit.opened_at is not None:
        # What waited for this server need not wait any longer; some of it may be late soon.
        waiting = Delivery.objects.filter(_at(server), state=State.READY, reason=waits(), try_at__gt=clock.now())
        waiting.update(try_at=Greatest(Now(), "due_at"))


def _at(server: str) -> Q:
    """Return the condition that a delivery goes to that server: what `server_of` says, as the database finds it."""
    platform, _space, host = server.partition(" ")
    there = rf"^[a-z]+://{re.escape(host)}([/?#]|$)" if host else "^$"
    return Q(account__platform=platform, account__connection__service_url__regex=there)


def waits() -> str:
    """Return why a delivery waits for its server."""
    return _("Waits because the server does not answer.")


def _rest(failures: int) -> timedelta:
    doublings: int = min(failures - MOST_FAILURES, 8)
    return min(FIRST_REST * (1 << doublings), LONGEST_REST)
