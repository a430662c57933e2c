"""What is known of Facebook's Pages without calling it (developers.facebook.com: Pages API, November 2026)."""

from datetime import timedelta

from kentongan.channels import counting
from kentongan.channels.contract import Counting, Idempotency, Limits, Manifest
from kentongan.channels.graph.api import Graph
from kentongan.core.ids import public_id

TEXT = 63_206
GRAPH = Graph("v25.0", proves=True, renews=True)

MANIFEST = Manifest(
    kind="facebook",
    label="Facebook",
    icon="brand-facebook",
    limits=Limits(TEXT, images=10, image_bytes=4 * 1024 * 1024, image_types=frozenset({"image/jpeg", "image/png"})),
    count=counting.counter(counting.utf16, TEXT, Counting.CHARACTERS),
    new_key=public_id,
    # The same text twice in a row is refused (506); so a repeated request is no second post.
    idempotency=Idempotency.TEXT,
    attempt=timedelta(minutes=8),  # ten pictures, one after the other, each up to forty seconds on a slow line
    recalls=True,
    rehearsed_only=True,
    profile_url="https://www.facebook.com/{handle}",
)
