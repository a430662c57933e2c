"""What is known of Instagram without calling it (developers.facebook.com: Content Publishing, November 2026)."""

from datetime import timedelta

from kentongan.channels import counting
from kentongan.channels.contract import Counting, Limits, Manifest, Rate
from kentongan.channels.graph.api import Graph
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
    ),
    count=counting.counter(counting.utf16, TEXT, Counting.CHARACTERS),
    new_key=public_id,
    settling=timedelta(minutes=5),
    attempt=timedelta(minutes=5),  # ten pictures, which Instagram fetches one after the other
    rate=Rate(100, timedelta(hours=24)),
    link_in_text=True,
    fetches_media=True,
    rehearsed_only=True,
    profile_url="https://www.instagram.com/{handle}/",
)
