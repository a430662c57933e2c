"""What is known of Threads without calling it (developers.facebook.com: Threads API, Posts and Overview, 2026).

Sizes, lengths and shapes from media guides of third parties that repeat Meta's specifications (November 2026).
"""

from datetime import timedelta

from kentongan.channels import counting
from kentongan.channels.contract import Counting, Limits, Manifest, Rate
from kentongan.channels.graph.api import Graph
from kentongan.channels.looks import NAME, CardForm, Layout, Look, Shape, Source
from kentongan.channels.uploads import FETCHED_TOGETHER
from kentongan.core.ids import public_id

TEXT = 500
GRAPH = Graph("v1.0")

MANIFEST = Manifest(
    kind="threads",
    label="Threads",
    icon="brand-threads",
    limits=Limits(
        TEXT,
        images=20,
        image_bytes=8 * 1024 * 1024,
        image_types=frozenset({"image/jpeg", "image/png"}),
        image_shape=(0.1, 10.0),
        videos=20,
        video_bytes=1024 * 1024 * 1024,
        videos_together=FETCHED_TOGETHER,
        video_seconds=5 * 60,
        video_types=frozenset({"video/mp4", "video/quicktime"}),
        video_codecs=frozenset({"h264", "hevc"}),
        video_shape=(0.01, 10.0),
        video_alone=False,
        media_most=20,
    ),
    count=counting.counter(counting.emoji_as_bytes, TEXT, Counting.CHARACTERS),
    new_key=public_id,
    settling=timedelta(minutes=5),
    attempt=timedelta(minutes=8),  # twenty pictures, which Threads fetches one after the other
    rate=Rate(250, timedelta(hours=24)),
    recalls=True,
    link_in_text=True,
    fetches_pictures=True,
    fetches_videos=True,
    rehearsed_only=True,
    profile_url="https://www.threads.com/@{handle}",
    look=Look(
        # Its media specifications tell what may be sent, not to what it is cut.
        sources=(
            # "Only one topic tag is allowed per post"; the first address becomes the link's preview.
            Source("developers.facebook.com/documentation/threads/posts (14 April 2026)", ("tags", "pictures")),
        ),
        seen="2026-11-27",
        tags=1,
        mentions=NAME,
        layout=Layout.SWIPE,
        pictures=20,
        single=Shape.PORTRAIT,
        several=Shape.PORTRAIT,
        card=CardForm.LARGE,
        card_lines=("site", "title"),
        alt_video=True,
    ),
)
