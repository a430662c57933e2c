"""Reads of instructions: lists, the board with shares by branch, the names behind a share, what waits for me."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, F, Q, QuerySet

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.errors import NotFound
from kentongan.core.permissions import Capability
from kentongan.missions import access, audience
from kentongan.missions.models import Audience, Instruction, MissionInvitation, Receipt
from kentongan.missions.states import (
    ANSWERED,
    WAITING,
    InstructionState,
    InvitationState,
    MissionState,
    ReceiptState,
)
from kentongan.registry.access import units_for
from kentongan.registry.models import Person, Unit


@dataclass(frozen=True, slots=True)
class Shares:
    """How many receipts stand in each state."""

    pending: int = 0
    delivered: int = 0
    seen: int = 0
    done: int = 0
    declined: int = 0

    @property
    def total(self) -> int:
        """All receipts."""
        return self.pending + self.delivered + self.seen + self.done + self.declined

    @property
    def answered(self) -> int:
        """Receipts that say done or declined."""
        return self.done + self.declined

    @property
    def waiting(self) -> int:
        """Receipts without an answer."""
        return self.total - self.answered

    @property
    def done_share(self) -> float | None:
        """The part that is done, 0 to 1; None without receipts."""
        return self.done / self.total if self.total else None

    def segments(self) -> list[tuple[str, int, float, float]]:
        """Return (state, count, start, width) of a bar of 100 units, for states that occur."""
        parts, start = [], 0.0
        for state in (
            ReceiptState.DONE,
            ReceiptState.SEEN,
            ReceiptState.DELIVERED,
            ReceiptState.PENDING,
            ReceiptState.DECLINED,
        ):
            count: int = getattr(self, state.value)
            width = 100 * count / self.total if self.total else 0.0
            if count:
                parts.append((state.value, count, round(start, 2), round(width, 2)))
            start += width
        return parts


def _total(rows: Iterable[Shares]) -> Shares:
    columns = list(zip(*((row.pending, row.delivered, row.seen, row.done, row.declined) for row in rows), strict=True))
    return Shares(*(sum(column) for column in columns)) if columns else Shares()


@dataclass(frozen=True, slots=True)
class Branch:
    """A child unit of the node on the board, with the receipts of its whole subtree."""

    unit: Unit
    shares: Shares
    has_children: bool


@dataclass(frozen=True, slots=True)
class Board:
    """An instruction seen from one node: its own receipts, and those of each branch below."""

    node: Unit
    trail: Sequence[Unit]
    own: Shares
    branches: Sequence[Branch]

    @property
    def total(self) -> Shares:
        """The node and everything below it."""
        return _total([self.own, *(branch.shares for branch in self.branches)])


# One scan over the receipts below the node; each row is counted for the child of the node on its path.
BRANCHES = """
    SELECT subpath(unit.path, 0, least(nlevel(unit.path), nlevel(%(node)s::ltree) + 1))::text AS branch,
           count(*) FILTER (WHERE receipt.state = 'pending'),
           count(*) FILTER (WHERE receipt.state = 'delivered'),
           count(*) FILTER (WHERE receipt.state = 'seen'),
           count(*) FILTER (WHERE receipt.state = 'done'),
           count(*) FILTER (WHERE receipt.state = 'declined'),
           bool_or(nlevel(unit.path) > nlevel(%(node)s::ltree) + 1)
    FROM missions_receipt AS receipt JOIN registry_unit AS unit ON unit.id = receipt.unit_id
    WHERE receipt.instruction_id = %(instruction)s AND unit.path <@ %(node)s::ltree
    GROUP BY branch
"""


def nodes(actor: Actor, instruction: Instruction) -> QuerySet[Unit]:
    """Return the highest units from which `actor` may look at the instruction."""
    seen = units_for(actor, Capability.MEASURE).filter(path__within=instruction.scope.path)
    return seen.exclude(parent__in=seen.values("pk")).order_by("path")


def node(actor: Actor, instruction: Instruction, unit_id: int | None) -> Unit:
    """Return the unit from which the board is seen: the one asked for, else the highest that `actor` sees."""
    if unit_id is None:
        found = nodes(actor, instruction).first()
    else:
        seen = units_for(actor, Capability.MEASURE)
        found = seen.filter(pk=unit_id, path__within=instruction.scope.path).first()
    if found is None:
        raise NotFound()
    return found


def board(actor: Actor, instruction: Instruction, unit: Unit) -> Board:
    """Return the board at `unit`: three queries, whatever the size of the subtree."""
    with connection.cursor() as cursor:
        cursor.execute(BRANCHES, {"node": unit.path, "instruction": instruction.pk})
        rows = {path: (Shares(*counts), deeper) for path, *counts, deeper in cursor.fetchall()}
    own, _deeper = rows.pop(str(unit.path), (Shares(), False))
    units = {str(child.path): child for child in Unit.objects.filter(path__in=list(rows))}
    branches = [Branch(units[path], shares, deeper) for path, (shares, deeper) in rows.items()]
    branches.sort(key=lambda branch: (branch.shares.done_share or 0, branch.unit.name))
    above = units_for(actor, Capability.MEASURE).filter(path__covers=unit.path, path__within=instruction.scope.path)
    return Board(unit, list(above.order_by("path")), own, branches)


FILTERS = {
    "waiting": Q(state__in=WAITING),
    "pending": Q(state=ReceiptState.PENDING),
    "done": Q(state=ReceiptState.DONE),
    "declined": Q(state=ReceiptState.DECLINED),
    "asked": Q(links__asked_again_at__isnull=False, links__revoked_at__isnull=True),
}


def receipts(instruction: Instruction, unit: Unit, show: str = "", search: str = "") -> QuerySet[Receipt]:
    """Return the receipts below `unit`, those that nobody answered first."""
    found = Receipt.objects.filter(instruction=instruction, unit__path__within=unit.path)
    if show in FILTERS:
        found = found.filter(FILTERS[show])
    if search:
        found = found.filter(Q(unit__name__icontains=search) | Q(person__full_name__icontains=search))
    return found.select_related("unit", "person", "proof").order_by(
        F("answered_at").asc(nulls_first=True), "unit__path", "person__full_name", "id"
    )


def listed(actor: Actor, state: str = "") -> QuerySet[Instruction]:
    """Return the instructions that `actor` sees, the newest first."""
    found = access.instructions(actor).select_related("unit", "scope").order_by("-id")
    return found.filter(state=state) if state in InstructionState else found


def shares_of(actor: Actor, instructions: Iterable[Instruction]) -> dict[int, Shares]:
    """Return each instruction's receipts within what `actor` sees, in one query."""
    units = units_for(actor, Capability.MEASURE).values("pk")
    counted = (
        Receipt.objects.filter(instruction__in=[one.pk for one in instructions], unit__in=units)
        .values("instruction_id", "state")
        .annotate(count=Count("pk"))
        .order_by()
    )
    found: dict[int, dict[str, int]] = {}
    for row in counted:
        found.setdefault(row["instruction_id"], {})[row["state"]] = row["count"]
    return {key: Shares(**states) for key, states in found.items()}


@dataclass(frozen=True, slots=True)
class Preview:
    """Whom an instruction would reach: how many answer, and how many of those can be reached right away."""

    recipients: int
    reachable: int

    @property
    def silent(self) -> int:
        """Recipients of whom nobody signs in: they get a link, or the unit has to be told."""
        return self.recipients - self.reachable


def preview(instruction: Instruction) -> Preview:
    """Count whom the instruction would reach, by the very query that sending inserts from."""
    chosen = audience.recipients(instruction)
    sql, parameters = chosen.query.sql_with_params()
    statement = f"SELECT count(*), count(*) FILTER (WHERE state = 'delivered') FROM ({sql}) AS chosen(a, b, state)"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return Preview(*cursor.fetchone())


def receipts_for(actor: Actor) -> QuerySet[Receipt]:
    """Return what waits for `actor`'s own answer: addressed to them, or to a unit where they hold a role."""
    own = access.is_own(actor) | Q(person__isnull=True, unit__in=access.own_units(actor).values("pk"))
    return (
        Receipt.objects.filter(own)
        .exclude(instruction__state=InstructionState.RECALLED)
        .select_related("instruction", "instruction__unit", "unit", "person", "proof")
        .order_by(F("answered_at").asc(nulls_first=True), "instruction__due_at", "id")
    )


def waiting_for(actor: Actor) -> QuerySet[Receipt]:
    """Return the part of `receipts_for` that still can and should be answered."""
    return receipts_for(actor).filter(state__in=WAITING, instruction__state=InstructionState.OPEN)


def invitations_for(actor: Actor) -> QuerySet[MissionInvitation]:
    """Return the running share missions to which `actor` is invited personally."""
    return (
        MissionInvitation.objects.filter(access.is_own(actor), mission__state=MissionState.OPEN)
        .exclude(state__in=(InvitationState.DECLINED, InvitationState.ERASED))
        .filter(mission__closes_at__gt=clock.now())
        .select_related("mission", "mission__unit")
        .order_by("mission__closes_at")
    )


def issuing_units(actor: Actor) -> QuerySet[Unit]:
    """Return the units in whose name `actor` may instruct and invite."""
    return units_for(actor, Capability.INSTRUCT).filter(closed_at__isnull=True).order_by("path")


def person_of(actor: Actor) -> Person | None:
    """Return the person that `actor` is, if the registry knows one."""
    if actor.user_id is not None:
        return Person.objects.filter(user_id=actor.user_id).first()
    return Person.objects.filter(pk=actor.person_id).first() if actor.person_id is not None else None


def wants_answer(receipt: Receipt) -> bool:
    """Whether an answer to this receipt is still taken; answers may be corrected while the instruction runs."""
    return receipt.instruction.state == InstructionState.OPEN


def of_issue(actor: Actor, issue_id: int) -> QuerySet[Instruction]:
    """Return the instructions made from an issue, as far as `actor` sees them."""
    return access.instructions(actor).filter(issue_id=issue_id).select_related("unit").order_by("-id")


def answered_count(instruction: Instruction) -> int:
    """Return how many receipts of the whole instruction are answered."""
    return instruction.receipts.filter(state__in=ANSWERED).count()


def is_for_people(instruction: Instruction) -> bool:
    """Whether people answer, rather than units."""
    return instruction.audience == Audience.PEOPLE
