"""The tick that reads numbers back: claims what is due, asks each account once, stores what it says."""

import logging
from itertools import groupby

from kentongan.channels import registry as channels
from kentongan.channels.contract import ChannelError, RetryLater
from kentongan.core.errors import KentonganError
from kentongan.core.ticks import every
from kentongan.insights import actions
from kentongan.insights.models import Probe
from kentongan.publishing import connections

AT_ONCE = 25
logger = logging.getLogger(__name__)


def _account_of(probe: Probe) -> int:
    return probe.delivery.account_id


def _read(probes: list[Probe]) -> None:
    """Ask one account about some of its posts. No transaction is open here: a platform may take its time."""
    account = probes[0].delivery.account
    if channels.get(account.platform).metrics is None:
        actions.record_unsupported(probes)
        return
    try:
        reported = connections.read_counts(account, [probe.delivery.remote_id for probe in probes])
    except ChannelError as error:
        actions.record_failure(probes, error.message, error.after if isinstance(error, RetryLater) else None)
    except KentonganError as error:
        actions.record_failure(probes, str(error))
    except Exception as error:
        # A mistake in one adapter must not keep the other accounts from being read.
        logger.exception("The numbers of account %s could not be read.", account.pk)
        actions.record_failure(probes, type(error).__name__)
    else:
        actions.record(probes, reported)


@every(seconds=10, name="insights.collect")
def collect() -> int:
    """Read what is due; returns how many deliveries were asked about."""
    actions.enrol()
    claimed = sorted(actions.claim(), key=lambda probe: (_account_of(probe), probe.pk))
    for _account, probes in groupby(claimed, _account_of):
        mine = list(probes)
        for start in range(0, len(mine), AT_ONCE):
            _read(mine[start : start + AT_ONCE])
    return len(claimed)
