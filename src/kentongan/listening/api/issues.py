"""Issues and posts through the API."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Schema, Status

from kentongan.core.api import Page, Paging, Router, actor_of, scope
from kentongan.core.errors import Invalid
from kentongan.listening import access, actions, queries
from kentongan.listening.models import Issue, Source
from kentongan.listening.posts import RawPost

router = Router()

MOST_POSTS = 5000


class IssueOut(Schema):
    """An issue of a period; `growth` is None without earlier days to compare with, `rank` None when ranked apart."""

    id: int
    rank: int | None
    title: str
    topic: str
    state: str
    posts: int
    volume: int
    complaints: int
    complaint_share: float | None
    growth: float | None
    authors: int
    coordinated: float
    first_at: datetime
    last_at: datetime


class IssueDetail(Schema):
    """One issue with its whole life."""

    id: int
    unit_id: int
    title: str
    topic: str
    terms: list[str]
    state: str
    handler_id: int | None
    posts: int
    complaints: int
    complaint_share: float | None
    authors: int
    reposts: int
    coordinated: float
    bursts: list[dict[str, Any]]
    first_at: datetime
    last_at: datetime
    districts: dict[str, int]
    samples: list[str]


class Board(Schema):
    """What part of the board."""

    period: str = Field("", pattern="^(24h|7d|30d|all)?$")
    topic: str = Field("", max_length=20)
    district: str = Field("", max_length=13, pattern=r"^[0-9.]*$")
    unhandled: bool = False


class PostIn(Schema):
    """A public post."""

    id: str | None = Field(None, max_length=200)
    created_at: datetime
    author: str = Field("", max_length=200)
    text: str = Field(min_length=1, max_length=20_000)
    url: str | None = Field(None, max_length=2000)
    platform: str = Field("", max_length=40)
    place: str | None = Field(None, max_length=100)
    likes: int | None = Field(None, ge=0, le=2**53)
    shares: int | None = Field(None, ge=0, le=2**53)


class PostsIn(Schema):
    """Posts for a unit's source; the source is made if there is none of that name."""

    unit_id: int = Field(ge=1, le=2**62)
    source: str = Field("API", min_length=1, max_length=120)
    posts: list[PostIn] = Field(min_length=1, max_length=MOST_POSTS)


class PostsOut(Schema):
    """What became of the posts."""

    added: int
    duplicates: int
    rejected: int


class TitleIn(Schema):
    """A title."""

    title: str = Field(min_length=3, max_length=160)


class AssignIn(Schema):
    """Which unit answers."""

    unit_id: int = Field(ge=1, le=2**62)


class CloseIn(Schema):
    """Why."""

    note: str = Field("", max_length=500)


class MergeIn(Schema):
    """Into which issue."""

    into: int = Field(ge=1, le=2**62)


def _row(row: queries.IssueRow) -> dict[str, Any]:
    issue = row.issue
    return {
        "id": issue.pk,
        "rank": row.rank,
        "title": issue.title,
        "topic": issue.topic,
        "state": issue.state,
        "posts": issue.posts,
        "volume": row.volume,
        "complaints": row.complaints,
        "complaint_share": row.complaint_share,
        "growth": row.growth,
        "authors": issue.authors,
        "coordinated": issue.coordinated,
        "first_at": issue.first_at,
        "last_at": issue.last_at,
    }


def _detail(issue: Issue) -> dict[str, Any]:
    own = {name: getattr(issue, name) for name in IssueDetail.model_fields if hasattr(Issue, name)}
    return own | {
        "districts": {name: posts for name, posts, _bad in queries.districts_of(issue)},
        "samples": [sample.text for sample in queries.samples(issue)[:10]],
    }


@router.get("/issues", response=Page[IssueOut], auth=scope("listening:read"))
def issues(request: HttpRequest, board: Query[Board], paging: Query[Paging]) -> dict[str, Any]:
    """List issues by rank; those that look coordinated come last and have no rank."""
    actor = actor_of(request)
    filters = queries.Filters(board.period, board.topic, board.district, board.unhandled)
    own, apart = queries.ranked(actor, filters, queries.period_of(actor, board.period))
    rows = [*own, *apart]
    first = (paging.page - 1) * paging.per_page
    return {
        "items": [_row(row) for row in rows[first : first + paging.per_page]],
        "total": len(rows),
        "page": paging.page,
        "per_page": paging.per_page,
    }


@router.get("/issues/{issue_id}", response=IssueDetail, auth=scope("listening:read"))
def issue(request: HttpRequest, issue_id: int) -> dict[str, Any]:
    """Show one issue."""
    return _detail(access.issue(actor_of(request), issue_id))


@router.post("/issues/{issue_id}/title", response=IssueDetail, auth=scope("listening:write"))
def rename(request: HttpRequest, issue_id: int, given: TitleIn) -> dict[str, Any]:
    """Give an issue a title of one's own."""
    return _detail(actions.rename(actor_of(request), issue_id, given.title))


@router.post("/issues/{issue_id}/assign", response=IssueDetail, auth=scope("listening:write"))
def assign(request: HttpRequest, issue_id: int, given: AssignIn) -> dict[str, Any]:
    """Hand an issue to a unit."""
    return _detail(actions.assign(actor_of(request), issue_id, given.unit_id))


@router.post("/issues/{issue_id}/close", response=IssueDetail, auth=scope("listening:write"))
def close(request: HttpRequest, issue_id: int, given: CloseIn) -> dict[str, Any]:
    """Close an issue."""
    return _detail(actions.close(actor_of(request), issue_id, given.note))


@router.post("/issues/{issue_id}/reopen", response=IssueDetail, auth=scope("listening:write"))
def reopen(request: HttpRequest, issue_id: int) -> dict[str, Any]:
    """Open a closed issue again."""
    return _detail(actions.reopen(actor_of(request), issue_id))


@router.post("/issues/{issue_id}/merge", response=IssueDetail, auth=scope("listening:write"))
def merge(request: HttpRequest, issue_id: int, given: MergeIn) -> dict[str, Any]:
    """Bring an issue into another; answers with the one that stays."""
    return _detail(actions.merge(actor_of(request), issue_id, given.into))


@router.post("/posts", response={201: PostsOut}, auth=scope("listening:write"))
def take_posts(request: HttpRequest, given: PostsIn) -> Status[actions.Counts]:
    """Take posts in; sending them again adds nothing."""
    if any(post.created_at.tzinfo is None for post in given.posts):
        raise Invalid(fields={"posts": ["created_at needs a time zone."]})
    actor = actor_of(request)
    source = actions.add_source(actor, given.unit_id, given.source, Source.Kind.DIRECT)
    posts = [
        RawPost(
            post.id, post.created_at, post.author, post.text, post.url, post.platform, None, post.place, post.likes,
            post.shares,
        )
        for post in given.posts
    ]  # fmt: skip
    return Status(201, actions.ingest(actor, source, posts))
