"""Websites that are declared and shown, and not published to: whoever runs one on WordPress connects it as that."""

from django.utils.translation import gettext_lazy as _

from kentongan.channels import counting, feeds, provers
from kentongan.channels.contract import Channel, Counting, Limits, Manifest
from kentongan.channels.entries import FeedListener
from kentongan.core.ids import public_id

WEBSITE = Channel(
    Manifest(
        kind="website",
        label=_("Website"),
        icon="world",
        limits=Limits(None, Counting.WORDS, title=True),
        count=counting.counter(counting.words, None, Counting.WORDS),
        new_key=public_id,
        note=_("Not connected yet: this platform comes in a later release."),
    ),
    prover=provers.WEBSITE,
    posts=feeds.WEBSITE,
    listeners=(FeedListener(),),
)
