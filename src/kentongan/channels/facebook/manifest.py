"""What is known of Facebook's Pages without calling it (developers.facebook.com: Pages API, November 2026).

Pictures by "Page Photos" (4 MB; "Photo" says less than 10). Videos by the "Resumable Upload API" (MP4) and "Video API:
Error Codes" (2 GB).
"""

from datetime import timedelta

from kentongan.channels import counting
from kentongan.channels.contract import Counting, Idempotency, Limits, Manifest
from kentongan.channels.graph.api import Graph
from kentongan.channels.looks import CardForm, Layout, Look, Shape, Source
from kentongan.channels.text import with_link
from kentongan.core.ids import public_id

TEXT = 63_206
GRAPH = Graph("v25.0", proves=True, renews=True)

MANIFEST = Manifest(
    kind="facebook",
    label="Facebook",
    icon="brand-facebook",
    limits=Limits(
        TEXT,
        images=10,
        image_bytes=4 * 1024 * 1024,
        image_types=frozenset({"image/jpeg", "image/png"}),
        videos=1,
        video_bytes=2_000_000_000,
        video_seconds=4 * 3600,
        video_shortest=1,
        video_codecs=frozenset({"h264", "hevc"}),
    ),
    count=counting.counter(counting.utf16, TEXT, Counting.CHARACTERS),
    new_key=public_id,
    # The same text twice in a row is refused (506); so a repeated request is no second post.
    idempotency=Idempotency.TEXT,
    # "Video API: Error Codes" and the reference "Page Videos" know no refusal of a repeated video.
    video_idempotency=Idempotency.NONE,
    video_settling=timedelta(hours=1),  # a video is listed once Facebook is done with it
    attempt=timedelta(minutes=8),  # ten pictures, one after the other, each up to forty seconds on a slow line
    recalls=True,
    link_beside=with_link,  # a link becomes a card, but beside pictures or a video it stands in the text
    rehearsed_only=True,
    profile_url="https://www.facebook.com/{handle}",
    look=Look(
        # Where it folds, and to what it cuts, Meta states nowhere; observers tell of some 477 characters on a computer
        # and some 125 on a phone (boldlytype.com/blog/facebook-post-character-limit, posttruncate.com).
        sources=(Source("developers.facebook.com: Pages API, Posts"),),
        seen="2026-11-27",
        fold=477,
        fold_lines=5,
        line=95,
        layout=Layout.FIRST,
        pictures=5,
        single=Shape.PORTRAIT,
        several=Shape.SQUARE,
        card=CardForm.LARGE,
    ),
)
