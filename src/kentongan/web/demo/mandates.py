"""What the demo's office asks of its districts and its volunteers, and who has it already."""

from datetime import timedelta

from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.registry import actions, counting, queries
from kentongan.registry.actions.mandates import NewMandate
from kentongan.registry.models import Account, Consent, Mandate, Membership, Unit
from kentongan.web.demo.organisation import actor
from kentongan.web.demo.script import SYSTEM, Row, at, chance, section


def give() -> None:
    """Give the mandates, and have some keep them; what is there stays."""
    rows = section("mandates")
    for subject in ("units", "people"):
        if not Mandate.objects.filter(subject=subject).exists():
            _give(subject, rows[subject])
    _declare_official(rows["units"])
    _declare_own(rows["people"])
    counting.fold_all()


def _give(subject: str, row: Row) -> None:
    root = queries.root()
    if root is None:
        raise RuntimeError("the organisation is founded first")
    new = NewMandate(
        name=row["name"],
        subject=subject,
        platforms=tuple(row["share"]),
        due_on=counting.today() + timedelta(days=row["days"]),
        counts=Mandate.Counts.EXISTS,
        levels=tuple(row.get("levels", ())),
        titles=tuple(row.get("titles", ())),
    )
    letter = {"number": row["letter"], "dated": at(-20).date(), "capability": Capability.INSTRUCT}
    actions.give_mandate(actor("arif"), root.pk, new, letter=letter)


def _declare_official(row: Row) -> None:
    rng = chance("mandate")
    there = set(Account.objects.filter(kind=Account.Kind.OFFICIAL).values_list("unit_id", "platform"))
    for unit in Unit.objects.filter(level=Unit.Level.DISTRICT).order_by("code"):
        for platform, share in row["share"].items():
            if rng.random() < share and (unit.pk, platform) not in there:
                handle = f"simulasi{unit.code.replace('.', '')}"
                actions.declare_account(SYSTEM, unit.pk, handle=handle, platform=platform, display_name=unit.name)


def _declare_own(row: Row) -> None:
    """Let volunteers who agreed to it state accounts of their own, as on their phone."""
    rng = chance("own accounts")
    there = set(Account.objects.filter(kind=Account.Kind.ORGANIC).values_list("person_id", "platform"))
    agreed = Consent.objects.filter(purpose=Consent.Purpose.ACCOUNTS, revoked_at=None).values("person")
    volunteers = Membership.objects.filter(title__in=row["titles"], person__in=agreed, person__simulated=True)
    for person_id in volunteers.order_by("person_id").values_list("person_id", flat=True):
        for platform, share in row["share"].items():
            if rng.random() < share and (person_id, platform) not in there:
                text = f"simulasi.orang{person_id}"
                actions.declare_own(Actor.of_link(person_id, "demo"), text=text, platform=platform)
