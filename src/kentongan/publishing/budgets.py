"""How much a platform takes from one account, and from the organisation's app there: shared by all workers.

A budget is what the attempts of its window left over. It is looked at when a delivery is checked, and taken under a
lock of its own in the transaction that commits the attempt: two workers never take the last place both.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from kentongan.channels import registry as channels
from kentongan.channels.contract import Manifest, Rate
from kentongan.core import advisory, clock
from kentongan.planning.counting import measure
from kentongan.publishing.models import Attempt, PlatformApp
from kentongan.registry.models import Account


@dataclass(frozen=True, slots=True)
class Full:
    """There is no room now; `until` is when there is some again."""

    until: datetime
    reason: str


def app_rate(manifest: Manifest, app: PlatformApp | None) -> Rate | None:
    """Return what the app may post over all its accounts: by its own quota where one is entered, else the usual one."""
    if app is not None and app.posts_a_day:
        return Rate(app.posts_a_day, timedelta(days=1))
    return manifest.app_rate


def app_at(manifest: Manifest) -> PlatformApp | None:
    """Return the organisation's app at a platform; None where it has none, or people do not sign in there."""
    signs_in = channels.get(manifest.kind).sign_in is not None
    return PlatformApp.objects.filter(platform=manifest.kind).first() if signs_in else None


def lock(account: Account) -> None:
    """Keep others from taking of the same budgets until this transaction ends; always in the same order."""
    manifest = channels.get(account.platform).manifest
    if manifest.app_rate or channels.get(account.platform).sign_in is not None:
        advisory.until_commit(f"budget:{account.platform}")
    if manifest.rate:
        advisory.until_commit(f"budget:{account.platform}:{account.pk}")


def full(account: Account, cost: Decimal | None, now: datetime, *, repost: bool = False) -> Full | None:
    """Return which budget has no room for one more post at this cost; None when all have.

    Of several the one that is full for the longest.
    """
    return max(_full(account, cost, now, repost), key=lambda one: one.until, default=None)


def _full(account: Account, cost: Decimal | None, now: datetime, repost: bool) -> Iterator[Full]:
    manifest = channels.get(account.platform).manifest
    app = app_at(manifest)
    published = Attempt.objects.filter(kind=Attempt.Kind.PUBLISH)
    own = published.filter(delivery__account=account)
    if manifest.rate and (room_at := _room_at(own, manifest.rate, now)):
        yield Full(room_at, _("Waits for the account's rate budget."))
    reposted = own.filter(delivery__repost_of__isnull=False)
    if repost and manifest.repost_rate and (room_at := _room_at(reposted, manifest.repost_rate, now)):
        yield Full(room_at, _("Waits for the account's rate budget of reposts."))
    shared = app_rate(manifest, app)
    if shared and (room_at := _room_at(published.filter(platform=manifest.kind), shared, now)):
        yield Full(room_at, _("Waits for the rate budget that all accounts of this platform share."))
    if app and (room_at := _money_at(app, cost, now)):
        yield Full(room_at, _("The money for this platform is used up for this month."))


def _room_at(attempts: QuerySet[Attempt], rate: Rate, now: datetime) -> datetime | None:
    """Return when the attempt leaves the window that has to, before one more fits in; None when one fits now."""
    lately = attempts.filter(started_at__gt=now - rate.per).order_by("-started_at")
    blocking = next(iter(lately.values_list("started_at", flat=True)[rate.posts - 1 : rate.posts]), None)
    return None if blocking is None else blocking + rate.per


def cost_of(kind: str, text: str, link: str = "") -> Decimal | None:
    """Return what a post of this text and link costs, in US dollars; None where posting costs nothing."""
    cost = measure(kind, text, link).cost_usd
    return None if cost is None else Decimal(str(cost))


def month_of(moment: datetime) -> datetime:
    """Return when the month began for which platforms send their bill: in UTC."""
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def spent(platform: str, now: datetime | None = None) -> Decimal:
    """Return what this month's posts on a platform cost at most, in US dollars.

    What the platform refused costs nothing; what nobody knows counts.
    """
    since = month_of(now or clock.now())
    costs = Attempt.objects.filter(platform=platform, kind=Attempt.Kind.PUBLISH, started_at__gte=since)
    return costs.aggregate(sum=Sum("cost_usd"))["sum"] or Decimal(0)


def _money_at(app: PlatformApp, cost: Decimal | None, now: datetime) -> datetime | None:
    if app.month_usd is None or not cost or spent(app.platform, now) + cost <= app.month_usd:
        return None
    return month_of(month_of(now) + timedelta(days=32))
