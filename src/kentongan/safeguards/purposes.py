"""What a piece of content is for: every safeguard asks this first."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Purpose(models.TextChoices):
    """Electioneering stops in a quiet period and never exists in a neutral organisation; service content goes on.

    Indonesian law calls it campaigning (kampanye), and so it is stored; it is not what planning calls a campaign.
    """

    CAMPAIGN = "campaign", pgettext_lazy("purpose", "Electioneering")
    SERVICE = "service", _("Public service")
