"""How far our clock is ahead of a server's, by the `Date` of its answers (RFC 9110, 6.6.1).

A server dates what it keeps by its own clock. Where ours is ahead, what was sent at a moment of ours seems to have been
there before it, and who looked from that moment on would miss it, call it absent and send it a second time.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from weakref import WeakKeyDictionary

import httpx

from kentongan.channels.contract import Absent, Credentials, Found, Sought, Unsure
from kentongan.core import clock

# The header counts whole seconds, and the answer was under way for a while.
UNCLEAR = timedelta(seconds=5)
# What is further apart says nothing of ours: then the server's clock is wrong, and no machine could sign in with ours.
FURTHEST = timedelta(days=1)
Find = Callable[[Sought, Credentials, httpx.Client], Found | Absent | Unsure]
_ahead: WeakKeyDictionary[httpx.Client, timedelta] = WeakKeyDictionary()


def note(client: httpx.Client, answer: httpx.Response) -> None:
    """Learn from an answer how far we are ahead; one kept by a cache, or without a readable date, tells nothing."""
    try:
        date = parsedate_to_datetime(answer.headers.get("date", ""))
        ahead = clock.now() - (date if date.tzinfo else date.replace(tzinfo=UTC))
    except (ValueError, OverflowError, TypeError):
        return
    if answer.headers.get("age", "0") == "0" and ahead <= FURTHEST:
        _ahead[client] = ahead


def look(find: Find, sought: Sought, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure:
    """Look; what is not seen is looked for from the same moment by the server's clock, where that is behind ours."""
    seen, ahead = find(sought, credentials, client), _ahead.get(client, timedelta(0))
    if isinstance(seen, Found) or ahead <= UNCLEAR:
        return seen
    return find(replace(sought, since=sought.since - ahead), credentials, client)
