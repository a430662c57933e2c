"""The same objects and rights through the API."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from kentongan.core import clock, tokens
from kentongan.missions.models import Instruction, Mission
from named_cast import Cast

BASE = "/api/v1/missions"


@pytest.fixture
def call(cast: Cast) -> Callable[..., Any]:
    """Return a function that calls the API as somebody with both scopes."""

    def send(name: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        _row, secret = tokens.create(cast.actor(name), "uji", ["missions:read", "missions:write"])
        headers = {"authorization": f"Bearer {secret}"}
        return getattr(Client(), method)(BASE + path, body, content_type="application/json", headers=headers)

    return send


def order(cast: Cast, **changes: object) -> dict[str, Any]:
    return {
        "unit_id": cast.root.pk,
        "scope_id": cast.root.pk,
        "title": "Pasang jadwal",
        "text": "Di balai desa.",
        "due_at": (clock.now() + timedelta(days=2)).isoformat(),
    } | changes


def test_the_loop_of_an_instruction(cast: Cast, call: Callable[..., Any]) -> None:
    made = call("wulan", "post", "/instructions", order(cast))
    assert made.status_code == 201
    key = made.json()["id"]
    sent = call("wulan", "post", f"/instructions/{key}/send").json()
    assert sent["shares"]["total"] == 3
    mine = call("joko", "get", "/receipts").json()["items"]
    assert [row["unit"] for row in mine] == ["Kecamatan Tambun Selatan"]
    answered = call("joko", "post", f"/receipts/{mine[0]['id']}/answer", {"done": True, "note": "Terpasang."})
    assert answered.json()["state"] == "done"
    board = call("wulan", "get", f"/instructions/{key}/board").json()
    assert board["total"]["done"] == 1
    assert {branch["name"]: branch["shares"]["done"] for branch in board["branches"]} == {
        "Kecamatan Cikarang Pusat": 0,
        "Kecamatan Tambun Selatan": 1,
    }
    recalled = call("wulan", "post", f"/instructions/{key}/recall", {"reason": "Jadwal berubah."})
    assert recalled.json()["state"] == "recalled"


def test_the_same_key_makes_one(cast: Cast, call: Callable[..., Any]) -> None:
    body = order(cast, form_key="6f2f1c6e-6f6a-4a5b-9a70-0d6a0f8d3c11")
    first, second = (call("wulan", "post", "/instructions", body).json() for _ in range(2))
    assert first["id"] == second["id"]
    assert Instruction.objects.count() == 1


@pytest.mark.parametrize(("name", "status"), [("joko", 404), ("maman", 404), ("tono", 404), ("sari", 403)])
def test_who_may_not_draft(cast: Cast, call: Callable[..., Any], name: str, status: int) -> None:
    answer = call(name, "post", "/instructions", order(cast))
    assert answer.status_code == status
    assert answer.json()["error"]["message"]
    assert not Instruction.objects.exists()


@pytest.mark.parametrize("name", ["joko", "maman", "tono"])
def test_a_neighbours_answers_and_missions_stay_hidden(
    cast: Cast, call: Callable[..., Any], sent: Instruction, open_mission: Mission, name: str
) -> None:
    foreign = sent.receipts.get(unit=cast.cikarang_pusat)
    assert call(name, "post", f"/receipts/{foreign.pk}/answer", {"done": True}).status_code == 404
    assert call(name, "get", f"/missions/{open_mission.pk}").status_code == 404
    assert call(name, "post", f"/missions/{open_mission.pk}/close", {"reason": ""}).status_code == 404
    assert call(name, "get", "/missions").json()["total"] == 0
    assert sent.receipts.filter(answered_at__isnull=False).count() == 0


def test_a_mission_shows_counts_and_no_names(cast: Cast, call: Callable[..., Any], open_mission: Mission) -> None:
    answer = call("sari", "get", f"/missions/{open_mission.pk}")
    assert answer.json()["invited"] == 3
    assert "Wahyuni" not in answer.content.decode()


def test_errors_have_the_one_shape(cast: Cast, call: Callable[..., Any]) -> None:
    answer = call("wulan", "post", "/instructions", order(cast, due_at=clock.now().isoformat()))
    assert answer.status_code == 422
    assert "due_at" in answer.json()["error"]["fields"]
    assert call("wulan", "get", "/instructions/999999999999999999999999").status_code in (404, 422)
