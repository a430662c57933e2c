"""Whether the posts that people are shown are still there: their platforms are asked twice a day, outside transactions.

What is not a sample of an issue is not asked about: the lake has no row for it. It goes with its source's retention, or
when the source itself tells of a deletion (`Batch.gone`).
"""

import logging
from collections.abc import Sequence

from kentongan.channels import registry as channels
from kentongan.channels.contract import ChannelError
from kentongan.core import http, secrets
from kentongan.core.actor import Actor
from kentongan.listening.actions.absences import bury_absent, claim_samples, put_off
from kentongan.listening.models import IssueSample

logger = logging.getLogger(__name__)

SYSTEM = Actor.system("listening.rechecks")
TIMEOUT_SECONDS, DEADLINE_SECONDS = 10.0, 30.0
LARGEST_ANSWER = 4 << 20


def recheck_due() -> int:
    """Ask each platform about some samples that are due; return how many were asked about."""
    return sum(
        _ask(channel.kind, claim_samples(SYSTEM, channel.kind, channel.absences.most))
        for channel in channels.every()
        if channel.absences is not None
    )


def _ask(platform: str, samples: Sequence[IssueSample]) -> int:
    absences = channels.get(platform).absences
    if not samples or absences is None:
        return 0
    links = {secrets.decrypt(sample.link or ""): sample for sample in samples}
    try:
        with http.client(
            timeout=TIMEOUT_SECONDS, deadline=DEADLINE_SECONDS, max_bytes=LARGEST_ANSWER, unpacked=True
        ) as client:
            gone = absences.gone(list(links), client)
    except ChannelError as error:
        logger.info("%s could not be asked which posts are still there: %s", platform, error.message)
        put_off(SYSTEM, [sample.pk for sample in samples])
        return 0
    for link in gone:
        bury_absent(SYSTEM, links[link].pk)
    return len(samples)
