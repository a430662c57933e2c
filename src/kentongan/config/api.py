"""The API: every room's router under one roof, described at /api/docs."""

from importlib import import_module

from kentongan.core import endpoints
from kentongan.core.api import new_api

ROOMS = ("registry", "listening", "planning", "publishing", "missions", "gatherings", "insights", "safeguards")

api = new_api(
    title="Kentongan",
    version="1",
    description=(
        "The same objects, rights and rules as the screens. Authenticate with `Authorization: Bearer ktg_...`; "
        "tokens are made in the settings. Every error has the shape "
        '`{"error": {"code", "message", "remedy", "fields"}}`.'
    ),
    docs_url="/docs",
    openapi_url="/openapi.json",
    urls_namespace="api",
)
api.add_router("/v1/core", endpoints.router)
for room in ROOMS:
    api.add_router(f"/v1/{room}", import_module(f"kentongan.{room}.api").router)
