"""YouTube through its Data API v3, on the organisation's own project at Google."""

from kentongan.channels import feeds, provers
from kentongan.channels.contract import Channel
from kentongan.channels.youtube.connector import YouTubeConnector, YouTubeSignIn
from kentongan.channels.youtube.finder import YouTubeFinder
from kentongan.channels.youtube.listener import YouTubeComments
from kentongan.channels.youtube.manifest import MANIFEST
from kentongan.channels.youtube.metrics import YouTubeMetrics
from kentongan.channels.youtube.publisher import YouTubePublisher
from kentongan.channels.youtube.viewer import YouTubeViewer

CHANNEL = Channel(
    MANIFEST,
    connector=YouTubeConnector(),
    sign_in=YouTubeSignIn(),
    publisher=YouTubePublisher(),
    finder=YouTubeFinder(),
    viewer=YouTubeViewer(),
    metrics=YouTubeMetrics(),
    prover=provers.YOUTUBE,
    posts=feeds.YOUTUBE,
    listeners=(YouTubeComments(),),
)
