"""A stateful server that speaks Mastodon's API (`mastodon-mock`)."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from servers.process import free_port, missing, running

TOKEN = "mock_token"


@dataclass
class MastodonServer:
    """The server's address, and what tests do behind the product's back."""

    url: str
    token: str = TOKEN
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))

    def get(self, path: str, **params: Any) -> Any:
        """Read as the account itself."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = self.client.get(f"{self.url}{path}", params=params, headers=headers)
        answer.raise_for_status()
        return answer.json()

    def me(self) -> dict[str, Any]:
        """Return the account of the token."""
        return dict(self.get("/api/v1/accounts/verify_credentials"))

    def statuses(self, text: str = "") -> list[dict[str, Any]]:
        """Return the account's statuses whose content holds `text`."""
        found = self.get(f"/api/v1/accounts/{self.me()['id']}/statuses", limit=40)
        return [status for status in found if text in status["content"]]


@contextmanager
def serve(folder: Path) -> Iterator[MastodonServer]:
    """Run a server that keeps everything in memory."""
    program = Path(sys.executable).with_name("mastodon_mock")
    if not program.exists():
        missing("mastodon-mock is not installed")
    port = free_port()
    command = [str(program), "serve", "--in-memory", "--host", "127.0.0.1", "--port", str(port)]
    with running(command, folder / "mastodon.log", lambda log: "Uvicorn running" in log):
        yield MastodonServer(f"http://127.0.0.1:{port}")
