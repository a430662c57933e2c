"""Jobs and ticks: telling recipients, noting what was delivered, closing what is over."""

from collections.abc import Iterator

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kentongan.core import clock, jobs
from kentongan.core.actor import Actor
from kentongan.core.messages import declare_purpose
from kentongan.core.ticks import every
from kentongan.missions import telling
from kentongan.missions.actions import missions as mission_actions
from kentongan.missions.models import Instruction, Mission, MissionInvitation, Receipt
from kentongan.missions.states import WAITING

BATCH = 500
SYSTEM = Actor.system("missions")

declare_purpose(telling.INSTRUCTION, _("Instructions of your organisation"))
declare_purpose(telling.INVITATION, _("Invitations to share"))


def _batches(ids: list[int]) -> Iterator[list[int]]:
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))


def _tell_batch(instruction: Instruction, ids: list[int], occasion: str, reminder: bool) -> int:
    """Tell one batch; `reminded_at` keeps a job that is started anew from reminding twice."""
    with transaction.atomic():
        rows = list(
            Receipt.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("person")
            .filter(pk__in=ids, state__in=WAITING)
        )
        people = [row for row in rows if row.person_id is not None]
        units = [row for row in rows if row.person_id is None]
        told = telling.tell_people(SYSTEM, instruction, people, occasion=occasion, reminder=reminder) if people else 0
        told += telling.tell_units(SYSTEM, instruction, units, occasion=occasion, reminder=reminder) if units else 0
        if reminder:
            Receipt.objects.filter(pk__in=[row.pk for row in rows]).update(reminded_at=clock.now())
    return told


@jobs.handler("missions.tell", resumable=True)
def tell(progress: jobs.Progress, *, instruction_id: int, reminder: bool) -> dict[str, object]:
    """Tell everybody who has not answered, at most once a day."""
    instruction = Instruction.objects.select_related("unit").get(pk=instruction_id)
    today = clock.now().astimezone(clock.zone(instruction.unit.timezone)).date()
    occasion = f"reminder-{today:%Y%m%d}" if reminder else "first"
    waiting = instruction.receipts.filter(state__in=WAITING)
    if not reminder:  # started anew after a crash: who has a link already keeps it
        waiting = waiting.filter(links__isnull=True)
    if reminder:
        midnight = clock.now().astimezone(clock.zone(instruction.unit.timezone)).replace(hour=0, minute=0, second=0)
        waiting = waiting.filter(Q(reminded_at__isnull=True) | Q(reminded_at__lt=midnight))
    ids = list(waiting.order_by("pk").values_list("pk", flat=True))
    progress.total(len(ids))
    told = 0
    for batch in _batches(ids):
        progress.check()
        told += _tell_batch(instruction, batch, occasion, reminder)
        progress.advance(len(batch))
    return {"messages": told}


def _invite_batch(mission: Mission, ids: list[int]) -> int:
    with transaction.atomic():
        rows = (
            MissionInvitation.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("person")
            .filter(pk__in=ids, person__isnull=False, links__isnull=True)
        )
        return telling.invite(SYSTEM, mission, list(rows), occasion="first")


@jobs.handler("missions.invite", resumable=True)
def invite(progress: jobs.Progress, *, mission_id: int) -> dict[str, object]:
    """Send the invitations of a mission; who has a link already is not sent another."""
    mission = Mission.objects.select_related("unit").get(pk=mission_id)
    ids = list(mission.invitations.filter(links__isnull=True).order_by("pk").values_list("pk", flat=True))
    progress.total(len(ids))
    told = 0
    for batch in _batches(ids):
        progress.check()
        told += _invite_batch(mission, batch)
        progress.advance(len(batch))
    return {"messages": told}


# What the outbox knows becomes what the board shows; set-based, and only forward.
DELIVERED = """
    UPDATE missions_receipt AS receipt
    SET state = 'delivered', delivered_at = message.sent_at
    FROM core_message AS message
    WHERE receipt.state = 'pending' AND message.dedupe_key = 'receipt:' || receipt.id || ':first'
      AND message.state IN ('sent', 'handed_over')
"""


@every(seconds=10, name="missions.delivered")
def note_delivered() -> int:
    """Note which receipts' messages were sent or handed over."""
    with connection.cursor() as cursor:
        cursor.execute(DELIVERED)
    return 0


@every(seconds=15, name="missions.close")
def close_due() -> int:
    """Close missions whose time is over, and campaign missions in a quiet period."""
    mission_actions.close_due(SYSTEM)
    return 0
