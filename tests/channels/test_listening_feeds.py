"""Listening to feeds."""

import contextlib
from collections.abc import Iterator, Mapping

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.test_provers import answering
from kentongan.channels import registry
from kentongan.channels.contract import ChannelError, Credentials
from kentongan.channels.hearing import Asked, Unreadable
from kentongan.channels.testing import ListenerContract, ListeningBench
from kentongan.core import http
from servers import feed
from servers.feed import FeedSite
from servers.stub import Said

NOBODY = Credentials("")


@pytest.fixture(scope="module")
def _site() -> Iterator[FeedSite]:
    with feed.serve() as site:
        yield site


@pytest.fixture
def listening(_site: FeedSite) -> Iterator[ListeningBench]:
    """A site with a feed."""
    _site.items, _site.answer = [], None

    def fail(status: int | None, headers: Mapping[str, str]) -> None:
        _site.answer = Said(b"", status, headers) if status else None

    listener = registry.listeners()["website.feed"][1]
    bad = ("", "kabar", "ftp://kabar.example", "https://a:b@kabar.example", "http://[", "https://kabar.example/ x")
    with http.client() as client:
        yield ListeningBench(
            listener,
            f"{_site.url}/feed",
            NOBODY,
            client,
            _site.add,
            fail,
            lambda: _site.items.append("<item><title>Tanpa tanggal</title></item>"),
            bad,
        )


class TestFeeds(ListenerContract):
    """The contract, over HTTP."""


ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>urn:1</id>
<title type="html">Jalan &amp;lt;b&amp;gt;</title>
<updated>2026-11-27T10:00:00+07:00</updated><author><name>Redaksi</name></author><link href="/b/1"/>
<summary type="html">&lt;p&gt;Satu&lt;/p&gt;&lt;p&gt;Dua&amp;nbsp;tiga&lt;/p&gt;</summary></entry></feed>"""


def test_atom_in_words() -> None:
    world = answering({"https://kabar.example/atom": httpx.Response(200, content=ATOM.encode())})
    listener = registry.listeners()["website.feed"][1]
    (post,) = listener.read(Asked("https://kabar.example/atom"), NOBODY, world).heard
    assert post.text == "Jalan <b>\nSatu\nDua tiga"
    assert (post.url, post.author) == ("https://kabar.example/b/1", "Redaksi")
    assert post.created_at.isoformat() == "2026-11-27T03:00:00+00:00"


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.text(max_size=200).map(
            lambda text: f'<rss version="2.0"><channel><item><title>{text}</title></item></channel></rss>'.encode(
                "utf-8", "surrogatepass"
            )
        ),
    ),
    st.text(max_size=200),
)
def test_whatever_a_site_sends_is_posts_or_a_readable_refusal(content: bytes, raw: str) -> None:
    world = answering({"https://kabar.example/feed": httpx.Response(200, content=content)})
    listener = registry.listeners()["website.feed"][1]
    with contextlib.suppress(ChannelError):
        batch = listener.read(Asked("https://kabar.example/feed"), NOBODY, world)
        assert all(post.text.strip() and post.remote_id for post in batch.heard)
        assert all(item.reason for item in batch.unread)
    with pytest.raises(Unreadable):
        listener.again(raw)
