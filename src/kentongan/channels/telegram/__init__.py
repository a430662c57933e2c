"""Telegram channels through a bot: it can post and delete, and reads nothing back but what everybody can read."""

from kentongan.channels import sharing
from kentongan.channels.contract import Channel
from kentongan.channels.telegram.connector import TelegramConnector
from kentongan.channels.telegram.finder import TelegramFinder
from kentongan.channels.telegram.manifest import MANIFEST
from kentongan.channels.telegram.posts import TelegramPosts
from kentongan.channels.telegram.prover import TelegramProver
from kentongan.channels.telegram.publisher import TelegramPublisher
from kentongan.channels.telegram.reposts import TelegramReposter

CHANNEL = Channel(
    MANIFEST,
    connector=TelegramConnector(),
    publisher=TelegramPublisher(),
    finder=TelegramFinder(),
    reposter=TelegramReposter(),
    share=sharing.TELEGRAM,
    prover=TelegramProver(),
    posts=TelegramPosts(),
)
