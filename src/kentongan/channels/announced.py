"""Platforms whose accounts can be declared and shown, and which are not connected yet.

Limits as the platforms published them in November 2026. People can share to those that have a share dialogue.
"""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from kentongan.channels import counting, feeds, provers
from kentongan.channels.contract import Channel, Counting, Limits, Manifest, Prover, PublicPosts, Rate, ShareLink, Text
from kentongan.core.ids import public_id

MEGABYTE = 1024 * 1024
LATER = _("Not connected yet: this platform comes in a later release.")


def _announced(
    kind: str,
    label: Text,
    limits: Limits,
    *,
    icon: str,
    profile_url: str = "",
    rate: Rate | None = None,
    share: ShareLink | None = None,
    prover: Prover | None = None,
    posts: PublicPosts | None = None,
) -> Channel:
    measure = {
        Counting.WEIGHTED: counting.weighted,
        Counting.GRAPHEMES: counting.graphemes,
        Counting.WORDS: counting.words,
        Counting.CHARACTERS: counting.utf16,
        Counting.BYTES: counting.utf8,
    }[limits.counting]
    manifest = Manifest(
        kind=kind,
        label=label,
        icon=icon,
        limits=limits,
        count=counting.counter(measure, limits.text, limits.counting),
        new_key=public_id,
        rate=rate,
        note=LATER,
        profile_url=profile_url,
    )
    return Channel(manifest, share=share, prover=prover, posts=posts)


WEBSITE = _announced(
    "website",
    _("Website"),
    Limits(None, Counting.WORDS, title=True),
    icon="world",
    prover=provers.WEBSITE,
    posts=feeds.WEBSITE,
)
THREADS = _announced(
    "threads",
    "Threads",
    Limits(500, images=20, image_bytes=8 * MEGABYTE),
    icon="brand-threads",
    profile_url="https://www.threads.com/@{handle}",
    rate=Rate(250, timedelta(hours=24)),
)
