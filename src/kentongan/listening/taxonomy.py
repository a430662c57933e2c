"""The default taxonomy for regency offices: what a post can be about."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LABELS: dict[str, Promise] = {
    "roads": _("Roads"),
    "floods": _("Floods"),
    "rubbish": _("Rubbish"),
    "water": _("Clean water"),
    "health": _("Health"),
    "population": _("Population administration"),
    "education": _("Education"),
    "social_aid": _("Social aid"),
    "licences": _("Licences and land"),
    "security": _("Security and order"),
    "environment": _("Environment"),
    "transport": _("Transport"),
    "electricity": _("Electricity and lighting"),
    "jobs": _("Jobs and wages"),
    "prices": _("Prices and food"),
    "disaster": _("Disasters"),
    "services": _("Public service"),
    "internet": _("Internet and signal"),
}

# The same colour for the same thing on every screen: names of chip and series tones, not of colours.
TONES: dict[str, str] = {
    "roads": "amber",
    "floods": "sky",
    "water": "sky",
    "population": "sky",
    "health": "leaf",
    "environment": "leaf",
    "rubbish": "teak",
    "security": "signal",
    "disaster": "signal",
    "electricity": "amber",
    "prices": "amber",
}

CHOICES = list(LABELS.items())


def label(topic: str | None) -> str | Promise:
    """Return a topic's name as people read it; a post without a topic is "Other talk"."""
    return LABELS.get(topic or "", _("Other talk"))


def tone(topic: str | None) -> str:
    """Return the tone of a topic's chip."""
    return TONES.get(topic or "", "")
