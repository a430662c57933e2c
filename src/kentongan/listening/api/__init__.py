"""Listening through the API, one file a noun."""

from kentongan.core.api import Router
from kentongan.listening.api import alerts, issues, sources

router = Router(tags=["listening"])
for part in (alerts, issues, sources):
    router.add_router("", part.router)
