"""The missions app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MissionsConfig(AppConfig):
    """Instructions with receipts, and share missions."""

    name = "kentongan.missions"
    label = "missions"
    verbose_name = _("Missions")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register jobs, ticks and what this room shows on the pages of earlier rooms."""
        from kentongan.listening import panels as listening_panels
        from kentongan.missions import keeper, panels, tasks  # noqa: F401  tasks registers itself
        from kentongan.planning import panels as planning_panels
        from kentongan.registry import personal

        listening_panels.register(panels.IssueInstructions())
        planning_panels.register("missions", panels.ItemMissions())
        personal.register("missions", keeper.MissionsKeeper())
