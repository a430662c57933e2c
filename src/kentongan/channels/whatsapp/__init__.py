"""WhatsApp: people share content by link; a business number carries messages of the outbox through the Cloud API.

Nothing is published by itself: WhatsApp's channels have no interface, and a template goes to one person at a time.
"""

from kentongan.channels import sharing
from kentongan.channels.contract import Channel
from kentongan.channels.whatsapp.connector import WhatsAppConnector
from kentongan.channels.whatsapp.manifest import MANIFEST
from kentongan.channels.whatsapp.messenger import WhatsAppMessenger

CHANNEL = Channel(MANIFEST, connector=WhatsAppConnector(), messenger=WhatsAppMessenger(), share=sharing.WHATSAPP)
