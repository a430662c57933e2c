"""The planning app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlanningConfig(AppConfig):
    """Briefs, content items, approval."""

    name = "kentongan.planning"
    label = "planning"
    verbose_name = _("Planning")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Show on an issue's page what is written about it."""
        from kentongan.listening import panels
        from kentongan.planning.issue_panel import IssueContent

        panels.register(IssueContent())
