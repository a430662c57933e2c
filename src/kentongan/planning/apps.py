"""The planning app."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlanningConfig(AppConfig):
    """Briefs, content items, approval."""

    name = "kentongan.planning"
    label = "planning"
    verbose_name = _("Planning")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Show on an issue's page what is written about it, say when it is answered; name what our messages are for."""
        from kentongan.core import messages
        from kentongan.listening import answers, panels
        from kentongan.planning import calendar, queries, telling
        from kentongan.planning.calendar.planned import BriefDeadlines, PlannedItems
        from kentongan.planning.issue_panel import IssueContent

        for module in ("fitting", "card_fetching"):  # what their jobs do
            import_module(f"kentongan.planning.{module}")
        panels.register(IssueContent())
        answers.register("planning", queries.ApprovedContent())
        calendar.register(PlannedItems())
        calendar.register(BriefDeadlines())
        messages.declare_purpose(telling.REVIEW, _("Content that waits for your review"))
        messages.declare_purpose(telling.VERDICT, _("What became of your content"))
