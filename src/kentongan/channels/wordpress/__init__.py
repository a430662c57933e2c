"""WordPress through its REST interface, with an application password; a slug of ours makes a post the same."""

from kentongan.channels.contract import Channel
from kentongan.channels.wordpress.connector import WordPressConnector
from kentongan.channels.wordpress.manifest import MANIFEST
from kentongan.channels.wordpress.metrics import WordPressMetrics
from kentongan.channels.wordpress.publisher import WordPressFinder, WordPressPublisher

CHANNEL = Channel(
    MANIFEST,
    connector=WordPressConnector(),
    publisher=WordPressPublisher(),
    finder=WordPressFinder(),
    metrics=WordPressMetrics(),
)
