"""What is known of X without calling it (docs.x.com: creating posts, media, rate limits, pricing; November 2026)."""

from datetime import timedelta

from kentongan.channels import counting
from kentongan.channels.contract import Counting, Idempotency, Limits, Manifest, Rate
from kentongan.core.ids import public_id

TEXT = 280

MANIFEST = Manifest(
    kind="x",
    label="X",
    icon="brand-x",
    limits=Limits(
        TEXT, Counting.WEIGHTED, images=4, image_bytes=5 * 1024 * 1024, image_side=4_096, link=counting.LINK_LENGTH
    ),
    count=counting.counter(counting.weighted, TEXT, Counting.WEIGHTED),
    new_key=public_id,
    # X refuses a text that the account posted lately; so a repeated request is no second post.
    idempotency=Idempotency.TEXT,
    rate=Rate(100, timedelta(minutes=15)),
    app_rate=Rate(10_000, timedelta(hours=24)),
    cost_usd=0.015,
    cost_link_usd=0.20,
    health_costs=True,
    recalls=True,
    link_in_text=True,
    rehearsed_only=True,
    forbids_alike=True,  # "substantially similar", its rules for automation say
    profile_url="https://x.com/{handle}",
)
