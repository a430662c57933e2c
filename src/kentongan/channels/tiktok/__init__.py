"""TikTok through its Content Posting API, on the organisation's own app."""

from kentongan.channels.contract import Channel
from kentongan.channels.tiktok.connector import TikTokConnector, TikTokSignIn
from kentongan.channels.tiktok.finder import TikTokFinder
from kentongan.channels.tiktok.manifest import MANIFEST
from kentongan.channels.tiktok.metrics import TikTokMetrics
from kentongan.channels.tiktok.publisher import TikTokPublisher

CHANNEL = Channel(
    MANIFEST,
    connector=TikTokConnector(),
    sign_in=TikTokSignIn(),
    publisher=TikTokPublisher(),
    finder=TikTokFinder(),
    metrics=TikTokMetrics(),
)
