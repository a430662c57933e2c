"""Panels that later rooms add to an issue's page: what was published about it, meetings made from it.

A room writes a Panel and calls `register` in its AppConfig.ready.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from kentongan.core.actor import Actor
from kentongan.listening.models import Issue


class Panel(Protocol):
    """A part of an issue's page. `order` places it; `template` is included with what `context` returns."""

    order: int
    template: str

    def context(self, actor: Actor, issue: Issue) -> Mapping[str, Any] | None:
        """Return what the template needs, or None when there is nothing to show to this actor."""
        ...


_panels: list[Panel] = []


def register(panel: Panel) -> None:
    """Add a panel."""
    _panels.append(panel)
    _panels.sort(key=lambda known: known.order)


def for_issue(actor: Actor, issue: Issue) -> list[tuple[str, Mapping[str, Any]]]:
    """Return (template, context) of each panel that has something to say."""
    contexts = ((panel.template, panel.context(actor, issue)) for panel in _panels)
    return [(template, context) for template, context in contexts if context is not None]
