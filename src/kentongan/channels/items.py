"""What listeners do with the items of a page: each is heard, or comes back with the reason why not."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from kentongan.channels.feeds import moment
from kentongan.channels.hearing import LONGEST_RAW, Heard, Unread, Unreadable
from kentongan.core import clock
from kentongan.core.imports.values import readable

Kept = Mapping[str, Any]
# How far back a listener goes when it reads for the first time, where the platform lets it, and in how many pages at
# most: a day's budget is for what is said now.
BACK, FIRST_PAGES = timedelta(days=7), 10
LONGEST_TEXT = 20_000
LONGEST_PAGE = 2000


def sort_out(items: Iterable[Kept], hear: Callable[[Kept], Heard]) -> tuple[list[Heard], list[Unread]]:
    """Return the items that `hear` understands, each once, and the others with their reasons."""
    heard: dict[str, Heard] = {}
    unread = []
    for item in items:
        try:
            one = _understood(item, hear)
            heard[one.remote_id] = one
        except Unreadable as error:
            unread.append(Unread(error.reason, json.dumps(item, ensure_ascii=False)[:LONGEST_RAW]))
    return list(heard.values()), unread


def again(raw: str, hear: Callable[[Kept], Heard]) -> Heard:
    """Read what was kept of an item; raises Unreadable."""
    try:
        kept = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Unreadable(_("What was kept of it cannot be read.")) from error
    if not isinstance(kept, dict):
        raise Unreadable(_("What was kept of it cannot be read."))
    return _understood(kept, hear)


def _understood(item: Kept, hear: Callable[[Kept], Heard]) -> Heard:
    try:
        return hear(item)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unreadable(_("It is not in the form that its platform describes.")) from error


def text_of(kept: Kept, name: str, most: int = LONGEST_TEXT) -> str:
    """Return a text of an item, as the database takes it; empty where there is none."""
    value = kept.get(name)
    return readable(value)[:most] if isinstance(value, str) else ""


def number_of(kept: Kept, name: str) -> int | None:
    """Return a count of an item; None where it says none, which is not zero."""
    value = kept.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None


def parts_of(cursor: str) -> dict[str, str]:
    """Return the parts of a cursor that is a JSON object of texts; none where it cannot be read."""
    try:
        parts = json.loads(cursor) if cursor else {}
    except ValueError:
        return {}
    return {name: value for name, value in parts.items() if isinstance(value, str)} if isinstance(parts, dict) else {}


def cursor_of(**parts: str) -> str:
    """Return a cursor of the parts that are not empty."""
    return json.dumps({name: value for name, value in parts.items() if value})


@dataclass(frozen=True, slots=True)
class Descent:
    """Where a listener is that reads from the newest item down to what it knows, page by page.

    `since` is what was known when it began, `top` the newest moment met on the way, `page` the platform's own cursor,
    `left` how many pages the first reading still may take; None for later ones.
    """

    since: datetime
    top: datetime | None = None
    page: str = ""
    left: int | None = None

    @classmethod
    def of(cls, cursor: str, pages: int = FIRST_PAGES) -> "Descent":
        """Return where a cursor says that we are; a week back, `pages` at most, where it says nothing."""
        at = parts_of(cursor)
        since, left = moment(at.get("since")), at.get("left", "")
        if since is None:
            return cls(clock.now() - BACK, left=pages)
        return cls(since, moment(at.get("top")), at.get("page", ""), int(left) if left.isdecimal() else None)

    def after(self, moments: Sequence[datetime], following: object, overlap: timedelta) -> tuple[str, bool]:
        """Return the cursor after a page of items of those moments, and whether a further page is wanted.

        Once down at what is known, the next reading begins `overlap` before the newest: lists lag behind.
        """
        top = max([*moments, *filter(None, [self.top])], default=self.since)
        more = isinstance(following, str) and 0 < len(following) <= LONGEST_PAGE
        if not more or not moments or min(moments) < self.since or self.left == 1:
            return cursor_of(since=stamp(max(self.since, top - overlap))), False
        left = "" if self.left is None else str(self.left - 1)
        return cursor_of(since=stamp(self.since), top=stamp(top), page=str(following), left=left), True


def restarted(cursor: str) -> str:
    """Return the cursor of the same descent at its first page: platforms forget pages, and refuse deep ones."""
    parts = parts_of(cursor)
    if "page" not in parts:
        return cursor
    return cursor_of(**{name: value for name, value in parts.items() if name not in ("page", "top")})


def stamp(at: datetime) -> str:
    """Return a moment as platforms take it: UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
