"""Mastodon as a channel."""

from kentongan.channels.contract import Channel
from kentongan.channels.mastodon.manifest import MANIFEST

CHANNEL = Channel(MANIFEST)
