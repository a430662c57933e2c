"""The registry through the API, one file a noun."""

from kentongan.core.api import Router
from kentongan.registry.api import (
    accounts,
    audits,
    checks,
    custody,
    handovers,
    invitations,
    mandates,
    units,
)

PARTS = (
    units,
    accounts,
    audits,
    checks,
    custody,
    handovers,
    invitations,
    mandates,
)

router = Router(tags=["registry"])
for part in PARTS:
    router.add_router("", part.router)
