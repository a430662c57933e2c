"""The publishing app."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PublishingConfig(AppConfig):
    """Once, or visibly unknown."""

    name = "kentongan.publishing"
    label = "publishing"
    verbose_name = _("Publishing")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the ticks, and what other rooms show of publishing."""
        import_module("kentongan.publishing.tasks")
        import_module("kentongan.publishing.recalls.whole")
        panels = import_module("kentongan.publishing.panels")
        import_module("kentongan.listening.panels").register(panels.IssuePanel())
        queries = import_module("kentongan.publishing.queries")
        import_module("kentongan.listening.signed_in").register(import_module("kentongan.publishing.connections").fresh)
        import_module("kentongan.listening.answers").register("publishing", queries.PublishedContent())
        import_module("kentongan.registry.activity").register("publishing", queries.PublishedPosts())
        import_module("kentongan.planning.panels").register("publishing", panels.ItemPanel())
        import_module("kentongan.planning.panels").register("publishing.cost", panels.CostPanel())
        import_module("kentongan.planning.panels").register_for_campaigns("publishing", panels.CampaignPanel())
        import_module("kentongan.planning.remedies").register(panels.RepostOffers())
        shown = import_module("kentongan.publishing.calendar").Deliveries()
        import_module("kentongan.planning.calendar").register(shown)
        booked = import_module("kentongan.publishing.actions.booking").ScheduleBooked()
        import_module("kentongan.planning.approvals").register("publishing", booked)
        import_module("kentongan.core.imports").register(import_module("kentongan.publishing.sheets.kind").PostSheet())
        import_module("kentongan.registry.panels").register("publishing", panels.AccountPause())
        import_module("kentongan.safeguards.held").register("publishing", panels.HeldDeliveries())
        keeper = import_module("kentongan.publishing.recalls.keeper").RecallsKeeper()
        import_module("kentongan.registry.personal").register("recalls", keeper)
