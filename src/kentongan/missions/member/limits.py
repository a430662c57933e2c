"""How often a stranger may try links."""

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from kentongan.core.errors import TooMany
from kentongan.core.secrets import keyed_hash

MISSES = 40
TRIES = 60
WINDOW_SECONDS = 600


def _address(request: HttpRequest) -> str:
    """The last hop that our own proxy wrote counts; what the client itself claims does not."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.SECURE_PROXY_SSL_HEADER else ""
    return forwarded.rsplit(",", 1)[-1].strip() or str(request.META.get("REMOTE_ADDR", ""))


def _count(key: str, limit: int) -> None:
    cache.add(key, 0, WINDOW_SECONDS)
    try:
        if cache.incr(key) > limit:
            raise TooMany()
    except ValueError:  # it ran out between the two calls
        cache.set(key, 1, WINDOW_SECONDS)


def miss(request: HttpRequest) -> None:
    """Count a token that does not exist; TooMany after 40 in ten minutes from one address (kept only as a hash)."""
    _count(f"missions.miss.{keyed_hash('address', _address(request))}", MISSES)


def act(link_id: int) -> None:
    """Count an act by one link; TooMany after 60 in ten minutes."""
    _count(f"missions.act.{link_id}", TRIES)
