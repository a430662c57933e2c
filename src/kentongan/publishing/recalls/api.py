"""Recalls through the API: the tasks of people, and taking back an item or a campaign as a whole."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Query, Schema

from kentongan.core.api import Page, Paging, Router, actor_of, paginate, scope
from kentongan.planning import access as planning
from kentongan.publishing import access, actions
from kentongan.publishing.actions.recalling import Proof
from kentongan.publishing.models import RecallTask
from kentongan.publishing.recalls import looking, queries

router = Router(tags=["publishing"])
READ, WRITE = scope("publishing:read"), scope("publishing:write")
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]


class TaskOut(Schema):
    """A post that people have to delete there; `waiting_for` names them while it is open.

    Of a repost that they have to undo, `url` is the address of the other account's post, which may stay. What is
    `is_one_too_many` is there once more than its delivery stands for, whose post is at `stays_url`. While it
    `is_in_doubt`, nobody knows that there is anything to delete.
    """

    id: int
    delivery_id: int
    unit_id: int
    url: str
    is_repost: bool
    is_one_too_many: bool
    is_in_doubt: bool
    stays_url: str
    state: str
    reason: str
    asked_at: datetime
    due_at: datetime
    seen_at: datetime | None
    answered_at: datetime | None
    note: str
    look: str
    waiting_for: list[str]


class TaskFilter(Paging):
    """Which tasks: open ones, or of one state; `mine` are those of accounts that one keeps."""

    state: Annotated[str, Field(max_length=10)] = "open"
    mine: bool = False


class AnswerIn(Schema):
    """What somebody saw there."""

    note: Annotated[str, Field(max_length=500)] = ""


class ManyIn(Schema):
    """Everything of an item or a campaign; without `seen` nothing is done: the answer says what would be."""

    item_id: Id | None = None
    campaign_id: Id | None = None
    reason: Annotated[str, Field(max_length=300)] = ""
    seen: Annotated[str, Field(max_length=64)] = ""


class RunningOut(Schema):
    """The job that takes back very many; who began it asks for it at /api/v1/jobs."""

    id: int
    state: str
    done: int
    total: int | None


class ManyOut(Schema):
    """To how many it does what; `digest` is sent back as `seen` to do just that.

    `along` are reposts of other units, taken back with the posts that they repost; `people` wait for people already.
    What is too many to be taken back at once is taken back by `job`, where it stands while it runs.
    """

    stop: int
    delete: int
    ask: int
    asked: int
    sending: int
    unknown: int
    gone: int
    along: int
    elsewhere: int
    people: int
    digest: str
    job: RunningOut | None


def _task(task: RecallTask) -> dict[str, Any]:
    names = [name for name in TaskOut.model_fields if name not in ("is_repost", "waiting_for")]
    waiting = queries.waiting_for([task])[task.pk].names if task.is_open else []
    known = {"is_repost": task.is_of_repost, "waiting_for": waiting}
    return {**{name: getattr(task, name) for name in names}, **known}


@router.get("/tasks", response=Page[TaskOut], auth=READ)
def tasks(request: HttpRequest, chosen: Query[TaskFilter]) -> dict[str, Any]:
    """List the posts that people have to delete, open ones first, the most urgent first."""
    page = paginate(queries.tasks(actor_of(request), state=chosen.state, mine=chosen.mine), chosen, lambda task: task)
    page["items"] = [_task(task) for task in page["items"]]
    return page


@router.post("/tasks/{int:pk}/done", response=TaskOut, auth=WRITE)
def done(request: HttpRequest, pk: int, body: AnswerIn) -> dict[str, Any]:
    """Say that a post is deleted; its address is looked up, and where that proves nothing a note is needed."""
    actor = actor_of(request)
    found = access.recall_task(actor, pk, answering=True)
    return _task(actions.done(actor, pk, Proof(looking.look_for(found), body.note)))


@router.post("/tasks/{int:pk}/decline", response=TaskOut, auth=WRITE)
def decline(request: HttpRequest, pk: int, body: AnswerIn) -> dict[str, Any]:
    """Say that a post cannot be deleted, and why."""
    return _task(actions.decline(actor_of(request), pk, note=body.note))


@router.post("/tasks/{int:pk}/call-off", response=TaskOut, auth=WRITE)
def call_off(request: HttpRequest, pk: int, body: AnswerIn) -> dict[str, Any]:
    """Ask nobody any more to delete a post."""
    return _task(actions.call_off(actor_of(request), pk, reason=body.note))


@router.post("/many", response=ManyOut, auth=WRITE)
def many(request: HttpRequest, body: ManyIn) -> dict[str, Any]:
    """Take back everything of an item or a campaign: first what would happen, then, with its digest, just that."""
    actor = actor_of(request)
    if body.item_id is not None:
        planning.item(actor, body.item_id)
    elif body.campaign_id is not None:
        planning.campaign(actor, body.campaign_id)
    of: dict[str, Any] = {"item_id": body.item_id, "campaign_id": None if body.item_id else body.campaign_id}
    if body.seen:
        done = actions.recall_many(actor, **of, reason=body.reason, seen=body.seen)
        return {**done.as_dict(), "digest": body.seen, "job": done.job}
    foreseen = queries.foresee(actor, queries.of(**of))
    return {**foreseen.as_dict(), "digest": foreseen.digest, "job": queries.running(**of)}
