"""What later rooms show on the pages of items and campaigns: deliveries, invitations to share, numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from kentongan.core.actor import Actor
from kentongan.planning.models import Campaign, ContentItem


@dataclass(frozen=True, slots=True)
class Panel:
    """A template and what it needs; drawn as a card of its own."""

    template: str
    context: Mapping[str, Any]


class ItemPanel(Protocol):
    """A room that has something to say about an item."""

    def panel(self, actor: Actor, item: ContentItem) -> Panel | None:
        """Return what this actor may see about the item; None when there is nothing."""
        ...


class CampaignPanel(Protocol):
    """A room that has something to say about a campaign."""

    def panel(self, actor: Actor, campaign: Campaign) -> Panel | None:
        """Return what this actor may see about the campaign; None when there is nothing."""
        ...


_panels: dict[str, ItemPanel] = {}
_of_campaigns: dict[str, CampaignPanel] = {}


def register(name: str, panel: ItemPanel) -> None:
    """Add a room's panel; a second one of the same name takes its place."""
    _panels[name] = panel


def of(actor: Actor, item: ContentItem) -> list[Panel]:
    """Return the panels of an item's page, in the order in which the rooms were registered."""
    found = (panel.panel(actor, item) for panel in _panels.values())
    return [panel for panel in found if panel is not None]


def register_for_campaigns(name: str, panel: CampaignPanel) -> None:
    """Add a room's panel for campaigns; a second one of the same name takes its place."""
    _of_campaigns[name] = panel


def of_campaign(actor: Actor, campaign: Campaign) -> list[Panel]:
    """Return the panels of a campaign's page, in the order in which the rooms were registered."""
    found = (panel.panel(actor, campaign) for panel in _of_campaigns.values())
    return [panel for panel in found if panel is not None]
