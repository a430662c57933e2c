"""The newsroom as a channel."""

from kentongan.channels.contract import Channel
from kentongan.channels.newsroom.manifest import MANIFEST

CHANNEL = Channel(MANIFEST)
