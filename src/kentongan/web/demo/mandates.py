"""What the demo's office asks of its districts, and which of them have it already."""

from datetime import timedelta

from kentongan.core.permissions import Capability
from kentongan.registry import actions, counting, queries
from kentongan.registry.actions.mandates import NewMandate
from kentongan.registry.models import Account, Mandate, Unit
from kentongan.web.demo.organisation import actor
from kentongan.web.demo.script import SYSTEM, at, chance, section

SHARE = {"facebook": 0.8, "instagram": 0.6, "x": 0.3}


def give() -> None:
    """Give the mandate and declare the accounts of some districts; what is there stays."""
    if not Mandate.objects.exists():
        _give()
    _declare_some()
    counting.fold_all()


def _give() -> None:
    root = queries.root()
    if root is None:
        raise RuntimeError("the organisation is founded first")
    row = section("mandate")
    day = counting.today()
    new = NewMandate(
        name=row["name"],
        subject=Mandate.Subject.UNITS,
        platforms=tuple(SHARE),
        due_on=day + timedelta(days=row["days"]),
        counts=Mandate.Counts.EXISTS,
        levels=(Unit.Level.DISTRICT,),
    )
    letter = {"number": row["letter"], "dated": at(-20).date(), "capability": Capability.INSTRUCT}
    actions.give_mandate(actor("arif"), root.pk, new, letter=letter)


def _declare_some() -> None:
    rng = chance("mandate")
    there = set(Account.objects.filter(kind=Account.Kind.OFFICIAL).values_list("unit_id", "platform"))
    for unit in Unit.objects.filter(level=Unit.Level.DISTRICT).order_by("code"):
        for platform, share in SHARE.items():
            if rng.random() < share and (unit.pk, platform) not in there:
                handle = f"simulasi{unit.code.replace('.', '')}"
                actions.declare_account(SYSTEM, unit.pk, handle=handle, platform=platform, display_name=unit.name)
