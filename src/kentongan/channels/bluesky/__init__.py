"""Bluesky, through the AT protocol's `com.atproto.*` calls: works with any server, with or without an app view."""

from kentongan.channels.bluesky.absences import BlueskyAbsences
from kentongan.channels.bluesky.connector import BlueskyConnector
from kentongan.channels.bluesky.listener import LISTENERS
from kentongan.channels.bluesky.manifest import MANIFEST
from kentongan.channels.bluesky.metrics import BlueskyMetrics
from kentongan.channels.bluesky.posts import BlueskyPosts
from kentongan.channels.bluesky.prover import BlueskyProver
from kentongan.channels.bluesky.publisher import BlueskyFinder, BlueskyPublisher
from kentongan.channels.bluesky.reposts import BlueskyReposter
from kentongan.channels.contract import Channel

CHANNEL = Channel(
    MANIFEST,
    connector=BlueskyConnector(),
    publisher=BlueskyPublisher(),
    finder=BlueskyFinder(),
    reposter=BlueskyReposter(),
    metrics=BlueskyMetrics(),
    prover=BlueskyProver(),
    posts=BlueskyPosts(),
    listeners=LISTENERS,
    absences=BlueskyAbsences(),
)
