"""Bluesky as a channel."""

from kentongan.channels.bluesky.manifest import MANIFEST
from kentongan.channels.contract import Channel

CHANNEL = Channel(MANIFEST)
