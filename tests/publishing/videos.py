"""Accounts that publish videos, signed in on the platform's own page, and what they are given to publish."""

from io import BytesIO

from core import samples
from kentongan.core import clock, files
from kentongan.planning.models import ContentItem
from kentongan.publishing import actions, signing_in, worker
from kentongan.publishing.actions import reconciling
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import State
from kentongan.registry import actions as registry
from kentongan.registry.models import Account
from named_cast import SYSTEM
from publishing.desk import Desk
from servers import tiktok, youtube
from servers.tiktok import TikTokServer
from servers.youtube import YouTubeServer

MP4 = samples.clean(padding=102_400)
APPS = {
    "youtube": (youtube.CLIENT_ID, youtube.CLIENT_SECRET),
    "tiktok": (tiktok.CLIENT_KEY, tiktok.CLIENT_SECRET),
}


def connected(desk: Desk, platform: str, server: YouTubeServer | TikTokServer, service: str) -> Account:
    """Return an account that is signed in on the platform's own page."""
    arif, (client_id, secret) = desk.cast.actor("arif"), APPS[platform]
    actions.set_app(arif, platform, client_id=client_id, client_secret=secret, service=service)
    account = registry.declare_account(SYSTEM, desk.cast.root.pk, platform=platform, handle="@kabaruji")
    back = server.allow(signing_in.begin(arif, account.pk, "sesi"))
    return signing_in.finish(arif, "sesi", state=back["state"], code=back["code"], error="")


def item(desk: Desk, kind: str, *, ai: bool = False, text: str = "Jalan Setu dibuka lagi") -> ContentItem:
    """Return an approved item with a video."""
    stored = files.store(SYSTEM, BytesIO(MP4), "setu.mp4", unit_id=desk.cast.root.pk)
    asset = {"file": stored, "alt": "Mobil lewat di Jalan Setu", "ai_generated": ai}
    return desk.item(text=text, kinds=[kind], assets=[asset])


def scheduled(desk: Desk, account: Account, **more: object) -> Delivery:
    return desk.schedule(account, item=item(desk, account.platform, **more))


def look(delivery: Delivery) -> State | None:
    Delivery.objects.filter(pk=delivery.pk).update(look_at=clock.now())
    return worker.look(reconciling.claim_doubts()[0])
