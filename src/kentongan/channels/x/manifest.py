"""What is known of X without calling it (docs.x.com: creating posts, media, rate limits, pricing; November 2026).

Videos by "Media best practices" and "Initialize media upload": what accounts that do not pay may send.
"""

import re
from datetime import timedelta

from kentongan.channels import counting
from kentongan.channels.contract import Counting, Idempotency, Limits, Manifest, Rate
from kentongan.channels.looks import CardForm, Look, Shape, Source
from kentongan.core.ids import public_id

TEXT = 280

MANIFEST = Manifest(
    kind="x",
    label="X",
    icon="brand-x",
    limits=Limits(
        TEXT,
        Counting.WEIGHTED,
        images=4,
        image_bytes=5 * 1024 * 1024,
        image_side=4_096,
        link=counting.LINK_LENGTH,
        videos=1,
        video_bytes=512 * 1024 * 1024,
        video_seconds=140,
        video_shortest=1,
        video_types=frozenset({"video/mp4", "video/quicktime"}),
        video_codecs=frozenset({"h264"}),
        video_shape=(1 / 3, 3.0),
    ),
    count=counting.counter(counting.weighted, TEXT, Counting.WEIGHTED),
    new_key=public_id,
    # X refuses a text that the account posted lately; so a repeated request is no second post.
    idempotency=Idempotency.TEXT,
    rate=Rate(100, timedelta(minutes=15)),
    app_rate=Rate(10_000, timedelta(hours=24)),
    repost_rate=Rate(50, timedelta(minutes=15)),
    cost_usd=0.015,  # and so does a repost, which X calls a user interaction
    cost_link_usd=0.20,
    health_costs=True,
    recalls=True,
    link_in_text=True,
    rehearsed_only=True,
    forbids_alike=True,  # "substantially similar", its rules for automation say
    profile_url="https://x.com/{handle}",
    look=Look(
        sources=(
            Source("docs.x.com: Counting characters, Cards"),
            Source("developer.x.com/docs/basics/tco: links are shown shortened, to what length it does not say"),
        ),
        seen="2026-11-27",
        link_shown=27,
        mentions=re.compile(r"[A-Za-z0-9_]{1,15}(?!\w)"),
        single=Shape.PORTRAIT,
        several=Shape.WIDE,
        card=CardForm.OVER,
        card_lines=("title", "site"),
    ),
)
