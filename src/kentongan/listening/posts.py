"""Posts on their way in: what a source hands over, and the Arrow table it becomes."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

import pyarrow as pa

from kentongan.channels.hearing import Heard

LONGEST_ID = 1000

AuthorKey = Callable[[str, str], str]

TIME = pa.timestamp("us", tz="UTC")

RAW = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("created_at", TIME, nullable=False),
        pa.field("author", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("url", pa.string()),
        pa.field("platform", pa.string(), nullable=False),
        pa.field("lang_hint", pa.string()),
        pa.field("place_hint", pa.string()),
        pa.field("likes", pa.int64()),
        pa.field("shares", pa.int64()),
    ]
)


@dataclass(frozen=True, slots=True)
class RawPost:
    """One public post as a source hands it over.

    `created_at` is aware; `author` is the handle as the platform shows it (it is hashed before anything is stored);
    `native_id` is the platform's own id where there is one; `place_hint` is an area code or a place's name;
    `likes` and `shares` are None when the source does not say, which is not zero.
    """

    native_id: str | None
    created_at: datetime
    author: str
    text: str
    url: str | None = None
    platform: str = ""
    lang_hint: str | None = None
    place_hint: str | None = None
    likes: int | None = None
    shares: int | None = None


def raw_post(platform: str, heard: Heard) -> RawPost:
    """Return what a platform's listener heard as a post on its way in."""
    return RawPost(
        native_id=heard.remote_id[:LONGEST_ID],
        created_at=heard.created_at,
        author=heard.author[:200],
        text=heard.text,
        url=heard.url[:2000] or None,
        platform=platform,
        lang_hint=heard.language[:3].lower() or None,
        likes=heard.likes,
        shares=heard.shares,
    )


def native_post_id(source: str, native_id: str) -> str:
    """Return the stable id of a post that its platform calls `native_id`, 32 hex digits."""
    return _digest("native", source, native_id)


def post_id(source: str, post: RawPost, author: str) -> str:
    """Return a post's stable id, 32 hex digits.

    With a native id it follows from (source, native id). Without one it follows from (author key, time, text): the
    same person saying the same words in the same microsecond is the same post, however often a file repeats the row.
    """
    if post.native_id:
        return native_post_id(source, post.native_id)
    return _digest("content", author, post.created_at.astimezone(UTC).isoformat(), post.text)


def _digest(*identity: str) -> str:
    return hashlib.blake2b("\x1f".join(identity).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def to_table(posts: Iterable[RawPost], source: str, author_key: AuthorKey) -> pa.Table:
    """Return posts as a table of schema RAW, authors hashed by `author_key(platform, handle)`."""
    columns: dict[str, list[object]] = {name: [] for name in RAW.names}
    for post in posts:
        author = author_key(post.platform, post.author)
        row = (
            post_id(source, post, author),
            post.created_at,
            author,
            post.text,
            post.url or None,
            post.platform,
            post.lang_hint or None,
            post.place_hint or None,
            post.likes,
            post.shares,
        )
        for column, value in zip(columns.values(), row, strict=True):
            column.append(value)
    return pa.table(columns, schema=RAW)


def chunks(posts: Iterable[RawPost] | pa.Table, size: int) -> Iterator[list[RawPost]]:
    """Yield posts in lists of at most `size`; a table must have RawPost's field names as columns."""
    rows = _of_table(posts, size) if isinstance(posts, pa.Table) else iter(posts)
    while chunk := list(islice(rows, size)):
        yield chunk


def _of_table(table: pa.Table, size: int) -> Iterator[RawPost]:
    for batch in table.to_batches(max_chunksize=size):
        for row in batch.to_pylist():
            yield RawPost(**row)
