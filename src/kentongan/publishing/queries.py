"""All reads of publishing: the ledger, what is coming, what needs a person."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, DateField, Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, TruncDate
from django.utils.translation import gettext as _

from kentongan.channels import registry as channels
from kentongan.channels.contract import Manifest
from kentongan.core import clock, messages
from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.planning.models import Campaign, ContentItem
from kentongan.publishing import access
from kentongan.publishing.actions.circuits import LONGEST_REST
from kentongan.publishing.actions.firing import paused
from kentongan.publishing.actions.reposting import its_turn
from kentongan.publishing.models import Attempt, Booking, Circuit, Delivery, Pause, PlatformApp, RecallTask
from kentongan.publishing.states import ENDS, NEEDS_PERSON, TO_COME, WAITING, State
from kentongan.registry import access as rights
from kentongan.registry import queries as registry
from kentongan.registry.models import Account, Connection, Unit
from kentongan.registry.models.accounts import NOTICE
from kentongan.registry.serving import SEATS, serves

ALARM_AFTER = timedelta(minutes=5)
BEFORE, AFTER = timedelta(days=14), timedelta(days=7)
CHECK_EVERY, CHECK_BAD_EVERY = timedelta(hours=24), timedelta(hours=1)
TELL_AGAIN = timedelta(days=3)
CHECK_BEFORE, CHECK_BEFORE_AGAIN = timedelta(hours=1), timedelta(hours=6)
SERVERS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Filter:
    """Which deliveries: by state (or `to_come`), account, item, campaign, unit's subtree, days in zone `timezone`."""

    state: str = ""
    account_id: int | None = None
    item_id: int | None = None
    unit: Unit | None = None
    since: date | None = None
    until: date | None = None
    timezone: str = "Asia/Jakarta"
    campaign_id: int | None = None

    def in_period(self) -> "Filter":
        """Return the filter from two weeks before today to a week after, unless it names days, an item, a campaign."""
        if self.since or self.until or self.item_id or self.campaign_id:
            return self
        today = clock.now().astimezone(clock.zone(self.timezone)).date()
        return replace(self, since=today - BEFORE, until=today + AFTER)

    def apply(self, rows: QuerySet[Delivery], *, with_state: bool = True) -> QuerySet[Delivery]:
        """Narrow the deliveries."""
        zone = clock.zone(self.timezone)
        if with_state and self.state:
            rows = rows.filter(state__in=TO_COME if self.state == "to_come" else [self.state])
        if self.account_id:
            rows = rows.filter(account_id=self.account_id)
        if self.item_id:
            rows = rows.filter(item_id=self.item_id)
        if self.campaign_id:
            rows = rows.filter(campaign_id=self.campaign_id)
        if self.unit is not None:
            rows = rows.filter(unit__path__within=self.unit.path)
        if self.since:
            rows = rows.filter(due_at__gte=datetime.combine(self.since, time(), zone))
        if self.until:
            rows = rows.filter(due_at__lt=datetime.combine(self.until + timedelta(days=1), time(), zone))
        return rows


@dataclass(frozen=True, slots=True)
class Sum:
    """One line of the ledger: how many were planned and what became of each. It always adds up.

    It is of a day, or of what `key` numbers and `name` names: a unit or a campaign.
    """

    counts: Mapping[State, int] = field(default_factory=dict)
    day: date | None = None
    key: int | None = None
    name: str = ""

    def __getattr__(self, name: str) -> int:
        """Return the count of a state by its name, so that a template can write `sum.published`."""
        try:
            return self.counts.get(State(name), 0)
        except ValueError:
            raise AttributeError(name) from None

    @property
    def to_come(self) -> int:
        """How many are still on their way."""
        return sum(self.counts.get(state, 0) for state in TO_COME)

    @property
    def planned(self) -> int:
        """How many there are, counted by what became of them."""
        return self.to_come + sum(self.counts.get(state, 0) for state in ENDS)

    def as_dict(self) -> dict[str, int]:
        """Return the line as names and numbers."""
        ends = {state.value: self.counts.get(state, 0) for state in ENDS}
        return {"planned": self.planned, **ends, "to_come": self.to_come}


def _counted(rows: Iterable[Mapping[str, Any]]) -> dict[State, int]:
    return {State(row["state"]): row["n"] for row in rows}


def deliveries(actor: Actor, wanted: Filter = Filter()) -> QuerySet[Delivery]:
    """Return the deliveries that the actor may see, newest first, each with unit, account and item at hand."""
    rows = wanted.apply(access.deliveries(actor))
    return rows.select_related("unit", "account", "item").order_by("-due_at", "-id")


def summed(lines: Iterable[Sum]) -> Sum:
    """Return the sum of lines of the ledger."""
    total: Counter[State] = Counter()
    for line in lines:
        total.update(line.counts)
    return Sum(total)


def ledger(actor: Actor, wanted: Filter = Filter()) -> Sum:
    """Return the sum over all days, whatever state the list is narrowed to."""
    rows = wanted.apply(access.deliveries(actor), with_state=False)
    return Sum(_counted(rows.order_by().values("state").annotate(n=Count("pk"))))


def days(actor: Actor, wanted: Filter = Filter()) -> list[Sum]:
    """Return one line a day in the filter's zone, newest first."""
    rows = wanted.apply(access.deliveries(actor), with_state=False).order_by()
    day = TruncDate("due_at", tzinfo=clock.zone(wanted.timezone), output_field=DateField())
    lines: dict[date, dict[State, int]] = {}
    for row in rows.annotate(day=day).values("day", "state").annotate(n=Count("pk")):
        lines.setdefault(row["day"], {})[State(row["state"])] = row["n"]
    return [Sum(lines[when], when) for when in sorted(lines, reverse=True)]


def units(actor: Actor, wanted: Filter = Filter()) -> list[Sum]:
    """Return one line a unit that has deliveries, in the order of the tree."""
    lines = _lines(actor, wanted, "unit")
    found = Unit.objects.filter(pk__in=[pk for pk in lines if pk]).order_by("path").values_list("pk", "name")
    return [Sum(lines[pk], key=pk, name=name) for pk, name in found]


def campaigns(actor: Actor, wanted: Filter = Filter()) -> list[Sum]:
    """Return one line a campaign by its name, what belongs to none at the end."""
    lines = _lines(actor, wanted, "campaign")
    found = Campaign.objects.filter(pk__in=[pk for pk in lines if pk]).order_by("name", "pk").values_list("pk", "name")
    named = [Sum(lines[pk], key=pk, name=name) for pk, name in found]
    return [*named, Sum(lines[None], name=_("without a campaign"))] if None in lines else named


def _lines(actor: Actor, wanted: Filter, by: str) -> dict[int | None, dict[State, int]]:
    rows = wanted.apply(access.deliveries(actor), with_state=False).order_by()
    lines: dict[int | None, dict[State, int]] = {}
    for row in rows.values(by, "state").annotate(n=Count("pk")):
        lines.setdefault(row[by], {})[State(row["state"])] = row["n"]
    return lines


LINES = {"day": days, "unit": units, "campaign": campaigns}
"""The ledger's lines by what each is of."""


def coming(actor: Actor, wanted: Filter = Filter()) -> QuerySet[Delivery]:
    """Return what is still to come, the next first, each with `is_paused`."""
    rows = wanted.apply(access.deliveries(actor), with_state=False).filter(state__in=TO_COME)
    return rows.select_related("unit", "account", "item").annotate(is_paused=paused()).order_by("due_at", "id")


def needing_a_person(actor: Actor) -> QuerySet[Delivery]:
    """Return what nothing but a person moves on: unknown first, then held, missed, rejected."""
    rows = access.deliveries(actor).filter(state__in=NEEDS_PERSON)
    return rows.select_related("unit", "account", "item").order_by("-state", "due_at")


@dataclass(frozen=True, slots=True)
class Alarm:
    """What should be seen at once: deliveries of unknown fate, those later than they should be, posts one too many."""

    unknown: int
    late: int
    twice: int

    def __bool__(self) -> bool:
        return bool(self.unknown or self.late or self.twice)


def alarm(actor: Actor) -> Alarm:
    """Return what is wrong now; late is what should have gone out five minutes ago and nobody paused."""
    mine = access.deliveries(actor)
    stuck = its_turn() & Q(state=State.READY, try_at__lt=clock.now() - ALARM_AFTER) & ~paused()
    strays = access.recall_tasks(actor).filter(stray__isnull=False, state__in=RecallTask.OPEN)
    return Alarm(mine.filter(state=State.UNKNOWN).count(), mine.filter(stuck).count(), strays.count())


def delivery(actor: Actor, pk: int) -> Delivery:
    """Return one delivery."""
    return access.delivery(actor, pk)


def reposts_of(actor: Actor, delivery: Delivery) -> QuerySet[Delivery]:
    """Return the deliveries that repost this one, as far as the actor sees them."""
    return access.deliveries(actor).filter(repost_of=delivery).select_related("account", "unit").order_by("pk")


def origin_of(actor: Actor, delivery: Delivery) -> Delivery | None:
    """Return what a delivery reposts; None where it posts for itself, or the actor does not see that."""
    origin = access.deliveries(actor).filter(pk=delivery.repost_of_id or 0)
    return origin.select_related("account", "unit").first()


def attempts(of: Delivery) -> QuerySet[Attempt]:
    """Return a delivery's attempts, the newest first."""
    return of.attempts.order_by("-id")


def of_item(actor: Actor, item_id: int) -> QuerySet[Delivery]:
    """Return an item's deliveries."""
    return deliveries(actor, Filter(item_id=item_id))


def bookings(item: ContentItem) -> QuerySet[Booking]:
    """Return the accounts to which an item goes once it is approved, or could not be scheduled then."""
    return item.bookings.select_related("account", "account__unit").order_by("account__unit__path", "id")


def about_issue(actor: Actor, issue_id: int) -> QuerySet[Delivery]:
    """Return what was published, or will be, about an issue, newest first."""
    return deliveries(actor).filter(item__issue_id=issue_id).exclude(state=State.RECALLED)


class PublishedContent:
    """What listening asks: which issues have content that is out, even while its item is being revised."""

    def answered(self, issue_ids: Collection[int]) -> Collection[int]:
        """Return those of `issue_ids` with a published delivery."""
        out = Delivery.objects.filter(item__issue__in=issue_ids, state=State.PUBLISHED)
        return set(out.values_list("item__issue_id", flat=True))


def published(since: datetime) -> QuerySet[Delivery]:
    """Return what is out there since that moment, by account, for reading back its numbers."""
    live = Delivery.objects.filter(state=State.PUBLISHED, published_at__gte=since)
    return live.select_related("account__connection", "unit", "item").order_by("account_id", "id")


def silent_servers(actor: Actor) -> list[Circuit]:
    """Return the servers of the actor's accounts that did not answer and are left alone for a while."""
    lately = clock.now() - LONGEST_REST  # one whose time is over, with nothing waiting there, is not asked again
    mine = registry.connected_accounts(actor, access.READ).order_by()
    found = []
    for circuit in Circuit.objects.filter(open_until__gt=lately).order_by("server")[:SERVERS_SHOWN]:
        platform, _space, host = circuit.server.partition(" ")
        if mine.filter(platform=platform, connection__service_url__contains=host).exists():
            found.append(circuit)
    return found


def live_pauses(actor: Actor) -> QuerySet[Pause]:
    """Return the pauses that hold now, at units the actor sees."""
    live = rights.scope(Pause.objects.filter(ended_at=None), actor, access.READ)
    return live.select_related("unit", "account", "campaign", "paused_by")


def pauses_of(account: Account) -> QuerySet[Pause]:
    """Return the pauses that stop this account now: its own, and those of a unit at or above its own."""
    platform = ["", account.platform]
    above = Q(account=None, campaign=None, unit__path__covers=account.unit.path, platform__in=platform)
    live = Pause.objects.filter(Q(account=account) | above, ended_at=None)
    return live.select_related("unit", "account", "campaign", "paused_by")


def pauses_of_campaign(campaign: Campaign) -> QuerySet[Pause]:
    """Return the pauses that stop this campaign now: all of it, or below some unit."""
    live = Pause.objects.filter(campaign=campaign, ended_at=None)
    return live.select_related("unit", "account", "campaign", "paused_by")


def stopped_by(delivery: Delivery) -> list[Pause]:
    """Return the pauses that hold a delivery back now: of its account, a unit above, its campaign."""
    whole = Q(unit=F("campaign__unit")) | Q(unit__path__covers=delivery.unit.path)
    together = Pause.objects.filter(whole, campaign=delivery.campaign_id or 0, ended_at=None)
    return [*pauses_of(delivery.account), *together.select_related("unit", "account", "campaign", "paused_by")]


def accounts(actor: Actor, unit: Unit | None = None) -> QuerySet[Account]:
    """Return the official accounts, each with `waiting`, `unknown`, `last_published` and `pause_id`: one query."""
    pause = Pause.objects.filter(account=OuterRef("pk"), ended_at=None)
    mine = Delivery.objects.filter(account=OuterRef("pk"))
    latest = mine.filter(published_at__isnull=False).order_by("-published_at")
    # Worked out for the rows of a page alone, however many deliveries there are.
    return (
        registry.accounts(actor, unit)
        .annotate(
            waiting=_number_of(mine.filter(state__in=TO_COME)),
            unknown=_number_of(mine.filter(state=State.UNKNOWN)),
            last_published=Subquery(latest.values("published_at")[:1]),
            pause_id=Subquery(pause.values("pk")[:1]),
        )
        .order_by("unit__path", "platform", "handle")
    )


def _number_of(rows: QuerySet[Delivery]) -> Coalesce:
    counted = rows.order_by().values("account").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


def accounts_to_check(limit: int = 20) -> QuerySet[Account]:
    """Return the connected accounts whose health is to be asked, the longest ago first.

    Once a day; where asking costs nothing every hour while it is bad, and before firing what was not asked for six
    hours.
    """
    now = clock.now()
    due = Delivery.objects.filter(account=OuterRef("pk"), state=State.READY, try_at__lte=now + CHECK_BEFORE)
    old = Q(connection__checked_at=None) | Q(connection__checked_at__lt=now - CHECK_EVERY)
    free = Q(platform__in=[channel.kind for channel in channels.connecting() if not channel.manifest.health_costs])
    old |= free & Q(connection__healthy=False, connection__checked_at__lt=now - CHECK_BAD_EVERY)
    old |= free & Q(Exists(due), connection__checked_at__lt=now - CHECK_BEFORE_AGAIN)
    connected = Account.objects.filter(connection__isnull=False, platform__in=[c.kind for c in channels.connecting()])
    return connected.filter(old).order_by(F("connection__checked_at").asc(nulls_first=True))[:limit]


def in_trouble() -> QuerySet[Account]:
    """Return the connected accounts that cannot publish, or not for much longer, and were not told of for three days.

    Each says whether its custodians still serve.
    """
    bad = Q(connection__healthy=False) | Q(connection__ends_at__lte=clock.now() + NOTICE)
    untold = Q(connection__told_at=None) | Q(connection__told_at__lt=clock.now() - TELL_AGAIN)
    found = Account.objects.filter(bad, untold, connection__isnull=False)
    found = found.annotate(**{f"{seat}_serves": serves(seat) for seat in SEATS})
    return found.select_related("unit", "connection", "custodian__user", "deputy_custodian__user").order_by("pk")


def told_since(moment: datetime) -> bool:
    """Whether custodians were told of connections since then."""
    return Connection.objects.filter(told_at__gte=moment).exists()


def carried(*, neutral: bool) -> dict[Account, list[int]]:
    """Return the numbers that could send right now, each with the units whose messages wait for it.

    A unit's messages go by its own number, or by the nearest one above. Nothing while a number is paused, for a unit at
    or below a pause, or where its platform lets no party send. Four queries.
    """
    kinds = [one.kind for one in channels.carrying() if neutral or not one.manifest.neutral_only]
    found = Account.objects.filter(kind=Account.Kind.OFFICIAL, platform__in=kinds, connection__healthy=True)
    numbers = {str(one.unit.path): one for one in found.select_related("unit", "connection").order_by("-pk")}
    if not numbers:
        return {}
    waiting: dict[Account, list[int]] = {}
    stopped = _stopped(numbers.values())
    for pk, path in Unit.objects.filter(pk__in=messages.units_waiting()).values_list("pk", "path"):
        nearest = next((numbers[one] for one in _upward(str(path)) if one in numbers), None)
        if nearest and not any({(one, ""), (one, nearest.platform)} & stopped for one in _upward(str(path))):
            waiting.setdefault(nearest, []).append(pk)
    paused = {account for account, _platform in stopped}
    return {number: units for number, units in waiting.items() if number.pk not in paused}


def _stopped(numbers: Iterable[Account]) -> set[tuple[str | int, str]]:
    """Return what is paused now: (path of a unit, platform or every one), and (number of an account, "")."""
    here = Q(account=None, campaign=None) | Q(account__in=[number.pk for number in numbers])
    rows = Pause.objects.filter(here, ended_at=None).values_list("account_id", "unit__path", "platform")
    return {(account_id or str(path), platform) for account_id, path, platform in rows}


def units_of(account: Account) -> QuerySet[Unit, int]:
    """Return the units whose messages a number may carry: its own and those below, as a subquery."""
    return Unit.objects.filter(path__within=account.unit.path).values_list("pk", flat=True)


def _upward(path: str) -> Iterator[str]:
    """Yield the paths of a unit and of those above it, the nearest first."""
    while path:
        yield path
        path = path.rpartition(".")[0]


def accounts_for(actor: Actor, kinds: Iterable[str]) -> QuerySet[Account]:
    """Return the connected accounts to which the actor may publish a version written for one of `kinds`."""
    return registry.connected_accounts(actor, Capability.PUBLISH).filter(platform__in=list(kinds))


def accounts_to_book(actor: Actor, item: ContentItem) -> QuerySet[Account]:
    """Return the connected accounts of the actor's units that could get one of the item's versions, by the tree."""
    found = registry.connected_accounts(actor, Capability.EDIT).filter(platform__in=item.renditions.values("kind"))
    return found.order_by("unit__path", "platform", "handle")


def accounts_to_spread_over(actor: Actor, item: ContentItem, unit: Unit) -> QuerySet[Account]:
    """Return the connected accounts at a unit and below it that may get this item and have not got it, by the tree."""
    kinds = item.renditions.values("kind")
    found = registry.connected_accounts(actor, Capability.PUBLISH).filter(platform__in=kinds)
    found = found.filter(unit__path__within=unit.path).exclude(deliveries__item=item)
    return found.order_by("unit__path", "platform", "handle")


def waiting_of(actor: Actor, item: ContentItem, unit: Unit) -> QuerySet[Delivery]:
    """Return an item's deliveries at a unit and below it that wait and were never tried, the next first."""
    tried = Exists(Attempt.objects.filter(delivery=OuterRef("pk")))
    found = access.deliveries(actor, Capability.PUBLISH).filter(~tried, item=item, state__in=WAITING)
    return found.filter(unit__path__within=unit.path).select_related("account", "unit").order_by("due_at", "id")


class PublishedPosts:
    """What the registry is told: when each account last published something of ours."""

    def latest(self, since: datetime) -> Mapping[int, datetime]:
        """Return by account the moment of its last delivery after `since`."""
        published = Delivery.objects.filter(published_at__gt=since).order_by().values("account")
        return dict(published.annotate(last=Max("published_at")).values_list("account", "last"))


@dataclass(frozen=True, slots=True)
class AppRow:
    """A platform where people sign in: what it is, and the organisation's app there, None where it has none."""

    manifest: Manifest
    app: PlatformApp | None
    accounts: int


def app(platform: str) -> PlatformApp | None:
    """Return the organisation's app at a platform."""
    return PlatformApp.objects.filter(platform=platform).first()


def signed_in_accounts(platform: str) -> int:
    """Return how many accounts of a platform are signed in."""
    return Account.objects.filter(platform=platform, connection__isnull=False).count()


def apps() -> list[AppRow]:
    """Return every platform where people sign in; who may see them is decided by the view."""
    kinds = [channel for channel in channels.every() if channel.sign_in is not None]
    stored = {row.platform: row for row in PlatformApp.objects.all()}
    connected = Account.objects.filter(platform__in=[channel.kind for channel in kinds], connection__isnull=False)
    counts = dict(connected.values_list("platform").annotate(n=Count("pk")))
    return [AppRow(channel.manifest, stored.get(channel.kind), counts.get(channel.kind, 0)) for channel in kinds]
