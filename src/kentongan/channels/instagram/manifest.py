"""What is known of Instagram without calling it (developers.facebook.com: Content Publishing, November 2026).

Shapes from the reference "IG User Media", sizes and lengths in part from third parties' media guides: a video by itself
is a reel.
"""

from datetime import timedelta

from kentongan.channels import counting
from kentongan.channels.contract import Counting, Limits, Manifest, Rate
from kentongan.channels.graph.api import Graph
from kentongan.channels.looks import NAME, Layout, Look, Shape, Source
from kentongan.channels.uploads import FETCHED_TOGETHER
from kentongan.core.ids import public_id

TEXT, TAGS = 2_200, 30
GRAPH = Graph("v25.0")

MANIFEST = Manifest(
    kind="instagram",
    label="Instagram",
    icon="brand-instagram",
    limits=Limits(
        TEXT,
        tags=TAGS,
        images=10,
        media_needed=True,
        image_bytes=8 * 1024 * 1024,
        image_types=frozenset({"image/jpeg"}),
        image_shape=(4 / 5, 1.91),
        videos=10,
        video_bytes=300 * 1024 * 1024,
        videos_together=FETCHED_TOGETHER,
        video_seconds=15 * 60,
        video_shortest=3,
        video_types=frozenset({"video/mp4", "video/quicktime"}),
        video_codecs=frozenset({"h264", "hevc"}),
        video_shape=(0.01, 10.0),
        video_alone=False,
        media_most=10,
    ),
    count=counting.counter(counting.utf16, TEXT, Counting.CHARACTERS),
    new_key=public_id,
    settling=timedelta(minutes=5),
    attempt=timedelta(minutes=5),  # ten pictures, which Instagram fetches one after the other
    rate=Rate(100, timedelta(hours=24)),
    link_in_text=True,
    fetches_pictures=True,
    fetches_videos=True,
    rehearsed_only=True,
    profile_url="https://www.instagram.com/{handle}/",
    look=Look(
        sources=(
            # "Only the first three lines ... we recommend adding a caption of 125 characters or fewer."
            Source("help.instagram.com/1643471055915254", ("fold", "fold_lines")),
            # "Carousel images are all cropped based on the first image, with the default being a 1:1 aspect ratio."
            Source("developers.facebook.com/docs/instagram-platform/content-publishing", ("several", "pictures")),
            Source("developers.facebook.com: IG User Media (from 4:5 to 1.91:1)", ("single",)),
        ),
        seen="2026-11-27",
        fold=125,
        fold_lines=3,
        line=45,
        links=False,
        mentions=NAME,
        layout=Layout.SWIPE,
        pictures=10,
        single=Shape.PORTRAIT,
        several=Shape.SQUARE,
        by_first=True,
        media_first=True,
    ),
)
