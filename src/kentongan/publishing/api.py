"""The API of publishing: the same deliveries, the same rights and actions as the screens."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Schema, Status
from pydantic import AwareDatetime

from kentongan.core.api import Page, Paging, Router, actor_of, paginate, scope
from kentongan.core.permissions import Capability
from kentongan.planning import access as planning
from kentongan.publishing import access, actions, planner, queries
from kentongan.publishing.actions.scheduling import LATE_MINUTES, LATEST_MINUTES
from kentongan.publishing.models import Attempt, Delivery, Pause
from kentongan.publishing.recalls.api import router as recalls_router
from kentongan.publishing.spreading import MOST, Spread
from kentongan.registry import access as rights

router = Router(tags=["publishing"])
router.add_router("/recalls", recalls_router)
READ, WRITE = scope("publishing:read"), scope("publishing:write")
ID = 9_223_372_036_854_775_807
Number = Annotated[int, Field(ge=1, le=ID)]
Moment = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2200, 1, 1, tzinfo=UTC))]


LateMinutes = Annotated[int, Query(ge=0, le=LATEST_MINUTES)]


class DeliveryOut(Schema):
    """One version of an item, to one account, at one time."""

    id: int
    item_id: int
    item_title: str
    account_id: int
    platform: str
    handle: str
    unit_id: int
    state: str
    reason: str
    due_at: datetime
    try_at: datetime
    late_minutes: int
    published_at: datetime | None
    url: str
    repost_of_id: int | None = Field(description="The delivery that this one reposts.")


class AttemptOut(Schema):
    """One call about a delivery."""

    kind: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str
    message: str
    digest: str
    response: dict[str, Any]


class DeliveryDetail(DeliveryOut):
    """A delivery with what it sends and every attempt, newest first."""

    title: str
    text: str
    attempts: list[AttemptOut]


class PauseIn(Schema):
    """What is to stop: a unit with all below it, one platform there, one account, or a campaign; and why.

    A campaign without `unit_id` stops everywhere; with it, there and below.
    """

    unit_id: int | None = Field(None, ge=0, le=ID)
    account_id: int | None = Field(None, ge=0, le=ID)
    campaign_id: int | None = Field(None, ge=0, le=ID)
    platform: str = Field("", max_length=30)
    reason: str = Field(min_length=1, max_length=300)


class PauseOut(PauseIn):
    """What stands still, and since when."""

    id: int
    paused_at: datetime
    ended_at: datetime | None


class LedgerOut(Schema):
    """Planned is always the sum of the others."""

    planned: int
    published: int
    rejected: int
    missed: int
    held: int
    unknown: int
    recalled: int
    to_come: int


class LedgerDay(LedgerOut):
    """A day of the ledger."""

    day: date


class LedgerLine(LedgerOut):
    """A line of the ledger: of a day, or of a unit or campaign by its id; what is of no campaign has none."""

    day: date | None
    id: int | None
    name: str


class LedgerWithDays(LedgerOut):
    """The whole and its days, newest first; `since` and `until` say of which days, None where there is no such end."""

    since: date | None
    until: date | None
    days: list[LedgerDay]


class Wanted(Schema):
    """Which deliveries."""

    state: str = Field("", max_length=12)
    account_id: int | None = Field(None, ge=1, le=ID)
    item_id: int | None = Field(None, ge=1, le=ID)
    unit_id: int | None = Field(None, ge=1, le=ID)
    campaign_id: int | None = Field(None, ge=1, le=ID)
    since: date | None = None
    until: date | None = None


class LinesOf(Wanted):
    """Which deliveries, and what each line is of."""

    per: Literal["day", "unit", "campaign"] = "day"


class ScheduleIn(Schema):
    """An approved item, to accounts, at a time."""

    item_id: int = Field(ge=1, le=ID)
    account_ids: list[Number] = Field(min_length=1, max_length=1_000)
    due_at: datetime
    late_minutes: int = Field(LATE_MINUTES, ge=0, le=LATEST_MINUTES)
    origin_ids: list[Number] = Field(
        [],
        max_length=20,
        description="Accounts, one a platform, whose posts the other accounts there repost: of `account_ids`, or ones "
        "that have this version of the item already.",
    )


class SpreadIn(Schema):
    """How to spread: evenly from `start` to `end`, or `each` every `minutes`; `jitter` in minutes, by `seed`."""

    start: Moment
    end: Moment
    each: int | None = Field(None, ge=1, le=MOST)
    minutes: int | None = Field(None, ge=1, le=10_080)
    jitter: int = Field(0, ge=0, le=720)
    seed: int = Field(0, ge=0, le=ID)


class StaggerIn(SpreadIn):
    """An approved item over a unit's subtree, to the accounts that have not got it; `preview` schedules nothing."""

    item_id: int = Field(ge=1, le=ID)
    unit_id: int = Field(ge=1, le=ID)
    late_minutes: int = Field(LATE_MINUTES, ge=0, le=LATEST_MINUTES)
    preview: bool = False


class RespreadIn(SpreadIn):
    """Deliveries that wait, in the order in which they shall go out."""

    delivery_ids: list[int] = Field(min_length=1, max_length=1_000)


class StaggerOut(Schema):
    """What goes to which account at what time; `delivery_id` is None in a preview."""

    account_id: int
    unit_id: int
    due_at: datetime
    delivery_id: int | None = None


class BookingIn(Schema):
    """To which accounts an item goes once it is approved."""

    item_id: int
    account_ids: list[int] = Field(max_length=1_000)


class BookingOut(Schema):
    """The accounts that are booked for an item now."""

    item_id: int
    account_ids: list[int]


class RescheduleIn(Schema):
    """Another time; `seen` is the one it stood at when somebody decided so."""

    due_at: Moment
    seen: Moment | None = None


class ResolveIn(Schema):
    """What a person found out; `url` where the post is, if it is there."""

    how: actions.Resolution
    url: str = Field("", max_length=300)
    note: str = Field("", max_length=300)


class ReasonIn(Schema):
    """Why."""

    reason: str = Field(min_length=1, max_length=300)


def _fields(delivery: Delivery) -> dict[str, Any]:
    account = delivery.account
    same = ("id", "item_id", "account_id", "unit_id", "state", "reason", "due_at", "try_at", "late_minutes")
    return {
        **{name: getattr(delivery, name) for name in (*same, "published_at", "url", "repost_of_id")},
        "item_title": delivery.content["item_title"],
        "platform": account.platform,
        "handle": account.handle,
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {name: getattr(attempt, name) for name in AttemptOut.model_fields}


def _pause(pause: Pause) -> dict[str, Any]:
    return {name: getattr(pause, name) for name in PauseOut.model_fields}


def _filter(request: HttpRequest, wanted: Wanted) -> queries.Filter:
    unit = None
    if wanted.unit_id is not None:
        unit = rights.get_unit(actor_of(request), access.READ, pk=wanted.unit_id)
    same = {name: getattr(wanted, name) for name in ("state", "account_id", "item_id", "campaign_id", "since", "until")}
    return queries.Filter(**same, unit=unit)


@router.get("/deliveries", response=Page[DeliveryOut], auth=READ)
def deliveries(request: HttpRequest, wanted: Query[Wanted], paging: Query[Paging]) -> dict[str, Any]:
    """List deliveries, newest first; `state` may be `to_come`."""
    return paginate(queries.deliveries(actor_of(request), _filter(request, wanted)), paging, _fields)


@router.get("/deliveries/{int:pk}", response=DeliveryDetail, auth=READ)
def delivery(request: HttpRequest, pk: int) -> dict[str, Any]:
    """Return one delivery with its attempts."""
    found = access.delivery(actor_of(request), pk)
    tried = [_attempt(attempt) for attempt in queries.attempts(found)]
    return {**_fields(found), "title": found.content["title"], "text": found.content["text"], "attempts": tried}


class ForecastOut(Schema):
    """What an item costs on one platform, and how long it takes there by the quota that all accounts share."""

    platform: str
    posts: int
    reposts: int = Field(description="How many of the posts repost the others.")
    cost_usd: float
    begins: datetime
    ends: datetime
    days: int
    late: int = Field(description="How many would not go out in time.")
    month_usd: float | None = Field(description="What may be spent there this month.")
    spent_usd: float | None = Field(description="What was spent there this month.")


@router.get("/items/{int:pk}/forecast", response=list[ForecastOut], auth=READ)
def forecast(request: HttpRequest, pk: int, late_minutes: LateMinutes = LATE_MINUTES) -> list[dict[str, Any]]:
    """Say what an item would cost and when it would be out, on every platform where either is limited.

    For the accounts that are booked for it; where none is, for all connected accounts at its unit and below it.
    """
    actor = actor_of(request)
    found = planner.before_approval(actor, planning.item(actor, pk), late_minutes)
    return [
        {
            "platform": one.manifest.kind,
            "posts": one.posts,
            "reposts": one.reposts,
            "cost_usd": one.cost_usd,
            "begins": one.begins,
            "ends": one.ends,
            "days": one.days,
            "late": one.late,
            "month_usd": one.month_usd,
            "spent_usd": one.spent,
        }
        for one in found
    ]


@router.get("/ledger", response=LedgerWithDays, auth=READ)
def ledger(request: HttpRequest, wanted: Query[Wanted]) -> dict[str, Any]:
    """Return what was planned and what became of it, in all and by day.

    From two weeks before today to a week after, where neither days nor an item or campaign are named.
    """
    chosen = _filter(request, wanted).in_period()
    found = queries.days(actor_of(request), chosen)
    days = [{**line.as_dict(), "day": line.day} for line in found]
    return {**queries.summed(found).as_dict(), "since": chosen.since, "until": chosen.until, "days": days}


@router.get("/ledger/lines", response=Page[LedgerLine], auth=READ)
def ledger_lines(request: HttpRequest, chosen: Query[LinesOf], paging: Query[Paging]) -> dict[str, Any]:
    """List the ledger's lines: one for each day, unit or campaign; every line adds up.

    From two weeks before today to a week after, where neither days nor an item or campaign are named.
    """
    lines = queries.LINES[chosen.per](actor_of(request), _filter(request, chosen).in_period())
    first = (paging.page - 1) * paging.per_page
    shown = lines[first : first + paging.per_page]
    items = [{**line.as_dict(), "day": line.day, "id": line.key, "name": line.name} for line in shown]
    return {"items": items, "total": len(lines), "page": paging.page, "per_page": paging.per_page}


@router.post("/deliveries", response={201: list[DeliveryOut]}, auth=WRITE)
def schedule(request: HttpRequest, body: ScheduleIn) -> Status[list[dict[str, Any]]]:
    """Schedule an approved item to accounts: one delivery each."""
    made = actions.schedule(
        actor_of(request), body.item_id, body.account_ids, body.due_at, body.late_minutes, body.origin_ids
    )
    return Status(201, [_fields(delivery) for delivery in made])


@router.post("/bookings", response=BookingOut, auth=WRITE)
def book(request: HttpRequest, body: BookingIn) -> dict[str, Any]:
    """Say to which accounts an item goes by itself once it is approved; what is not named is taken off."""
    made = actions.book(actor_of(request), body.item_id, body.account_ids)
    return {"item_id": body.item_id, "account_ids": sorted(booking.account_id for booking in made)}


@router.post("/stagger", response={200: list[StaggerOut], 201: list[StaggerOut]}, auth=WRITE)
def stagger(request: HttpRequest, body: StaggerIn) -> Status[list[dict[str, Any]]]:
    """Schedule an approved item to the accounts of a unit and all below it, one after the other."""
    actor = actor_of(request)
    item = planning.item(actor, body.item_id)
    unit = rights.get_unit(actor, Capability.PUBLISH, pk=body.unit_id)
    accounts = list(queries.accounts_to_spread_over(actor, item, unit))
    if body.preview:
        times = zip(accounts, _spread(body).times(len(accounts)), strict=True)
        return Status(200, [{"account_id": one.pk, "unit_id": one.unit_id, "due_at": at} for one, at in times])
    made = actions.stagger(actor, item.pk, [one.pk for one in accounts], _spread(body), body.late_minutes)
    return Status(201, [_staggered(delivery) for delivery in made])


def _spread(body: SpreadIn) -> Spread:
    return Spread(body.start, body.end, body.each, body.minutes, body.jitter, body.seed)


def _staggered(delivery: Delivery) -> dict[str, Any]:
    same = {name: getattr(delivery, name) for name in ("account_id", "unit_id", "due_at")}
    return {**same, "delivery_id": delivery.pk}


@router.post("/deliveries/spread", response=list[StaggerOut], auth=WRITE)
def respread(request: HttpRequest, body: RespreadIn) -> list[dict[str, Any]]:
    """Give deliveries that wait other times, one after the other: all of them or none."""
    return [_staggered(one) for one in actions.respread(actor_of(request), body.delivery_ids, _spread(body))]


@router.post("/deliveries/{int:pk}/reschedule", response=DeliveryOut, auth=WRITE)
def reschedule(request: HttpRequest, pk: int, body: RescheduleIn) -> dict[str, Any]:
    """Give a delivery that waits another time; 409 once a worker has it, it is out, or somebody moved it meanwhile."""
    return _fields(actions.reschedule(actor_of(request), pk, body.due_at, seen=body.seen))


@router.post("/deliveries/{int:pk}/resolve", response=DeliveryOut, auth=WRITE)
def resolve(request: HttpRequest, pk: int, body: ResolveIn) -> dict[str, Any]:
    """Move a delivery of unknown fate on, by what a person found out."""
    return _fields(actions.resolve(actor_of(request), pk, body.how, url=body.url, note=body.note))


@router.post("/deliveries/{int:pk}/send-again", response=DeliveryOut, auth=WRITE)
def send_again(request: HttpRequest, pk: int) -> dict[str, Any]:
    """Put a held, missed or rejected delivery back into the queue."""
    return _fields(actions.send_again(actor_of(request), pk))


@router.post("/deliveries/{int:pk}/recall", response=DeliveryOut, auth=WRITE)
def recall(request: HttpRequest, pk: int, body: ReasonIn) -> dict[str, Any]:
    """Take a delivery back; what is out is deleted on its platform in a moment."""
    return _fields(actions.recall(actor_of(request), pk, reason=body.reason))


@router.get("/pauses", response=Page[PauseOut], auth=READ)
def pauses(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """List what is paused now, at units you see."""
    return paginate(queries.live_pauses(actor_of(request)), paging, _pause)


@router.post("/pauses", response={201: PauseOut}, auth=WRITE)
def pause(request: HttpRequest, body: PauseIn) -> Status[dict[str, Any]]:
    """Let nothing go out below a unit, on one platform there, on one account or of a campaign, until it is ended."""
    return Status(201, _pause(actions.pause(actor_of(request), **body.dict())))


@router.post("/pauses/{int:pk}/resume", response=PauseOut, auth=WRITE)
def resume(request: HttpRequest, pk: int) -> dict[str, Any]:
    """End a pause: what is still in time goes out."""
    return _pause(actions.resume(actor_of(request), pk))
