"""What later rooms show on an account's page, such as a pause.

A room writes an AccountPanel and calls `register` in its AppConfig.ready.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from kentongan.core.actor import Actor
from kentongan.registry.models import Account


class AccountPanel(Protocol):
    """A part of an account's page; `template` is included with what `context` returns."""

    template: str

    def context(self, actor: Actor, account: Account) -> Mapping[str, Any] | None:
        """Return what the template needs, or None when there is nothing to show to this actor."""
        ...


_panels: dict[str, AccountPanel] = {}


def register(name: str, panel: AccountPanel) -> None:
    """Add a room's panel; a second one of the same name takes its place."""
    _panels[name] = panel


def of(actor: Actor, account: Account) -> list[tuple[str, Mapping[str, Any]]]:
    """Return (template, context) of each panel that has something to say."""
    found = ((panel.template, panel.context(actor, account)) for panel in _panels.values())
    return [(template, context) for template, context in found if context is not None]
