"""What is known of TikTok without calling it (developers.tiktok.com, Content Posting API; November 2026).

Pictures by "Photo" (35) and the "Media Transfer Guide" (JPEG or WebP, 20 MB, at most 1080p: the longer side, to be on
the safe side). A description of pictures may have 4,000 characters, but a version has one text: the shorter one holds.
"""

from datetime import timedelta

from kentongan.channels import counting
from kentongan.channels.contract import Counting, Idempotency, Limits, Manifest, Rate
from kentongan.channels.looks import NAME, Layout, Look, Shape, Source
from kentongan.core.ids import public_id

CAPTION = 2_200

MANIFEST = Manifest(
    kind="tiktok",
    label="TikTok",
    icon="brand-tiktok",
    limits=Limits(
        CAPTION,
        images=35,
        image_bytes=20_000_000,
        image_types=frozenset({"image/jpeg", "image/webp"}),
        image_side=1_080,
        media_needed=True,
        videos=1,
        video_bytes=4_000_000_000,
        video_seconds=600,
        video_shortest=3,
        video_types=frozenset({"video/mp4", "video/quicktime", "video/webm"}),
        video_codecs=frozenset({"h264", "hevc", "vp8", "vp9"}),
    ),
    count=counting.counter(counting.utf16, CAPTION, Counting.CHARACTERS),
    new_key=public_id,
    idempotency=Idempotency.NONE,
    # Only public videos are listed, and moderation may take hours: only TikTok's own word for a failure is absence.
    reads_back=False,
    settling=timedelta(minutes=10),
    attempt=timedelta(minutes=30),
    rate=Rate(6, timedelta(minutes=1)),
    link_in_text=True,
    fetches_pictures=True,
    rehearsed_only=True,
    profile_url="https://www.tiktok.com/@{handle}",
    look=Look(
        # How much of a caption is shown nobody at TikTok says; observers tell of one or two lines.
        sources=(Source("developers.tiktok.com: Content Posting API (35 pictures)", ("pictures",)),),
        seen="2026-11-27",
        fold_lines=2,
        line=45,
        links=False,
        mentions=NAME,
        layout=Layout.SWIPE,
        pictures=35,
        media_first=True,
        video=Shape.UPRIGHT,
        alt=False,
    ),
)
