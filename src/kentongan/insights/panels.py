"""What insights show on the pages of earlier rooms: on an issue what was published about it, on an item its numbers."""

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from kentongan.core.actor import Actor
from kentongan.insights.queries import deliveries, issues
from kentongan.planning.models import ContentItem
from kentongan.planning.panels import Panel


class ItemNumbers:
    """The last known numbers of an item's deliveries."""

    def panel(self, actor: Actor, item: ContentItem) -> Panel | None:
        """Return the panel; None when nothing of the item is published."""
        rows = list(deliveries.latest(actor, item=item.pk)[:12])
        return Panel("insights/item_panel.html", {"item": item, "deliveries": rows}) if rows else None


def issue_context(actor: Actor, issue: object) -> dict[str, object]:
    """Return what the panel of an issue needs."""
    volume = issues.volume(actor, issue)  # type: ignore[arg-type]
    return {
        "volume": volume,
        "labels": [date_format(day, "j M") for day, _posts in volume.days],
        "series": [{"name": _("Posts"), "values": [posts for _day, posts in volume.days], "tone": "teak"}],
        "marks": [{"at": date_format(day, "j M"), "text": _("published")} for day in volume.published_on],
    }
