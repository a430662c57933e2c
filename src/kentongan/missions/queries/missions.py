"""Reads of share missions: lists, the board by branch, how genuine it looks, what safeguards say."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, F, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.missions import access, audience
from kentongan.missions.models import Mission, MissionInvitation
from kentongan.missions.states import MissionState
from kentongan.registry import queries as registry_queries
from kentongan.registry.access import units_for
from kentongan.registry.models import Unit
from kentongan.safeguards import queries as safeguards
from kentongan.safeguards.authenticity import alike_pairs
from kentongan.safeguards.purposes import Purpose
from kentongan.safeguards.queries import Verdict

BUNCH_MINUTES = 10


def _neutral() -> bool:
    organisation = registry_queries.organisation()
    return organisation is None or organisation.neutral


def purpose_verdict(purpose: str) -> Verdict:
    """Say whether a mission of that purpose may exist in this organisation at all."""
    return safeguards.check_purpose(purpose, neutral=_neutral())


def firing_verdict(mission: Mission) -> Verdict:
    """Say whether the mission may run now, at its unit."""
    unit = mission.unit
    return safeguards.check_firing(mission.purpose, clock.now(), unit.area_code, _neutral(), unit.timezone)


def purposes() -> list[tuple[str, str | Promise]]:
    """Return the purposes that a mission may have in this organisation."""
    return [(value, label) for value, label in Purpose.choices if purpose_verdict(value).allowed]


def ending(mission: Mission) -> str | Promise:
    """Say why the mission no longer runs; nothing while it does."""
    if mission.state != MissionState.OPEN:
        return mission.close_reason or _("This mission has ended. Thank you.")
    if mission.closes_at <= clock.now():
        return _("The time of this mission is over. Thank you.")
    verdict = firing_verdict(mission)
    return verdict.reason if verdict.held else ""


def to_close() -> dict[str, list[int]]:
    """Return the ids of open missions to close by reason: time over, or campaign where it is forbidden now."""
    now = clock.now()
    running = Mission.objects.filter(state=MissionState.OPEN)
    found: dict[str, list[int]] = {}
    late = list(running.filter(closes_at__lte=now).values_list("pk", flat=True))
    if late:
        found[gettext("The time of this mission is over. Thank you.")] = late
    campaigns = list(running.filter(closes_at__gt=now, purpose=Purpose.CAMPAIGN).select_related("unit"))
    if campaigns:
        calendar, neutral = safeguards.quiet_calendar(now), _neutral()
        for mission in campaigns:
            verdict = calendar.check(mission.purpose, now, mission.unit.area_code, neutral, mission.unit.timezone)
            if verdict.held:
                found.setdefault(str(verdict.reason), []).append(mission.pk)
    return found


def listed(actor: Actor, state: str = "") -> QuerySet[Mission]:
    """Return the missions that `actor` sees, the newest first."""
    found = access.missions(actor).select_related("unit", "scope").order_by("-id")
    return found.filter(state=state) if state in MissionState else found


def of_issue(actor: Actor, issue_id: int) -> QuerySet[Mission]:
    """Return the missions for content that answers an issue, as far as `actor` sees them."""
    return access.missions(actor).filter(item__issue_id=issue_id).select_related("unit").order_by("-id")


@dataclass(frozen=True, slots=True)
class Counts:
    """How far a mission came: each count includes the later steps (who shared has opened)."""

    invited: int = 0
    opened: int = 0
    worded: int = 0
    shared: int = 0
    declined: int = 0

    @property
    def shared_part(self) -> float | None:
        """The part of the invited that shared, 0 to 1; None without invitations."""
        return self.shared / self.invited if self.invited else None

    @property
    def stages(self) -> list[tuple[str | Promise, int, float]]:
        """Return (name, count, width of 100) of the way from invitation to share."""
        rows = (
            (_("Asked"), self.invited),
            (_("Opened"), self.opened),
            (_("Worded"), self.worded),
            (_("Shared"), self.shared),
        )
        return [(name, count, round(100 * count / self.invited, 1) if self.invited else 0.0) for name, count in rows]


COUNTS = {
    "invited": Count("pk"),
    "opened": Count("opened_at"),
    "worded": Count("worded_at"),
    "shared": Count("shared_at"),
    "declined": Count("declined_at"),
}


def counts_of(missions: Iterable[Mission]) -> dict[int, Counts]:
    """Return each mission's counts, in one query."""
    rows = MissionInvitation.objects.filter(mission__in=[one.pk for one in missions])
    found = rows.values("mission_id").annotate(**COUNTS).order_by().values_list("mission_id", *COUNTS)
    return {mission_id: Counts(*counts) for mission_id, *counts in found}


@dataclass(frozen=True, slots=True)
class Branch:
    """A child unit of the mission's scope, with the invitations of its whole subtree."""

    unit: Unit
    counts: Counts


BRANCHES = """
    SELECT subpath(unit.path, 0, least(nlevel(unit.path), nlevel(%(node)s::ltree) + 1))::text AS branch,
           count(*), count(invitation.opened_at), count(invitation.worded_at),
           count(invitation.shared_at), count(invitation.declined_at)
    FROM missions_missioninvitation AS invitation JOIN registry_unit AS unit ON unit.id = invitation.unit_id
    WHERE invitation.mission_id = %(mission)s
    GROUP BY branch
"""


def branches(mission: Mission) -> list[Branch]:
    """Return the scope and its child units with their invitations, the most shares first: two queries."""
    with connection.cursor() as cursor:
        cursor.execute(BRANCHES, {"node": mission.scope.path, "mission": mission.pk})
        rows = {path: Counts(*counts) for path, *counts in cursor.fetchall()}
    units = Unit.objects.filter(path__in=list(rows))
    found = [Branch(unit, rows[str(unit.path)]) for unit in units]
    return sorted(found, key=lambda branch: (-branch.counts.shared, -branch.counts.invited, branch.unit.name))


@dataclass(frozen=True, slots=True)
class Authenticity:
    """How genuine a mission looks from outside: variety of words (0 to 1), and the part shared within ten minutes.

    None means that too little was shared to say.
    """

    captions: int
    variety: float | None
    bunched: float | None

    @property
    def tone(self) -> str:
        """The colour of the verdict."""
        if self.variety is None:
            return "plain"
        return "leaf" if self.variety >= 0.7 and (self.bunched or 0) < 0.5 else "amber"


BUNCH = """
    SELECT max(near)::float / nullif(count(*), 0), count(*) FROM (
        SELECT count(*) OVER (
            ORDER BY shared_at RANGE BETWEEN CURRENT ROW AND make_interval(mins => %s) FOLLOWING
        ) AS near
        FROM missions_missioninvitation WHERE mission_id = %s AND shared_at IS NOT NULL
    ) AS shares
"""


def authenticity(mission: Mission) -> Authenticity:
    """Measure how alike the captions are and how bunched the shares: two queries."""
    worded = mission.invitations.filter(similarity__isnull=False)
    captions, likeness = worded.values_list("similarity", flat=True), None
    values = [value for value in captions if value is not None]
    if len(values) > 1:
        likeness = sum(values) / len(values)
    with connection.cursor() as cursor:
        cursor.execute(BUNCH, [BUNCH_MINUTES, mission.pk])
        bunched, shares = cursor.fetchone()
    return Authenticity(
        captions=len(values),
        variety=None if likeness is None else 1 - likeness,
        bunched=bunched if shares >= 5 else None,
    )


@dataclass(frozen=True, slots=True)
class Preview:
    """What opening the mission would do: how many are invited, how many are left out for want of consent."""

    invited: int
    without_consent: int
    alike_starters: Sequence[tuple[str, str]]


def preview(mission: Mission) -> Preview:
    """Count whom the mission would invite, by the very query that opening inserts from."""
    alike = alike_pairs(mission.starters, limit=0.5)
    pairs = [(mission.starters[pair.first], mission.starters[pair.second]) for pair in alike]
    return Preview(audience.invitees(mission).count(), audience.without_consent(mission), pairs)


def invitations(actor: Actor, mission: Mission, state: str = "") -> QuerySet[MissionInvitation]:
    """Return the invitations by name where `actor` instructs; others see counts only."""
    seen = units_for(actor, Capability.INSTRUCT).values("pk")
    found = mission.invitations.filter(unit__in=seen).select_related("unit", "person")
    if state == "asked":
        found = found.filter(links__asked_again_at__isnull=False, links__revoked_at__isnull=True)
    elif state:
        found = found.filter(state=state)
    return found.order_by(F("shared_at").desc(nulls_last=True), F("opened_at").desc(nulls_last=True), "id")


def may_see_names(actor: Actor, unit: Unit) -> bool:
    """Whether `actor` may see by name who did what under `unit`."""
    return units_for(actor, Capability.INSTRUCT).filter(Q(path__covers=unit.path)).exists()


def of_item(actor: Actor, item_id: int) -> QuerySet[Mission]:
    """Return the missions for a content item, as far as `actor` sees them."""
    return access.missions(actor).filter(item_id=item_id).select_related("unit").order_by("-id")
