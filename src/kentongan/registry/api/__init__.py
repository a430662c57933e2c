"""The registry through the API, one file a noun."""

from kentongan.core.api import Router
from kentongan.registry.api import (
    accounts,
    audits,
    checks,
    contacts,
    custody,
    handovers,
    impostors,
    invitations,
    mandates,
    people,
    units,
    visits,
)

PARTS = (
    units,
    visits,
    accounts,
    audits,
    checks,
    contacts,
    custody,
    handovers,
    impostors,
    invitations,
    mandates,
    people,
)

router = Router(tags=["registry"])
for part in PARTS:
    router.add_router("", part.router)
