"""What missions show on the pages of earlier rooms: on an issue the instructions about it, on an item its missions."""

from collections.abc import Mapping
from typing import Any

from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.listening.models import Issue
from kentongan.missions.queries import instructions, missions
from kentongan.planning.models import ContentItem
from kentongan.planning.panels import Panel
from kentongan.registry import access


class IssueInstructions:
    """The instructions and missions about an issue, and the way to give one."""

    order = 50
    template = "missions/issue_panel.html"

    def context(self, actor: Actor, issue: Issue) -> Mapping[str, Any] | None:
        """Return what the template needs; None for those who are not staff there."""
        held = access.capabilities(actor, issue.unit)
        if Capability.MEASURE not in held:
            return None
        found = list(instructions.of_issue(actor, issue.pk)[:5])
        shares = instructions.shares_of(actor, found)
        return {
            "issue": issue,
            "instructions": [(one, shares.get(one.pk, instructions.Shares())) for one in found],
            "missions": list(missions.of_issue(actor, issue.pk)[:5]),
            "can_instruct": Capability.INSTRUCT in held,
        }


class ItemMissions:
    """The share missions for a content item, and the way to make one."""

    def panel(self, actor: Actor, item: ContentItem) -> Panel | None:
        """Return the panel; None for those who are not staff there, or where there is nothing to show or do."""
        found = list(missions.of_item(actor, item.pk)[:5])
        can_invite = Capability.INSTRUCT in access.capabilities(actor, item.unit)
        if not found and not can_invite:
            return None
        counts = missions.counts_of(found)
        rows = [(one, counts.get(one.pk, missions.Counts())) for one in found]
        return Panel("missions/item_panel.html", {"item": item, "missions": rows, "can_invite": can_invite})
