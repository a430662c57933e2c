"""The registry through the API, one file a noun."""

from kentongan.core.api import Router
from kentongan.registry.api import accounts, units

router = Router(tags=["registry"])
for part in (units, accounts):
    router.add_router("", part.router)
