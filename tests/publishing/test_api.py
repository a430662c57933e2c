"""The API of publishing: the same rules as the screens."""

from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from django.test import Client

from kentongan.core import clock, tokens
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import State
from publishing.desk import Desk, Platform

pytestmark = pytest.mark.django_db


class Api:
    """A client with a token."""

    def __init__(self, client: Client, desk: Desk, who: str, *scopes: str) -> None:
        self.client = client
        _row, secret = tokens.create(desk.cast.actor(who), "uji", scopes)
        self.headers = {"authorization": f"Bearer {secret}"}

    def get(self, path: str, **params: object) -> Any:
        return self.client.get(f"/api/v1/publishing{path}", params, headers=self.headers)

    def post(self, path: str, **body: object) -> Any:
        return self.client.post(
            f"/api/v1/publishing{path}", body, content_type="application/json", headers=self.headers
        )


def test_schedule_list_detail_and_ledger(desk: Desk, client: Client, platform: Platform):
    api = Api(client, desk, "hendra", "publishing:write")
    due = (clock.now() + timedelta(hours=1)).isoformat()
    account, item = desk.account(), desk.item()
    answer = api.post("/deliveries", item_id=item.pk, account_ids=[account.pk], due_at=due)
    assert answer.status_code == 201, answer.content
    made = answer.json()[0]
    assert (made["state"], made["platform"]) == ("ready", "mastodon")
    assert api.post("/deliveries", item_id=item.pk, account_ids=[account.pk], due_at=due).status_code == 409
    listed = api.get("/deliveries", state="to_come").json()
    assert [row["id"] for row in listed["items"]] == [made["id"]]
    detail = api.get(f"/deliveries/{made['id']}").json()
    assert detail["text"]
    assert detail["attempts"] == []
    ledger = api.get("/ledger").json()
    assert (ledger["planned"], ledger["to_come"], len(ledger["days"])) == (1, 1, 1)


def test_the_ledger_says_of_which_days_it_is(desk: Desk, client: Client, platform: Platform):
    api = Api(client, desk, "hendra", "publishing:read")
    desk.schedule(desk.account(), due_at=clock.now() + timedelta(days=9))
    usual = api.get("/ledger").json()
    assert date.fromisoformat(usual["until"]) - date.fromisoformat(usual["since"]) == timedelta(days=21)
    assert usual["planned"] == 0
    later = api.get("/ledger", since=usual["until"]).json()
    assert (later["planned"], later["until"]) == (1, None)


def test_resolve_and_recall(desk: Desk, client: Client, platform: Platform):
    api = Api(client, desk, "hendra", "publishing:write")
    platform.answers = [httpx.ReadTimeout("x")]
    delivery = desk.schedule(desk.account())
    desk.run()
    path = f"/deliveries/{delivery.pk}"
    bad = api.post(f"{path}/resolve", how="published", url="tidak")
    assert bad.status_code == 422
    assert bad.json()["error"]["fields"]["url"]
    assert api.post(f"{path}/resolve", how="give_up", note="sudah basi").json()["state"] == "rejected"
    assert api.post(f"{path}/resolve", how="give_up").status_code == 409
    assert api.post(f"{path}/recall", reason="sudah").json()["state"] == "recalled"
    assert Delivery.objects.get().state == State.RECALLED


def test_a_reading_token_only_reads_and_a_neighbour_sees_nothing(desk: Desk, client: Client, platform: Platform):
    delivery = desk.schedule(desk.account())
    reading = Api(client, desk, "hendra", "publishing:read")
    assert reading.get("/deliveries").json()["total"] == 1
    assert reading.post(f"/deliveries/{delivery.pk}/recall", reason="x").status_code == 403
    neighbour = Api(client, desk, "joko", "publishing:write")
    assert neighbour.get("/deliveries").json()["total"] == 0
    assert neighbour.get(f"/deliveries/{delivery.pk}").status_code == 404
    assert neighbour.post(f"/deliveries/{delivery.pk}/recall", reason="x").status_code == 404
    assert client.get("/api/v1/publishing/deliveries").status_code == 401


def test_the_list_costs_the_same_however_long(
    desk: Desk, client: Client, platform: Platform, django_assert_max_num_queries
):
    account = desk.account()
    for _n in range(5):
        desk.schedule(account, item=desk.item())
    api = Api(client, desk, "wulan", "publishing:read")
    with django_assert_max_num_queries(8):
        assert len(api.get("/deliveries").json()["items"]) == 5


def test_pausing_and_resuming(desk: Desk, client: Client):
    api, unit = Api(client, desk, "hendra", "publishing:write"), desk.cast.cikarang_pusat
    answer = api.post("/pauses", unit_id=unit.pk, platform="mastodon", reason="Salah info")
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["platform"], made["account_id"], made["ended_at"]) == ("mastodon", None, None)
    assert api.post("/pauses", unit_id=unit.pk, platform="mastodon", reason="Lagi").status_code == 409
    assert api.post("/pauses", unit_id=unit.pk, platform="friendster", reason="Lagi").status_code == 422
    assert [one["id"] for one in api.get("/pauses").json()["items"]] == [made["id"]]
    reader = Api(client, desk, "dewi", "publishing:write")
    assert reader.post("/pauses", unit_id=unit.pk, reason="Tanpa hak").status_code == 403
    assert reader.post(f"/pauses/{made['id']}/resume").status_code == 403
    assert api.post(f"/pauses/{made['id']}/resume").json()["ended_at"]
    assert api.post(f"/pauses/{made['id']}/resume").status_code == 409
    assert api.get("/pauses").json()["items"] == []
