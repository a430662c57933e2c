"""Instagram: professional accounts (business or creator), through the organisation's own app."""

from kentongan.channels.contract import Channel
from kentongan.channels.instagram.connector import InstagramConnector, InstagramSignIn
from kentongan.channels.instagram.manifest import MANIFEST
from kentongan.channels.instagram.publisher import InstagramFinder, InstagramPublisher

CHANNEL = Channel(
    MANIFEST,
    connector=InstagramConnector(),
    sign_in=InstagramSignIn(),
    publisher=InstagramPublisher(),
    finder=InstagramFinder(),
)
