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
        self._open: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
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
            self._open.append((tag, part or ("title" if tag == "title" and not self.page.title else "")))

    def handle_endtag(self, tag: str) -> None:
        while self._open and any(name == tag for name, _part in self._open):
            if self._open.pop()[0] == tag:
                break

    def handle_data(self, data: str) -> None:
        for _tag, part in self._open:
            if part == "title":
                self.page.title += data
            elif part:
                self.page.parts[part] = self.page.parts.get(part, "") + data


def read(text: str, *wanted: str) -> Page:
    """Return what a page says about itself; `wanted` are class names whose text is kept."""
    reader = _Reader(frozenset(wanted))
    reader.feed(text)
    reader.close()
    return reader.page
