"""Views: people, not robots, and nothing that says who they were.

A visit is known for one day by a hash of address and browser under a salt that lives only in the cache and ends with
the day. After that nobody can tell, and what is stored for good is one number per article and day.
"""

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta

from django.core.cache import cache
from django.http import HttpRequest

from kentongan.channels.newsroom import writing
from kentongan.channels.newsroom.models import Article
from kentongan.core import clock, limits

ROBOT = re.compile(
    r"bot|crawl|spider|slurp|preview|fetch|scan|monitor|feed|curl|wget|python|java/|httpx|go-http|headless|lighthouse"
    r"|facebookexternalhit|whatsapp|telegram|mastodon|bluesky|embedly|validator",
    re.IGNORECASE,
)


def is_person(request: HttpRequest) -> bool:
    """Whether a request looks like somebody who reads: a browser that names itself, not a robot, not a prefetch."""
    browser = request.headers.get("User-Agent", "")
    purpose = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    return request.method == "GET" and bool(browser) and not ROBOT.search(browser) and "prefetch" not in purpose


def _left_of_day(now: datetime) -> int:
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return max(int((tomorrow - now).total_seconds()), 1)


def count(request: HttpRequest, article: Article) -> bool:
    """Count this visit unless the same browser was counted for this article today; return whether it was."""
    if not is_person(request):
        return False
    now = clock.now().astimezone(clock.zone(article.site.timezone))
    salt_key, left = f"newsroom.salt.{now.date()}", _left_of_day(now)
    salt = cache.get_or_set(salt_key, lambda: secrets.token_hex(16), left)
    visitor = f"{limits.address(request)}|{request.headers.get('User-Agent', '')}|{article.pk}"
    seen = hmac.new(str(salt).encode(), visitor.encode(), hashlib.sha256).hexdigest()[:32]
    if not cache.add(f"newsroom.seen.{seen}", 1, left):
        return False
    writing.count_view(article.pk, now.date())
    return True
