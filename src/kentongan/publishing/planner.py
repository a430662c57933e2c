"""What it would cost, and how long it would take, before anybody says yes: by the budgets that workers keep to."""

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count

from kentongan.channels import registry as channels
from kentongan.channels.contract import Manifest, Rate
from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.planning.models import ContentItem, Rendition
from kentongan.publishing import access, budgets
from kentongan.publishing.models import Attempt, Delivery, PlatformApp
from kentongan.publishing.states import CLAIMS, State
from kentongan.registry import queries as registry
from kentongan.registry.models import Account

MOST_WAITING = 5_000


@dataclass(frozen=True, slots=True)
class Forecast:
    """One platform of a plan: how many posts, what they cost in US dollars, from when to when they would go out.

    `reposts` says how many of them repost the others.
    `late` is how many would not go out in time by the budget that all accounts share. `month_usd` and `spent` say what
    may be spent there this month, and was; both None where nobody set it.
    """

    manifest: Manifest
    posts: int
    cost_usd: Decimal
    begins: datetime
    ends: datetime
    rate: Rate | None
    late: int = 0
    reposts: int = 0
    month_usd: Decimal | None = None
    spent: Decimal | None = None

    @property
    def days(self) -> int:
        """On how many days posts go out, counted from the first one: 1 when all is out within a day."""
        return (self.ends - self.begins) // timedelta(days=1) + 1

    @property
    def too_dear(self) -> bool:
        """Whether the money of this month does not suffice."""
        return self.month_usd is not None and (self.spent or 0) + self.cost_usd > self.month_usd


@dataclass(frozen=True, slots=True)
class Planned:
    """One post of a plan: to which platform, at what time, with the text and the link of its version.

    A repost has neither.
    """

    kind: str
    at: datetime
    text: str
    link: str
    repost: bool = False


def of_item(
    item: ContentItem, accounts: Iterable[Account], times: Sequence[datetime], reposting: Collection[int] = ()
) -> list[Planned]:
    """Return the posts of an item to those accounts at their times; an account without a version is left out.

    Those of `reposting` repost what another one posts.
    """
    versions = {version.kind: version for version in item.renditions.all()}
    return [
        _planned(versions[account.platform], moment, repost=account.pk in reposting)
        for account, moment in zip(accounts, times, strict=True)
        if account.platform in versions
    ]


def _planned(version: Rendition, moment: datetime, *, repost: bool) -> Planned:
    return Planned(version.kind, moment, "" if repost else version.text, "" if repost else version.link, repost=repost)


def forecasts(posts: Iterable[Planned], late_minutes: int) -> list[Forecast]:
    """Return what the posts would cost and when they would be out, for each platform where either is limited."""
    by_kind: dict[str, list[Planned]] = {}
    for post in posts:
        by_kind.setdefault(post.kind, []).append(post)
    now, late = clock.now(), timedelta(minutes=late_minutes)
    found = (_forecast(kind, planned, late, now) for kind, planned in sorted(by_kind.items()))
    return [one for one in found if one is not None]


def _forecast(kind: str, posts: list[Planned], late: timedelta, now: datetime) -> Forecast | None:
    manifest = channels.get(kind).manifest
    app = budgets.app_at(manifest)
    rate = budgets.app_rate(manifest, app)
    each = {(post.text, post.link): budgets.cost_of(kind, post.text, post.link) or Decimal(0) for post in posts}
    cost = sum((each[post.text, post.link] for post in posts), Decimal(0))
    if not cost and rate is None:
        return None
    wanted = sorted(max(post.at, now) for post in posts)
    out = _out(kind, wanted, rate, now) if rate else wanted
    too_late = sum(1 for want, moment in zip(wanted, out, strict=True) if moment > want + late)
    reposts = sum(post.repost for post in posts)
    return Forecast(manifest, len(posts), cost, wanted[0], out[-1], rate, too_late, reposts, *_money(app))


def _money(app: PlatformApp | None) -> tuple[Decimal | None, Decimal | None]:
    return (app.month_usd, budgets.spent(app.platform)) if app and app.month_usd is not None else (None, None)


def _out(kind: str, wanted: list[datetime], rate: Rate, now: datetime) -> list[datetime]:
    """Return when each of the wanted posts would go out, behind what went out lately and beside what waits already."""
    gone = Attempt.objects.filter(kind=Attempt.Kind.PUBLISH, platform=kind, started_at__gt=now - rate.per)
    waiting = Delivery.objects.filter(account__platform=kind, state__in=[State.READY, *CLAIMS])
    waiting = waiting.filter(try_at__lte=wanted[-1] + rate.per)
    others = list(waiting.order_by("try_at").values_list("try_at", flat=True)[: MOST_WAITING + 1])
    if len(others) > MOST_WAITING:  # far more than a screen has to be exact about
        ahead = waiting.count()
        return [max(moment, now + rate.per * (place // rate.posts)) for place, moment in enumerate(wanted, ahead)]
    queue = [(max(moment, now), False) for moment in others] + [(moment, True) for moment in wanted]
    return through(gone.order_by("started_at").values_list("started_at", flat=True), queue, rate)


def through(gone: Iterable[datetime], queue: Iterable[tuple[datetime, bool]], rate: Rate) -> list[datetime]:
    """Return when each of ours leaves a queue of (wanted at, ours) that a rate lets through, behind what is gone."""
    window = deque(gone, maxlen=rate.posts)
    out = []
    for moment, ours in sorted(queue):
        goes = max(moment, window[0] + rate.per) if len(window) == rate.posts else moment
        window.append(goes)
        if ours:
            out.append(goes)
    return out


def before_approval(actor: Actor, item: ContentItem, late_minutes: int) -> list[Forecast]:
    """Return the forecast for the accounts that are booked for an item; where none is, for all that it might go to.

    Those are the connected accounts that the actor sees at its unit and below it. Where a platform takes the same text
    from one account only, the others repost it.
    """
    accounts = Account.objects.filter(pk__in=item.bookings.values("account"))
    if not accounts.exists():
        accounts = registry.connected_accounts(actor, access.READ).filter(unit__path__within=item.unit.path)
    counts = dict(accounts.order_by().values_list("platform").annotate(n=Count("pk")))
    at = item.planned_for or clock.now()
    posts = [
        _planned(version, at, repost=place > 0 and _one_alone(version.kind))
        for version in item.renditions.all()
        for place in range(counts.get(version.kind, 0))
    ]
    return forecasts(posts, late_minutes)


def _one_alone(kind: str) -> bool:
    channel = channels.get(kind)
    return channel.manifest.forbids_alike and channel.reposter is not None
