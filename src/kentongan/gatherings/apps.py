"""The gatherings app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GatheringsConfig(AppConfig):
    """Meetings, who comes, what is asked and answered."""

    name = "kentongan.gatherings"
    label = "gatherings"
    verbose_name = _("Gatherings")
    default_auto_field = "django.db.models.BigAutoField"
