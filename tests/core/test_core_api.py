"""Imports, jobs and messages through the API, with the same rights as on the screens."""

from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from core import villages
from kentongan.core import imports, jobs, messages, tokens
from kentongan.core.models import ImportRun, Job
from named_cast import Cast


class Api:
    """A client with a token."""

    def __init__(self, client: Client, cast: Cast, name: str, *scopes: str) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {tokens.create(cast.actor(name), 'uji', scopes)[1]}"}

    def get(self, path: str) -> Any:
        return self.client.get(f"/api/v1/core{path}", headers=self.headers)

    def post(self, path: str, data: Any = None) -> Any:
        url = f"/api/v1/core{path}"
        if data is not None and "file" in data:
            return self.client.post(url, data, headers=self.headers)
        return self.client.post(url, data or {}, content_type="application/json", headers=self.headers)


@pytest.fixture
def kind(db: None) -> Any:
    villages.create_table()
    return villages.install()


def test_import_from_upload_to_undo(kind: Any, cast: Cast, client: Client) -> None:
    api = Api(client, cast, "arif", "core:write")
    file = SimpleUploadedFile("desa.csv", b"kode,nama\n32.16.20.0001,A\nsalah,B\n")
    answer = api.post("/imports", {"file": file, "kind": "test.villages", "unit_id": cast.root.pk})
    assert answer.status_code == 201, answer.content
    run = answer.json()
    assert (run["state"], run["mapping"]) == ("draft", {"code": "kode", "name": "nama"})
    started = api.post(f"/imports/{run['id']}/confirm", {})
    assert started.status_code == 202
    jobs.run_now(Job.objects.get(pk=started.json()["id"]))
    assert api.get(f"/jobs/{started.json()['id']}").json()["state"] == "done"
    found = api.get(f"/imports/{run['id']}").json()
    assert found["counts"] == {"read": 2, "new": 1, "same": 0, "changed": 0, "rejected": 1}
    assert [row["line"] for row in api.get(f"/imports/{run['id']}/rejects").json()["items"]] == [3]
    undone = api.post(f"/imports/{run['id']}/undo")
    jobs.run_now(Job.objects.get(pk=undone.json()["id"]))
    assert api.get("/imports").json()["items"][0]["state"] == "undone"
    assert villages.rows() == {}


def test_others_and_lesser_tokens_get_nothing(kind: Any, cast: Cast, client: Client) -> None:
    run = imports.upload(cast.actor("arif"), kind.name, cast.root.pk, BytesIO(villages.csv_of(2)), "desa.csv")
    dewi = Api(client, cast, "dewi", "core:write")
    reader = Api(client, cast, "arif", "core:read")
    assert dewi.get("/imports").json()["total"] == 0
    assert dewi.get(f"/imports/{run.pk}").status_code == 404
    assert dewi.post(f"/imports/{run.pk}/confirm", {}).status_code == 404
    assert reader.get(f"/imports/{run.pk}").status_code == 200
    assert reader.post(f"/imports/{run.pk}/confirm", {}).status_code == 403
    assert dewi.get(f"/imports/{2**70}").status_code == 404
    assert dewi.get("/jobs/0").status_code == 404
    assert ImportRun.objects.get().state == ImportRun.State.DRAFT


def test_messages_are_listed_with_masked_addresses(cast: Cast, client: Client) -> None:
    messages.queue(
        cast.actor("arif"),
        channel="email",
        address="wulan@example.id",
        purpose="test.news",
        body="Halo",
        dedupe_key="kabar:1",
        unit_id=cast.root.pk,
    )
    [message] = Api(client, cast, "arif", "core:read").get("/messages?state=queued").json()["items"]
    assert message["address"] == "wu…@example.id"
    assert Api(client, cast, "dewi", "core:read").get("/messages").json()["total"] == 0
