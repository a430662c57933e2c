"""How often a stranger may do something; who they are is kept as a keyed hash only, for as long as the count lasts.

limits.visit(request, "registry.check", limit=120, seconds=60)     # raises TooMany, which says when to come back
"""

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.db import connection
from django.http import HttpRequest

from kentongan.core.errors import TooMany
from kentongan.core.secrets import keyed_hash

# One statement, so that neither two visits at the same instant nor the end of the window loses a count.
COUNT = """
INSERT INTO core_tries AS known (key, hits, ends_at)
VALUES (%(key)s, 1, clock_timestamp() + make_interval(secs => %(seconds)s))
ON CONFLICT (key) DO UPDATE SET
    hits = CASE WHEN known.ends_at <= clock_timestamp() THEN 1 ELSE known.hits + 1 END,
    ends_at = CASE WHEN known.ends_at <= clock_timestamp() THEN excluded.ends_at ELSE known.ends_at END
RETURNING hits, ceil(extract(epoch FROM ends_at - clock_timestamp()))::int
"""


def address(request: HttpRequest) -> str:
    """Return where a request comes from: the hop that our own proxy wrote, never what the client itself claims."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.SECURE_PROXY_SSL_HEADER else ""
    return forwarded.rsplit(",", 1)[-1].strip() or str(request.META.get("REMOTE_ADDR", ""))


def _household(text: str) -> str:
    """Return what counts as one visitor: an IPv4 address, or the /64 that one connection of IPv6 gets."""
    try:
        found = ip_address(text)
    except ValueError:
        return text
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else text


def hit(purpose: str, who: str, *, limit: int, seconds: int) -> None:
    """Count one try of `who`; raises TooMany after `limit` of them in `seconds`."""
    key = keyed_hash("tries", f"{purpose}\x1f{who}")
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"key": key, "seconds": seconds})
        hits, left = cursor.fetchone()
    if hits > limit:
        raise TooMany(retry_after=max(int(left), 1))


def visit(request: HttpRequest, purpose: str, *, limit: int, seconds: int) -> None:
    """Count one try by the address that a request comes from; raises TooMany."""
    hit(purpose, _household(address(request)), limit=limit, seconds=seconds)
