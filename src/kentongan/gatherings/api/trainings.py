"""Training through the API."""

from kentongan.core.api import Router

router = Router()
