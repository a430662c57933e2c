"""The gatherings app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GatheringsConfig(AppConfig):
    """Meetings, who comes, what is asked and answered."""

    name = "kentongan.gatherings"
    label = "gatherings"
    verbose_name = _("Gatherings")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register jobs, ticks and what this room shows on the pages of earlier rooms."""
        from kentongan.gatherings import keeper, panels, tasks  # noqa: F401  tasks registers itself
        from kentongan.listening import panels as listening_panels
        from kentongan.registry import personal

        listening_panels.register(panels.IssueMeetings())
        personal.register("gatherings", keeper.GatheringsKeeper())
