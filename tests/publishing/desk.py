"""A desk to publish from: accounts, approved items, deliveries, and a platform whose answers tests write."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.models.files import StoredFile
from kentongan.planning.models import ContentItem
from kentongan.publishing import actions, worker
from kentongan.publishing.actions import firing
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import State
from kentongan.registry import actions as registry
from kentongan.registry.models import Account, Unit
from kentongan.safeguards.authenticity import bands
from named_cast import SYSTEM, Cast

TEXT = "Jalan Setu ditutup sampai Jumat. Lewat jalur Serang."
KINDS = ("newsroom", "bluesky", "mastodon")


@dataclass
class Platform:
    """A Mastodon server at the level of the transport: tests write its next answers and read its requests."""

    answers: list[httpx.Response | Exception] = field(default_factory=list)
    posted: list[dict[str, Any]] = field(default_factory=list)
    uploaded: list[bytes] = field(default_factory=list)
    listed: list[dict[str, Any]] = field(default_factory=list)
    during: Callable[[], None] = field(default=lambda: None)
    down: bool = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path, verb = request.url.path, request.method
        if self.down:
            raise httpx.ConnectError("no route")
        if verb == "POST" and path == "/api/v1/statuses":
            self.posted.append({"key": request.headers["Idempotency-Key"], "body": request.content})
            self.during()
            answer = self.answers.pop(0) if self.answers else self.accepted(len(self.posted))
            if isinstance(answer, Exception):
                raise answer
            return answer
        if verb == "GET" and path.endswith("/statuses"):
            return httpx.Response(200, json=[] if "max_id" in request.url.params else self.listed)
        if verb == "POST" and path == "/api/v2/media":
            self.uploaded.append(request.read())
            return httpx.Response(200, json={"id": str(len(self.uploaded)), "url": "https://contoh.social/m"})
        if verb == "DELETE":
            return httpx.Response(200, json={})
        return httpx.Response(404, json={"error": "Not found"})

    def accepted(self, number: int = 1) -> httpx.Response:
        """Return the answer of a server that took the status."""
        return httpx.Response(200, json={"id": str(number), "url": f"https://contoh.social/@kabar/{number}"})

    def client(self, extra: timedelta | None = None) -> httpx.Client:
        """Return a client that talks to this platform only."""
        return httpx.Client(transport=httpx.MockTransport(self))


@dataclass
class Desk:
    """Makes what a test needs, and works like one worker."""

    cast: Cast

    def account(
        self, platform: str = "mastodon", unit: Unit | None = None, handle: str = "kabar", **secrets: str
    ) -> Account:
        """Return a connected account."""
        unit = unit or self.cast.root
        # A name with a server reads as a handle wherever handles have one, and as a name of our own elsewhere.
        where = "@contoh.social" if platform == "mastodon" else ""
        name = f"{handle}_{unit.pk}" if platform == "x" else f"{handle}-{unit.pk}"
        declared = registry.declare_account(SYSTEM, unit.pk, platform=platform, handle=f"{name}{where}")
        secrets = secrets or {"access_token": "rahasia", "account_id": "1"}
        registry.connect(SYSTEM, declared.pk, secrets=secrets, service_url="https://contoh.social")
        return Account.objects.select_related("unit", "connection").get(pk=declared.pk)

    def item(
        self,
        purpose: str = "service",
        text: str = TEXT,
        unit: Unit | None = None,
        kinds: Sequence[str] = KINDS,
        pictures: Sequence[StoredFile] = (),
        assets: Sequence[Mapping[str, Any]] = (),
    ) -> ContentItem:
        """Return an approved item with those pictures, and a version for each of those platforms."""
        author, approver = self.cast.user("dewi"), self.cast.user("hendra")
        item = ContentItem.objects.create(
            unit=unit or self.cast.root,
            title="Penutupan Jalan Setu",
            text=text,
            purpose=purpose,
            state="in_review",
            created_by=author,
            author_ids=[author.pk],
        )
        for kind in kinds:
            item.renditions.create(kind=kind, text=text, bands=bands(text, kind))
        for number, file in enumerate(pictures):
            item.assets.create(file=file, alt=f"Gambar {number}", position=number)
        for asset in assets:
            item.assets.create(**asset)
        item.state, item.approved_by, item.approved_at = "approved", approver, clock.now()
        item.save()
        return item

    def schedule(
        self, *accounts: Account, item: ContentItem | None = None, actor: Actor | None = None, **more: Any
    ) -> Delivery:
        """Schedule for now and return the first delivery."""
        item = item or self.item()
        due = more.pop("due_at", clock.now())
        made = actions.schedule(actor or self.cast.actor("hendra"), item.pk, [a.pk for a in accounts], due, **more)
        return made[0]

    def run(self) -> list[State | None]:
        """Do what one tick does, in this thread; return the new states."""
        return [worker.deliver(claim) for claim in firing.claim_due()]

    def state(self, delivery: Delivery) -> str:
        """Return the delivery's present state."""
        delivery.refresh_from_db()
        return delivery.state

    def later(self, delivery: Delivery, wait: timedelta, *names: str) -> None:
        """Let time pass for a delivery by moving its own times back (`due_at` is fixed once it was tried)."""
        delivery.refresh_from_db()
        for name in names:
            setattr(delivery, name, getattr(delivery, name) - wait)
        Delivery.objects.filter(pk=delivery.pk).update(**{name: getattr(delivery, name) for name in names})
