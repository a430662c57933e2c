"""Whether everybody sees what we published: platforms hide posts of apps that they have not audited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import httpx

    from kentongan.channels.contract import Absent, Credentials, Found, Unsure


@runtime_checkable
class Viewer(Protocol):
    """Tells whether everybody sees a post whose identifier we know."""

    def view(self, remote_id: str, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure:
        """Return whether it is there, and why it is hidden where it is; trouble on the way is Unsure."""
        ...
