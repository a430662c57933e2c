"""How often a stranger may try links."""

from django.http import HttpRequest

from kentongan.core import limits
from kentongan.core.links.models import DeviceLink

MISSES = 40
TRIES = 60
WINDOW_SECONDS = 600


def miss(request: HttpRequest) -> None:
    """Count a token that does not exist; TooMany after 40 in ten minutes from one address (kept only as a hash)."""
    limits.visit(request, "links.miss", limit=MISSES, seconds=WINDOW_SECONDS)


def act(link: DeviceLink) -> None:
    """Count an act by one link; TooMany after 60 in ten minutes."""
    limits.hit("links.act", f"{link._meta.label_lower}.{link.pk}", limit=TRIES, seconds=WINDOW_SECONDS)
