"""Calling the API in tests, as one of the cast with a token of their own."""

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client

from kentongan.core import tokens
from named_cast import Cast

BASE = "/api/v1/registry/"


@dataclass(frozen=True)
class Caller:
    """Somebody who calls one room's API, the registry's unless said; `scopes` are those of their token."""

    cast: Cast
    name: str
    scopes: tuple[str, ...] = ("registry:write",)
    base: str = BASE

    def __call__(self, verb: str, path: str, body: Any = None) -> Any:
        """Return the response to a request below the room's address."""
        _row, secret = tokens.create(self.cast.actor(self.name), "tes", list(self.scopes))
        sent = {"data": json.dumps(body), "content_type": "application/json"} if body is not None else {}
        headers = {"Authorization": f"Bearer {secret}"}
        return getattr(Client(), verb)(f"{self.base}{path}", headers=headers, **sent)

    def status(self, verb: str, path: str, body: Any = None) -> int:
        """Return the status of the response alone."""
        return int(self(verb, path, body).status_code)


def fault(response: Any) -> dict[str, Any]:
    """Return what an error says; every error has the one shape."""
    found = response.json()["error"]
    assert set(found) == {"code", "message", "remedy", "fields"}
    return dict(found)
