"""Listening through the API, one file a noun."""

from kentongan.core.api import Router
from kentongan.listening.api import issues, sources

router = Router(tags=["listening"])
for part in (issues, sources):
    router.add_router("", part.router)
