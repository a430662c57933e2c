"""Facebook: Pages, through the organisation's own app. Profiles of people are never published to."""

from kentongan.channels import sharing
from kentongan.channels.contract import Channel
from kentongan.channels.facebook.connector import FacebookConnector, FacebookSignIn
from kentongan.channels.facebook.manifest import MANIFEST
from kentongan.channels.facebook.metrics import FacebookMetrics
from kentongan.channels.facebook.publisher import FacebookFinder, FacebookPublisher

CHANNEL = Channel(
    MANIFEST,
    connector=FacebookConnector(),
    sign_in=FacebookSignIn(),
    publisher=FacebookPublisher(),
    finder=FacebookFinder(),
    metrics=FacebookMetrics(),
    share=sharing.FACEBOOK,
)
