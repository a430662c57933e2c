"""Pages that are written to break whoever reads them: by bytes, by charsets, and by what is never closed."""

import encodings.aliases
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kentongan.channels import pages
from kentongan.core.errors import Invalid
from kentongan.core.http import Fetched
from kentongan.planning import cards

CHARSETS = [
    *sorted({*encodings.aliases.aliases, *encodings.aliases.aliases.values()}),
    "",
    "tidak ada",
    "\x00",
    "é",
    "x" * 99,
]
PARTS = st.sampled_from(
    [
        "<title>",
        "</title>",
        "<!--",
        "-->",
        "<![",
        "<![if ",
        "<![CDATA[",
        "]]>",
        "<?",
        "</",
        "<a ",
        '="',
        ">",
        "&#xD800;",
        "&#0;",
        "&",
        "\\ud800",
        "\\N{SPACE}",
        "+2AA-",
        "xn--",
        '<meta property="og:title" content="',
        '<meta property="og:image" content="http://[',
        '<meta charset="',
        '<meta name="description" content="',
        "</head>",
        "<body>",
        "<script>",
    ]
)
BODIES = st.lists(st.one_of(PARTS.map(str.encode), st.text(max_size=9).map(str.encode), st.binary(max_size=20)))


@given(BODIES, st.sampled_from(CHARSETS), st.sampled_from(CHARSETS), st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_whatever_a_page_is_made_of_a_text_that_can_be_kept_comes_out(parts, stated, named, written):
    body = f'<meta charset="{named}"><title>Setu'.encode() + b"".join(parts)
    body = body if written == "utf-8" else body.decode("utf-8", "replace").encode(written)
    answer = Fetched(200, "https://contoh.id/x", {"content-type": f"text/html; charset={stated}"}, body, "utf-8")
    with suppress(Invalid):
        said, picture = cards.read(answer)
        for text in (said.title, said.description, said.site):
            assert "\x00" not in text
            assert text.encode().decode() == text
            assert text == text.strip()
        assert isinstance(picture, str)


@pytest.mark.parametrize("part", ["<!--", "<a ", "<!x", "</a ", "<?", "<![CDATA[", "a<!---->", '<a b="', "<"])
def test_of_a_page_of_nothing_but_beginnings_little_is_read(monkeypatch: pytest.MonkeyPatch, part: str):
    """By the library's own `close` each beginning is looked through to the end of the page: never called, then."""
    fed, feed = [], pages._Reader.feed

    def counted(self: pages._Reader, text: str) -> None:
        fed.append(len(text))
        feed(self, text)

    def closed(self: pages._Reader) -> None:
        raise AssertionError("closed")

    monkeypatch.setattr(pages._Reader, "feed", counted)
    monkeypatch.setattr(pages._Reader, "close", closed)
    page = "<title>Setu</title>" + part * (4_000_000 // len(part))
    assert pages.read_head(page).title == "Setu"
    assert sum(fed) <= pages.HEAD + 1
    assert len(fed) <= pages.HEAD // pages.PIECE + 1


@pytest.mark.parametrize("end", ["</head>", "<body>"])
def test_of_a_page_its_head_is_read(end: str):
    page = f"<head><title>Setu</title>{end}{' ' * pages.PIECE}<meta name=lain content=x>"
    assert pages.read_head(page) == pages.Page("Setu")


def test_what_stands_at_the_very_end_of_a_page_is_found():
    page = pages.read("<title>Setu</title><div class=nama>Kabar &amp; lain", "nama")
    assert (page.title, page.parts) == ("Setu", {"nama": "Kabar & lain"})
    assert pages.read("<![kotak[ x ><title>Setu").title == "Setu"
