"""Threads, through the organisation's own app."""

from kentongan.channels.contract import Channel
from kentongan.channels.threads.connector import ThreadsConnector, ThreadsSignIn
from kentongan.channels.threads.manifest import MANIFEST
from kentongan.channels.threads.publisher import ThreadsFinder, ThreadsPublisher
from kentongan.channels.threads.reposts import ThreadsReposter

CHANNEL = Channel(
    MANIFEST,
    connector=ThreadsConnector(),
    sign_in=ThreadsSignIn(),
    publisher=ThreadsPublisher(),
    finder=ThreadsFinder(),
    reposter=ThreadsReposter(),
)
