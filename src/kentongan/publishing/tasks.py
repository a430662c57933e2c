"""Publishing's ticks: what is due is claimed in small batches, by any number of workers."""

from functools import partial

from django.db.models import Q

from kentongan.core import common_clock
from kentongan.core.actor import Actor
from kentongan.core.common_clock import Pulse
from kentongan.core.ticks import KEEP_CONNECTION_SECONDS, every
from kentongan.publishing import carrying, connections, queries, telling, worker
from kentongan.publishing.actions import card_pictures, firing, leaps, reconciling, viewing
from kentongan.publishing.recalls import telling as recalls

SYSTEM = Actor.system("publishing.tick")
LANES = 4
PULSE = Pulse(patience=firing.LEASE)
_steady = partial(PULSE.steady, partial(leaps.renew, SYSTEM))


@every(seconds=1, name="publishing.due")
def deliver_due() -> int:
    """Publish what is due, except what takes long, by the clock that all workers share."""
    common_clock.keep()
    return worker.each(worker.deliver, firing.claims(firing.quick()))


def _deliver_one(among: Q) -> int:
    common_clock.keep()
    claims = firing.claim_due(1, among)
    for claim in claims:
        worker.alone(worker.deliver, claim)
    return len(claims)


def deliver_slow() -> int:
    """Publish one thing that is due and takes minutes: in lanes of its own, it holds up nothing else."""
    return _deliver_one(firing.slow())


def deliver_video() -> int:
    """Publish one video that is due: the lane next to it takes the next one meanwhile."""
    return _deliver_one(firing.with_video())


for lane in range(1, LANES + 1):
    # All but the first give their connection back while there is nothing to do.
    seconds = 2 if lane == 1 else KEEP_CONNECTION_SECONDS
    every(seconds=seconds, name=f"publishing.slow.{lane}")(deliver_slow)
    every(seconds=seconds, name=f"publishing.videos.{lane}")(deliver_video)


@every(seconds=5, name="publishing.sweep")
def sweep() -> int:
    """Free what dead workers held, and give up on what became too late."""
    if not _steady():
        return 0
    return leaps.renew_strays(SYSTEM) + firing.sweep(SYSTEM) + firing.miss(SYSTEM)


@every(seconds=2, name="publishing.reconcile")
def reconcile() -> int:
    """Look for deliveries of unknown fate."""
    if not _steady():
        return 0
    return worker.each(worker.look, reconciling.claim_doubts())


@every(seconds=2, name="publishing.recall")
def recall() -> int:
    """Delete what was recalled."""
    return worker.each(worker.take_back, reconciling.claim_recalls())


@every(seconds=5, name="publishing.view")
def view() -> int:
    """Look whether everybody sees what is there."""
    return worker.each(worker.view, viewing.claim_views())


@every(seconds=2, name="publishing.carry")
def carry_messages() -> int:
    """Send what business numbers carry."""
    return carrying.carry()


@every(seconds=60, name="publishing.recall_tasks")
def recall_tasks() -> int:
    """Tell people which posts they have to delete, and a level above when that is late."""
    return recalls.tell(SYSTEM) + recalls.rise(SYSTEM)


@every(seconds=60, name="publishing.health")
def check_health() -> int:
    """Ask platforms whether accounts could publish right now, each about once a day."""
    return worker.each(lambda account: connections.test(SYSTEM, account.pk), list(queries.accounts_to_check()))


@every(seconds=600, name="publishing.connections")
def tell_of_connections() -> int:
    """Tell those who keep accounts which of them cannot publish, or not for much longer."""
    return telling.tell_of_connections(SYSTEM)


@every(seconds=86_400, name="publishing.card_pictures")
def drop_card_pictures() -> int:
    """Throw away the pictures of link cards that nothing shows any longer."""
    return card_pictures.drop_unused(Actor.system("publishing.retention"))
