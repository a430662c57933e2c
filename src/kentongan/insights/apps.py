"""The insights app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InsightsConfig(AppConfig):
    """What the published content reached."""

    name = "kentongan.insights"
    label = "insights"
    verbose_name = _("Insights")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register jobs, ticks and what this room shows on the pages of earlier rooms."""
        from kentongan.insights import panels, tasks  # noqa: F401  tasks registers itself
        from kentongan.listening import panels as listening_panels
        from kentongan.planning import panels as planning_panels

        listening_panels.register(panels.IssueVolume())
        planning_panels.register("insights", panels.ItemNumbers())
