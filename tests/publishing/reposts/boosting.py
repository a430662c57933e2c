"""A scripted Mastodon server that takes boosts too, and posts that are reposted."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from kentongan.publishing.models import Delivery
from kentongan.registry.models import Account
from publishing.desk import Desk, Platform


@dataclass
class Boosting(Platform):
    """The scripted server, which takes boosts too."""

    boosted: list[str] = field(default_factory=list)
    refusals: list[httpx.Response | Exception] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if request.method == "POST" and path.endswith("/reblog"):
            number = path.split("/")[-2]
            self.boosted.append(number)
            self.during()
            answer = self.refusals.pop(0) if self.refusals else None
            if isinstance(answer, Exception):
                raise answer
            return answer or httpx.Response(200, json={"id": f"9{number}", "reblog": {"id": number}})
        if request.method == "DELETE":
            self.deleted.append(path.rpartition("/")[2])
        return super().__call__(request)


def schedule(desk: Desk, accounts: list[Account], **more: Any) -> tuple[Delivery, list[Delivery]]:
    """Schedule for all, the first one posting."""
    item = more.pop("item", None) or desk.item(kinds=["mastodon"])
    desk.schedule(*accounts, item=item, origin_ids=[accounts[0].pk], **more)
    made = {one.account_id: one for one in Delivery.objects.filter(item=item)}
    first, *others = (made[account.pk] for account in accounts)
    return first, others
