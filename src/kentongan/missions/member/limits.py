"""How often a stranger may try links."""

from django.http import HttpRequest

from kentongan.core import limits

MISSES = 40
TRIES = 60
WINDOW_SECONDS = 600


def miss(request: HttpRequest) -> None:
    """Count a token that does not exist; TooMany after 40 in ten minutes from one address (kept only as a hash)."""
    limits.visit(request, "missions.miss", limit=MISSES, seconds=WINDOW_SECONDS)


def act(link_id: int) -> None:
    """Count an act by one link; TooMany after 60 in ten minutes."""
    limits.hit("missions.act", str(link_id), limit=TRIES, seconds=WINDOW_SECONDS)
