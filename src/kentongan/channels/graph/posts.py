"""Lists of an account's own posts, and finding one of ours among them."""

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
from django.utils.translation import gettext as _

from kentongan.channels.contract import (
    Absent,
    Ambiguous,
    ChannelError,
    Credentials,
    Found,
    Rejected,
    Sought,
    Unsure,
)
from kentongan.channels.graph.api import NOT_THERE, Graph

PAGE, PAGES = 100, 5
CLOCK_SKEW = timedelta(minutes=2)
Row = Mapping[str, Any]


def rows_of(
    graph: Graph,
    client: httpx.Client,
    credentials: Credentials,
    path: str,
    fields: Mapping[str, str],
    *,
    token: str = "",
) -> Iterator[Row]:
    """Yield the rows of a list, page by page; raises Ambiguous when there are too many to look through."""
    given = {"limit": str(PAGE), **fields}
    for _page in range(PAGES):
        said = graph.call(client, credentials, "GET", path, given, token=token)
        rows, paging = said.get("data"), said.get("paging", {})
        if not isinstance(rows, list) or not isinstance(paging, dict):
            raise Ambiguous(_("The server's list could not be read."))
        yield from (row for row in rows if isinstance(row, dict) and row.get("id"))
        # `next` is an address with the token in it; the cursor says the same.
        cursors = paging.get("cursors")
        after = cursors.get("after") if isinstance(cursors, dict) else None
        if not paging.get("next") or not isinstance(after, str):
            return
        given["after"] = after
    raise Ambiguous(_("The account has published too much since to look through."))


def is_there(graph: Graph, client: httpx.Client, credentials: Credentials, path: str) -> bool:
    """Whether a post is still there: what a token may list it may also read."""
    try:
        graph.call(client, credentials, "GET", path, {"fields": "id"})
    except Rejected as error:
        if error.response.get("error") != NOT_THERE:
            raise
        return False
    return True


def since(moment: datetime) -> str:
    """Return from when to list, in seconds, with room for clocks that differ."""
    return str(int((moment - CLOCK_SKEW).timestamp()))


def same(one: str, other: str) -> bool:
    """Whether two texts are the same but for white space, which the platforms change."""
    return _words(one) == _words(other)


def _words(text: str) -> list[str]:
    return unicodedata.normalize("NFC", text).split()


def match(
    rows: Callable[[], Iterator[Row]], text: str, written: str, sought: Sought, address: Callable[[Row], str]
) -> Found | Absent | Unsure:
    """Look through `rows` for the one post whose field `written` holds that text; `address` says where it is read."""

    def is_it(row: Row) -> bool:
        return same(str(row.get(written) or ""), text)

    return only(rows, is_it, sought, address, _("Several posts of that time have this text."))


def only(
    rows: Callable[[], Iterator[Row]],
    is_it: Callable[[Row], bool],
    sought: Sought,
    address: Callable[[Row], str],
    several: str,
) -> Found | Absent | Unsure:
    """Look through `rows` for the only one that is it; `taken` ones are known to be others, and of two none is guessed.

    `several` says in words that there are two.
    """
    matches: dict[str, str] = {}
    looked_at = 0
    try:
        for row in rows():
            looked_at += 1
            url = address(row)
            if is_it(row) and not {str(row["id"]), url} & sought.taken:
                matches[str(row["id"])] = url
    except ChannelError as error:
        return Unsure(error.message, error.response)
    if len(matches) > 1:
        return Unsure(several, {"ids": sorted(matches)})
    for remote_id, url in matches.items():
        return Found(remote_id, url, {"id": remote_id})
    return Absent({"posts looked at": looked_at})
