"""Whether a post is still where it was published, as everybody sees it: asked through the guarded fetcher."""

import httpx

from kentongan.core import http
from kentongan.publishing.models import RecallTask

GONE = (404, 410)
SECONDS = 10.0


def look_for(task: RecallTask) -> str:
    """Return what the address of a post answers; that of a repost is the other account's, and proves nothing."""
    return RecallTask.Look.UNSURE if task.is_of_repost else look(task.url)


def look(url: str) -> str:
    """Return what the address of a post answers, one of `RecallTask.Look`.

    Only 404 and 410 prove anything: many platforms show a page of their own, with status 200, where nothing is.
    """
    if not url:
        return RecallTask.Look.UNSURE
    try:
        with (
            http.client(timeout=SECONDS, deadline=SECONDS * 2, follow_redirects=True) as client,
            client.stream("GET", url) as response,
        ):
            status = response.status_code
    except (httpx.HTTPError, httpx.InvalidURL):
        return RecallTask.Look.UNSURE
    if status in GONE:
        return RecallTask.Look.GONE
    return RecallTask.Look.THERE if status == httpx.codes.OK else RecallTask.Look.UNSURE
