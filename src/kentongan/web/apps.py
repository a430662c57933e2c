"""The web app: what every screen shares, the wall, search, settings."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebConfig(AppConfig):
    """Templates, components, static files and the pages that belong to no single room."""

    name = "kentongan.web"
    label = "web"
    verbose_name = _("Web")
