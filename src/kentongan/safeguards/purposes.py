"""What a piece of content is for: every safeguard asks this first."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Purpose(models.TextChoices):
    """Campaign content stops in a quiet period and never exists in a neutral organisation; service content goes on."""

    CAMPAIGN = "campaign", _("Campaign")
    SERVICE = "service", _("Public service")
