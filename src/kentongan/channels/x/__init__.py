"""X through its API v2, on the organisation's own app and at its cost."""

from kentongan.channels import sharing
from kentongan.channels.contract import Channel
from kentongan.channels.x.connector import XConnector, XSignIn
from kentongan.channels.x.manifest import MANIFEST
from kentongan.channels.x.publisher import XFinder, XPublisher
from kentongan.channels.x.reposts import XReposter

CHANNEL = Channel(
    MANIFEST,
    connector=XConnector(),
    sign_in=XSignIn(),
    publisher=XPublisher(),
    finder=XFinder(),
    reposter=XReposter(),
    share=sharing.X,
)
