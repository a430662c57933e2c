"""What insights show on the pages of earlier rooms: on an issue what was published about it, on an item its numbers."""

from collections.abc import Mapping
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.insights.queries import deliveries, issues
from kentongan.listening.models import Issue
from kentongan.planning.models import ContentItem
from kentongan.planning.panels import Panel
from kentongan.registry import access


class ItemNumbers:
    """The last known numbers of an item's deliveries."""

    def panel(self, actor: Actor, item: ContentItem) -> Panel | None:
        """Return the panel; None when nothing of the item is published."""
        rows = list(deliveries.latest(actor, item=item.pk)[:12])
        return Panel("insights/item_panel.html", {"item": item, "deliveries": rows}) if rows else None


class IssueVolume:
    """What was published about an issue, and how the talk about it went on."""

    order = 40
    template = "insights/issue_panel.html"

    def context(self, actor: Actor, issue: Issue) -> Mapping[str, Any] | None:
        """Return what the template needs; None for those who are not staff there."""
        if Capability.MEASURE not in access.capabilities(actor, issue.unit):
            return None
        volume = issues.volume(actor, issue)
        return {
            "volume": volume,
            "labels": [date_format(day, "j M") for day, _posts in volume.days],
            "series": [{"name": _("Posts"), "values": [posts for _day, posts in volume.days], "tone": "teak"}],
            "marks": [{"at": date_format(day, "j M"), "text": _("published")} for day in volume.published_on],
        }
