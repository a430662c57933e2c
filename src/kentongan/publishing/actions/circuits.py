"""The circuit breaker: a server that does not answer is left alone for a while, by all workers.

Each call to a server that is down may leave a delivery of unknown fate, or use up one of its tries. So after a few
failures in a row nothing is sent there; then one delivery tries, and its outcome decides for all.
"""

import random
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from kentongan.channels.contract import Ambiguous, ChannelError, Published, RetryLater
from kentongan.core import clock
from kentongan.publishing.models import Circuit
from kentongan.registry.models import Account

MOST_FAILURES = 5
FIRST_REST = timedelta(minutes=1)
LONGEST_REST = timedelta(minutes=15)
PROBING = timedelta(minutes=2)


def server_of(account: Account) -> str:
    """Return what fails as one: the platform, and the host where each organisation may have its own."""
    connection = getattr(account, "connection", None)
    host = urlsplit(connection.service_url).netloc if connection else ""
    return f"{account.platform} {host}".strip()


def rests_until(account: Account) -> datetime | None:
    """Return until when nothing is sent to the account's server; None when this delivery may try."""
    circuit = Circuit.objects.filter(server=server_of(account), open_until__isnull=False).first()
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

    A refusal is an answer, and so is being asked to wait. What began before the server was given up says nothing new.
    """
    server = server_of(account)
    silent = isinstance(result, Ambiguous) or (isinstance(result, RetryLater) and result.after is None)
    if not silent:
        Circuit.objects.filter(server=server).delete()
        return
    Circuit.objects.get_or_create(server=server)
    circuit = Circuit.objects.select_for_update().get(server=server)
    if circuit.opened_at is not None and began < circuit.opened_at:
        return
    circuit.failures, circuit.reason = circuit.failures + 1, getattr(result, "message", "")[:500]
    if circuit.failures >= MOST_FAILURES:
        circuit.opened_at = clock.now()
        circuit.open_until = circuit.opened_at + _rest(circuit.failures)
    circuit.save()


def _rest(failures: int) -> timedelta:
    doublings: int = min(failures - MOST_FAILURES, 8)
    return min(FIRST_REST * (1 << doublings), LONGEST_REST)
