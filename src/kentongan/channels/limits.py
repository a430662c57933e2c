"""What a platform takes: how texts are counted, and how many pictures and videos of which size."""

from dataclasses import dataclass
from enum import StrEnum


class Counting(StrEnum):
    """What a platform counts when it limits a text."""

    GRAPHEMES = "graphemes"
    CHARACTERS = "characters"
    BYTES = "bytes"
    WEIGHTED = "weighted"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Count:
    """How long a text is by a platform's own rule; `limit` None means that there is none."""

    used: int
    limit: int | None
    counting: Counting

    @property
    def left(self) -> int | None:
        """Return how much may still be added; negative when the text is too long."""
        return None if self.limit is None else self.limit - self.used

    @property
    def fits(self) -> bool:
        """Whether the platform would take a text of this length."""
        return self.limit is None or self.used <= self.limit


@dataclass(frozen=True, slots=True)
class Limits:
    """What a platform takes; sizes in bytes. `text_bytes` is a second limit on the encoded text.

    `link` is what any link counts, None when a link counts by its length. `caption` is the limit of a text that goes
    with pictures or a video, None where it is the usual one. `image_side` is the longer side in pixels that a picture
    is shown with at most; larger ones are scaled down. `videos` 0 means that the platform takes none from us;
    `video_seconds` and `video_bytes` are the longest and largest, `video_shortest` the shortest in seconds, None where
    there is no such limit; `videos_together` is how large all videos of a post may be together. `video_codecs` are the
    picture codecs that it takes (`h264`, `hevc`, `vp9`, `av1`...), None for any. `image_shape` and `video_shape` are
    the narrowest and the widest of them, width by height, None where any goes. `media_most` is how many pictures and
    videos go out together, None where each has its own limit.
    `video_alone` says that no picture goes beside a video, `video_needed` that nothing goes out without one,
    `media_needed` that nothing does without a picture or a video. `tags` is how many hashtags a text may
    hold, None for any. `title_most` is the longest title in characters,
    None where titles do not go out or may be as long as they like; `barred` are signs that neither such a title nor its
    text may have.
    """

    text: int | None
    counting: Counting = Counting.CHARACTERS
    text_bytes: int | None = None
    title: bool = False
    images: int = 0
    image_bytes: int = 0
    image_types: frozenset[str] = frozenset({"image/jpeg", "image/png", "image/webp"})
    image_side: int | None = None
    link: int | None = None
    caption: int | None = None
    videos: int = 0
    video_bytes: int | None = None
    videos_together: int | None = None
    video_seconds: int | None = None
    video_shortest: int | None = None
    video_types: frozenset[str] = frozenset({"video/mp4"})
    video_codecs: frozenset[str] | None = None
    image_shape: tuple[float, float] | None = None
    video_shape: tuple[float, float] | None = None
    media_most: int | None = None
    video_alone: bool = True
    video_needed: bool = False
    media_needed: bool = False
    tags: int | None = None
    title_most: int | None = None
    barred: str = ""

    def stated(self) -> dict[str, int]:
        """Return what texts are counted by on one server, as it is stored with a connection."""
        values = {"text": self.text, "link": self.link}
        return {name: value for name, value in values.items() if value is not None}
