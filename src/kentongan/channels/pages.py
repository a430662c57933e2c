"""Public web pages as far as we need them: title, descriptions, marked parts, feeds, and the links called one's own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import outcomes
from kentongan.channels.contract import ChannelError, NoSuchAccount, RetryLater
from kentongan.core.errors import KentonganError

HTML = ("text/html", "application/xhtml+xml", "text/plain")
# No page that people write is as deep; one that never closes its parts must not cost us the square of its length.
DEEPEST = 200
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})


# Where a head is longer than that, what pages say about themselves stands at its beginning all the same.
HEAD, PIECE = 128 * 1024, 8 * 1024
FEEDS = frozenset({"application/rss+xml", "application/atom+xml"})
NOT_MODIFIED = 304


def get(client: httpx.Client, url: str) -> str:
    """Return the text of a public page; raises NoSuchAccount for 404 and 410, RetryLater for what may pass."""
    return answer_of(client, url).text


def answer_of(client: httpx.Client, url: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
    """Return the answer of a public page, a success or “not modified”; raises as `get` does."""
    try:
        answer = client.get(url, follow_redirects=True, headers=headers)
    except outcomes.NEVER_SENDABLE as error:
        raise NoSuchAccount(_("This address cannot be opened by everybody."), {"error": repr(error)}) from error
    except (httpx.HTTPError, httpx.StreamError, KentonganError) as error:
        raise RetryLater(_("The page could not be reached."), {"error": repr(error)}) from error
    if answer.status_code in {404, 410}:
        raise NoSuchAccount(_("There is no such page."), outcomes.summary(answer))
    if not answer.is_success and answer.status_code != NOT_MODIFIED:
        raise _not_now(answer)
    return answer


def _not_now(answer: httpx.Response) -> ChannelError:
    text = _("The server answered with status %(status)s.") % {"status": answer.status_code}
    return RetryLater(text, outcomes.summary(answer), outcomes.wait(answer))


@dataclass
class Page:
    """What was found on a page: its title, each `meta` by name, the text of wanted classes, `rel=me` links, feeds."""

    title: str = ""
    meta: dict[str, str] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    own_links: list[str] = field(default_factory=list)
    feeds: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    """Walks once over the page."""

    def __init__(self, wanted: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.page, self.wanted = Page(), wanted
        self.head_is_over = False
        self._open: list[tuple[str, str]] = []
        self._title: list[str] = []
        self._parts: dict[str, list[str]] = {}

    def found(self) -> Page:
        """Return what was found so far.

        Never `close`: it looks from each part that was left open to the end of the page, which a page of nothing else
        makes the square of its length. An opening bracket gives the text before it just as well.
        """
        self.feed("<")
        self.page.title = "".join(self._title)
        self.page.parts = {part: "".join(said) for part, said in self._parts.items()}
        return self.page

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """Read `<![…`; one of no known kind is a comment, as browsers have it, where the library gives up."""
        try:
            return super().parse_marked_section(i, report)
        except AssertionError:
            return self.parse_bogus_comment(i)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.head_is_over = self.head_is_over or tag == "body"
        values = {name: value or "" for name, value in attrs}
        name = values.get("name") or values.get("property")
        if tag == "meta" and name:
            self.page.meta.setdefault(name.lower(), values.get("content", ""))
        if tag in {"a", "link"} and "me" in values.get("rel", "").lower().split() and values.get("href"):
            self.page.own_links.append(values["href"].strip())
        if tag == "link" and values.get("type", "").strip().lower() in FEEDS and values.get("href"):
            self.page.feeds.append(values["href"].strip())
        if tag not in VOID and len(self._open) < DEEPEST:
            part = next((word for word in values.get("class", "").split() if word in self.wanted), "")
            self._open.append((tag, part or ("title" if tag == "title" and not self._title else "")))

    def handle_endtag(self, tag: str) -> None:
        self.head_is_over = self.head_is_over or tag == "head"
        while self._open and any(name == tag for name, _part in self._open):
            if self._open.pop()[0] == tag:
                break

    def handle_data(self, data: str) -> None:
        for _tag, part in self._open:
            if part == "title":
                self._title.append(data)
            elif part:
                self._parts.setdefault(part, []).append(data)


def read(text: str, *wanted: str) -> Page:
    """Return what a page says about itself; `wanted` are class names whose text is kept."""
    reader = _Reader(frozenset(wanted))
    reader.feed(text)
    return reader.found()


def read_head(text: str) -> Page:
    """Return what a page says about itself in its head, and of that in `HEAD` characters: it may be anybody's page."""
    reader = _Reader(frozenset())
    for start in range(0, min(len(text), HEAD), PIECE):
        reader.feed(text[start : min(start + PIECE, HEAD)])
        if reader.head_is_over:
            break
    return reader.found()
