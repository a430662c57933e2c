"""Gatherings through the API, one file a noun."""

from kentongan.core.api import Router
from kentongan.gatherings.api import gatherings, trainings

router = Router(tags=["gatherings"])
for part in (gatherings, trainings):
    router.add_router("", part.router)
