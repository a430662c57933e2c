"""Mastodon and its relatives, written for servers that ignore an Idempotency-Key or list a status twice."""

from kentongan.channels.contract import Channel
from kentongan.channels.mastodon.absences import MastodonAbsences
from kentongan.channels.mastodon.connector import MastodonConnector
from kentongan.channels.mastodon.listener import LISTENERS
from kentongan.channels.mastodon.manifest import MANIFEST
from kentongan.channels.mastodon.metrics import MastodonMetrics
from kentongan.channels.mastodon.posts import MastodonPosts
from kentongan.channels.mastodon.prover import MastodonProver
from kentongan.channels.mastodon.publisher import MastodonFinder, MastodonPublisher
from kentongan.channels.mastodon.reposts import MastodonReposter

CHANNEL = Channel(
    MANIFEST,
    connector=MastodonConnector(),
    publisher=MastodonPublisher(),
    finder=MastodonFinder(),
    reposter=MastodonReposter(),
    metrics=MastodonMetrics(),
    prover=MastodonProver(),
    posts=MastodonPosts(),
    listeners=LISTENERS,
    absences=MastodonAbsences(),
)
