"""The registry through the API, one file a noun."""

from kentongan.core.api import Router
from kentongan.registry.api import accounts, custody, units

router = Router(tags=["registry"])
for part in (units, accounts, custody):
    router.add_router("", part.router)
