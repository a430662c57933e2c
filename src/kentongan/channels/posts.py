"""What is published: a text with its pictures or its video, the same in every attempt."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO


@dataclass(frozen=True, slots=True)
class Media:
    """One picture: its bytes, its sniffed type, what it shows in words, its size in pixels.

    `url` is where a platform that fetches pictures itself (`Manifest.fetches_pictures`) can fetch this one while the
    post is being sent, empty everywhere else.
    """

    content: bytes = field(repr=False)
    media_type: str
    alt: str = ""
    width: int | None = None
    height: int | None = None
    url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Video:
    """One video, as a file that is read in parts and never held in memory as a whole.

    `sha256` (hex) and `size` (bytes) are the file's; `seconds` is its length, `width` and `height` are its pixels as it
    is shown, None where that is not known; `alt` is what it shows in words; `synthetic` says that it was made or
    changed by AI. `url` is where a platform that fetches videos itself can fetch it while the post is being sent.
    """

    path: Path = field(repr=False)
    media_type: str
    sha256: str
    size: int
    seconds: float | None = None
    alt: str = ""
    width: int | None = None
    height: int | None = None
    synthetic: bool = False
    url: str = field(default="", repr=False)

    def open(self) -> BinaryIO:
        """Open it for reading; httpx sends an open file (`content=`, `files=`) in parts."""
        return self.path.open("rb")

    def part(self, start: int, size: int) -> bytes:
        """Return at most `size` bytes from `start` on: what an upload that broke off goes on with."""
        with self.open() as file:
            file.seek(start)
            return file.read(size)

    def parts(self, size: int) -> Iterator[bytes]:
        """Yield it in parts of `size` bytes, the last one shorter."""
        with self.open() as file:
            while part := file.read(size):
                yield part


def _nothing() -> None:
    """Stand against nothing."""


@dataclass(frozen=True, slots=True)
class Card:
    """What stands in place of a link, on platforms that take it from us: what its page says about itself."""

    url: str
    title: str
    description: str = ""
    picture: Media | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """The post of another account that is reposted: its id and address there, its server, what the platform said."""

    remote_id: str
    url: str
    service: str = ""
    response: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Post:
    """What is to be published once; `key` and `created_at` are the same in every attempt.

    `order` has an “i” for each picture and a “v” for each video, as they follow one another; without it the videos
    come last. `card` is that of its link, where the platform takes it from us (`Look.card_sent`) and the page was read.
    With an `origin` it is a repost, which has no text of its own.
    `confirm` is called right before the request that publishes: it raises CalledOff where the post was stopped,
    withdrawn or became too late while its media were carried there.
    """

    key: str
    text: str
    created_at: datetime
    title: str = ""
    summary: str = ""
    link: str = ""
    tags: tuple[str, ...] = ()
    language: str = "id"
    images: tuple[Media, ...] = ()
    videos: tuple[Video, ...] = ()
    order: str = ""
    card: Card | None = None
    origin: Origin | None = None
    confirm: Callable[[], None] = field(default=_nothing, repr=False, compare=False)

    @property
    def media(self) -> tuple[Media | Video, ...]:
        """Return its pictures and videos in their order."""
        if Counter(self.order) != Counter(i=len(self.images), v=len(self.videos)):
            return (*self.images, *self.videos)
        images, videos = iter(self.images), iter(self.videos)
        return tuple(next(videos) if kind == "v" else next(images) for kind in self.order)

    @property
    def video_size(self) -> int:
        """Return the size of its videos together, in bytes."""
        return sum(video.size for video in self.videos)

    def digest(self) -> str:
        """Return the SHA-256 (hex) of everything that is sent."""
        body: dict[str, Any] = {
            "key": self.key,
            "text": self.text,
            "created_at": self.created_at.isoformat(),
            "title": self.title,
            "summary": self.summary,
            "link": self.link,
            "tags": self.tags,
            "language": self.language,
            "images": [[hashlib.sha256(image.content).hexdigest(), image.alt] for image in self.images],
        }
        if self.videos:  # only then, so that the digests of what went out before there were videos stay
            body["videos"] = [[video.sha256, video.alt, *([True] if video.synthetic else [])] for video in self.videos]
        if self.media != (*self.images, *self.videos):  # likewise
            body["order"] = self.order
        if self.card:
            picture = hashlib.sha256(self.card.picture.content).hexdigest() if self.card.picture else ""
            body["card"] = [self.card.url, self.card.title, self.card.description, picture]
        if self.origin:
            body["origin"] = self.origin.remote_id
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def origin_of(post: Post) -> Origin:
    """Return what a repost reposts; LookupError for a post of its own, which no reposter is given."""
    if post.origin is None:
        raise LookupError("This is no repost.")
    return post.origin
