"""A real Bluesky personal data server."""

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from servers.process import missing, running

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "src" / "kentongan" / "web" / "demo" / "pds" / "serve.mjs"
INSTALLED = ROOT / "build" / "pds"
NODE = ROOT / "build" / "node-venv" / "bin" / "node"
PASSWORD = "kata-sandi-akun"
_names = itertools.count(1)


@dataclass
class Pds:
    """The server's address, and what tests do behind the product's back."""

    url: str
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))

    def call(self, method: str, token: str = "", post: Any = None, **params: Any) -> dict[str, Any]:
        """Call an XRPC method and return its answer."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"{self.url}/xrpc/{method}"
        if post is None:
            answer = self.client.get(url, params=params, headers=headers)
        else:
            answer = self.client.post(url, json=post, headers=headers)
        answer.raise_for_status()
        return answer.json() if answer.content else {}

    def account(self) -> dict[str, str]:
        """Make an account with an app password: {handle, did, app_password, token}."""
        handle = f"kabar{next(_names)}.test"
        body = {"handle": handle, "email": f"{handle}@example.id", "password": PASSWORD}
        made = self.call("com.atproto.server.createAccount", post=body)
        word = self.call("com.atproto.server.createAppPassword", made["accessJwt"], post={"name": "kentongan"})
        return {
            "handle": handle,
            "did": made["did"],
            "app_password": word["password"],
            "token": made["accessJwt"],
        }

    def posts(self, did: str) -> list[dict[str, Any]]:
        """Return all posts of an account."""
        found = self.call("com.atproto.repo.listRecords", repo=did, collection="app.bsky.feed.post", limit=100)
        return list(found["records"])


@contextmanager
def serve(folder: Path) -> Iterator[Pds]:
    """Run a server with its data in `folder`."""
    if not (INSTALLED / "installed").exists() or not NODE.exists():
        missing("The Bluesky server is not installed")
    command = [str(NODE), str(SCRIPT), str(INSTALLED)]
    with running(command, folder / "pds.log", lambda log: '"pds"' in log, {"PDS_DATA": str(folder / "pds")}) as log:
        line = next(line for line in log.splitlines() if line.startswith("{"))
        yield Pds(json.loads(line)["pds"])
