"""The missions app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MissionsConfig(AppConfig):
    """Instructions with receipts, and share missions."""

    name = "kentongan.missions"
    label = "missions"
    verbose_name = _("Missions")
    default_auto_field = "django.db.models.BigAutoField"
