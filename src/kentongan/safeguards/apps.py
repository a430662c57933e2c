"""The safeguards app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SafeguardsConfig(AppConfig):
    """Election clock, quiet periods, neutrality, rules as data."""

    name = "kentongan.safeguards"
    label = "safeguards"
    verbose_name = _("Safeguards")
    default_auto_field = "django.db.models.BigAutoField"
