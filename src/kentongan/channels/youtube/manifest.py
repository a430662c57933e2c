"""What is known of YouTube without calling it (developers.google.com/youtube/v3, November 2026)."""

from datetime import timedelta

from kentongan.channels import counting
from kentongan.channels.contract import Counting, Idempotency, Limits, Manifest, Rate
from kentongan.channels.looks import NAME, Look, Shape, Source
from kentongan.core.ids import public_id

TITLE, DESCRIPTION_BYTES, TAGS = 100, 5_000, 500

MANIFEST = Manifest(
    kind="youtube",
    label="YouTube",
    icon="brand-youtube",
    limits=Limits(
        DESCRIPTION_BYTES,
        Counting.BYTES,
        title=True,
        title_most=TITLE,
        barred="<>",
        videos=1,
        video_needed=True,
        video_bytes=256 * 1024**3,
        video_seconds=12 * 3_600,
        video_types=frozenset({"video/mp4", "video/quicktime", "video/webm"}),
    ),
    count=counting.counter(counting.utf8, DESCRIPTION_BYTES, Counting.BYTES),
    new_key=public_id,
    idempotency=Idempotency.NONE,
    # An upload is in the channel's list as soon as it is whole, before it is processed.
    settling=timedelta(minutes=10),
    attempt=timedelta(minutes=30),
    # "Quota Calculator": videos.insert has a bucket of its own, 100 a day for a project.
    app_rate=Rate(100, timedelta(hours=24)),
    recalls=True,
    link_in_text=True,
    rehearsed_only=True,
    profile_url="https://www.youtube.com/@{handle}",
    look=Look(
        # "Only the first few lines" are shown, YouTube's help says, not how many.
        sources=(
            Source("developers.google.com/youtube/v3: videos"),
            # "The standard aspect ratio on a computer is 16:9"; others are padded, not cut.
            Source("support.google.com/youtube/answer/6375112", ("video",)),
        ),
        seen="2026-11-27",
        fold_lines=3,
        line=70,
        mentions=NAME,
        media_first=True,
        video=Shape.WIDE,
        alt=False,
    ),
)
