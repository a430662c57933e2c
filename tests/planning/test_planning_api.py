"""Planning through the API: the same loop, the same refusals."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from kentongan.core import clock, tokens
from kentongan.core.actor import Actor
from kentongan.core.models import User
from kentongan.core.permissions import Role
from kentongan.listening.models import Issue
from kentongan.planning.models import ContentItem
from kentongan.registry import actions as registry
from named_cast import SYSTEM, Cast

pytestmark = pytest.mark.django_db
BASE = "/api/v1/planning"
Call = Callable[..., tuple[int, Any]]


@pytest.fixture
def call(client: Client) -> Call:
    """Return a function that calls the API with a user's token."""

    def run(
        user: User, method: str, path: str, body: object = None, scopes: tuple[str, ...] = ("planning:write",)
    ) -> tuple[int, Any]:
        token = _token(user, scopes)
        response = client.generic(
            method,
            BASE + path,
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers={"authorization": f"Bearer {token}"},
        )
        return response.status_code, response.json()

    return run


def _token(user: User, scopes: tuple[str, ...]) -> str:
    return tokens.create(Actor.of_user(user), "uji", scopes)[1]


def _item(cast: Cast, **extra: object) -> dict[str, object]:
    return {
        "unit_id": cast.root.pk,
        "title": "Perbaikan Jalan Tegal Danas",
        "text": "Mulai Senin.",
        "purpose": "service",
        "renditions": {"newsroom": {"text": "Mulai Senin.", "title": "Jalan"}, "bluesky": {"text": "Mulai Senin."}},
    } | extra


def test_the_loop(cast: Cast, call: Call, issue: Issue, rules_loaded: None) -> None:
    dewi, hendra = cast.user("dewi"), cast.user("hendra")
    brief = {
        "unit_id": cast.root.pk,
        "issue_id": issue.pk,
        "title": "Jalan",
        "message": "Selesai Rabu.",
        "audience": "Warga",
        "deadline": (clock.now() + timedelta(days=1)).isoformat(),
        "facts": [{"text": "1,2 km", "source": "SDABMBK", "url": "https://bekasikab.go.id"}],
    }
    status, made = call(dewi, "POST", "/briefs", brief)
    assert (status, made["issue_id"], len(made["facts"])) == (201, issue.pk, 1)

    status, item = call(dewi, "POST", "/items", _item(cast, brief_id=made["id"], unit_id=None))
    assert (status, item["state"], item["issue_id"]) == (201, "draft", issue.pk)
    assert [(row["kind"], row["used"], row["over"]) for row in item["renditions"]] == [
        ("newsroom", 2, 0),
        ("bluesky", 12, 0),
    ]
    path = f"/items/{item['id']}"
    assert call(dewi, "POST", f"{path}/submit")[1]["state"] == "in_review"
    assert call(hendra, "POST", f"{path}/comments", {"text": "Bagus."})[0] == 201
    codes = [line["code"] for line in item["checklist"]]
    status, approved = call(hendra, "POST", f"{path}/approve", {"version": 1, "checklist": codes})
    assert (status, approved["state"], approved["approved_by"]) == (200, "approved", "Hendra")

    changed = _item(cast, version=1, text="Mulai Selasa.")
    changed.pop("unit_id")
    assert call(dewi, "PUT", path, changed)[1]["state"] == "draft"
    assert call(dewi, "GET", "/items?state=draft")[1]["total"] == 1
    assert call(dewi, "GET", f"{path}/comments")[1]["items"][0]["text"] == "Bagus."


def test_the_author_is_refused(cast: Cast, call: Call, submitted: ContentItem) -> None:
    body = {"version": 1, "checklist": ["service-neutral", "service-credible", "service-privacy"]}
    path = f"/items/{submitted.pk}/approve"
    status, answer = call(cast.user("dewi"), "POST", path, body)
    assert (status, answer["error"]["code"]) == (403, "not_allowed")
    registry.grant_role(SYSTEM, cast.user("dewi").pk, cast.root.pk, Role.APPROVER)
    status, answer = call(cast.user("dewi"), "POST", path, body)
    assert (status, answer["error"]["code"]) == (403, "own_work")


def test_too_long_says_which_and_how_much(cast: Cast, call: Call) -> None:
    dewi = cast.user("dewi")
    _, item = call(dewi, "POST", "/items", _item(cast, renditions={"bluesky": {"text": "a" * 311}}))
    assert item["renditions"][0]["over"] == 11
    status, answer = call(dewi, "POST", f"/items/{item['id']}/submit")
    assert status == 422
    assert "11" in answer["error"]["fields"]["bluesky"][0]


def test_a_stale_version_is_a_conflict(cast: Cast, call: Call, item: ContentItem) -> None:
    body = _item(cast, version=7)
    body.pop("unit_id")
    status, answer = call(cast.user("dewi"), "PUT", f"/items/{item.pk}", body)
    assert (status, answer["error"]["code"]) == (409, "version")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/items", {"title": "x"}),
        ("POST", "/items/{item}/submit", None),
        ("POST", "/items/{item}/withdraw", {}),
        ("POST", "/items/{item}/comments", {"text": "x"}),
        ("POST", "/items/{item}/request-changes", {"note": "x"}),
    ],
)
def test_reading_tokens_do_not_write(
    cast: Cast, call: Call, item: ContentItem, method: str, path: str, body: object
) -> None:
    status, answer = call(cast.user("dewi"), method, path.format(item=item.pk), body, scopes=("planning:read",))
    assert (status, answer["error"]["code"]) == (403, "scope_missing")


@pytest.mark.parametrize("name", ["maman", "tono", "euis", "joko"])
def test_others_see_nothing(cast: Cast, call: Call, item: ContentItem, name: str) -> None:
    status, answer = call(cast.user(name), "GET", "/items")
    assert status == 403 or answer["total"] == 0
    assert call(cast.user(name), "GET", f"/items/{item.pk}")[0] in (403, 404)


@pytest.mark.parametrize(
    "change",
    [
        {"purpose": ""},
        {"purpose": "iklan"},
        {"purpose": None},
        {"title": ""},
        {"renditions": {"fax": {"text": "x"}}},
        {"renditions": {"bluesky": {"text": "x", "link": "javascript:alert(1)"}}},
        {"unit_id": -1},
        {"unit_id": 2**70},
        {"planned_for": "9999-12-31T23:59:59Z"},
        {"language": "xx"},
    ],
)
def test_what_cannot_be_is_refused_at_its_field(cast: Cast, call: Call, change: dict[str, object]) -> None:
    status, answer = call(cast.user("dewi"), "POST", "/items", _item(cast) | change)
    assert status == 422
    assert answer["error"]["fields"]
    assert not ContentItem.objects.exists()


def test_a_purpose_has_no_default(cast: Cast, call: Call) -> None:
    body = _item(cast)
    body.pop("purpose")
    status, answer = call(cast.user("dewi"), "POST", "/items", body)
    assert status == 422
    assert any("purpose" in name for name in answer["error"]["fields"])


def test_counting(cast: Cast, call: Call) -> None:
    body = {"kind": "mastodon", "text": "a" * 490, "link": "https://bekasikab.go.id/jalan"}
    status, answer = call(cast.user("sari"), "POST", "/count", body, scopes=("planning:read",))
    assert (status, answer["used"], answer["limit"], answer["over"]) == (200, 515, 500, 15)
    assert call(cast.user("sari"), "POST", "/count", {"kind": "fax", "text": "x"})[0] == 404
