"""The channels app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChannelsConfig(AppConfig):
    """Platforms behind one contract."""

    name = "kentongan.channels"
    label = "channels"
    verbose_name = _("Channels")
