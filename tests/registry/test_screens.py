"""The registry's screens and API: who sees what, with how many queries."""

import json
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from kentongan.core import jobs, tokens
from kentongan.core.models import AuditEntry, User
from kentongan.core.models.jobs import Job
from kentongan.registry import actions
from kentongan.registry.models import Account, Grant, Unit
from kentongan.registry.trees import NewUnit

SignIn = Callable[[User], Client]


def test_a_member_of_one_district_cannot_open_another(cast, sign_in: SignIn) -> None:
    client = sign_in(cast.user("euis"))
    assert client.get(reverse("registry:unit", args=[cast.tambun_selatan.pk])).status_code == 200
    for unit in (cast.root, cast.cikarang_pusat, cast.sukamahi):
        assert client.get(reverse("registry:unit", args=[unit.pk])).status_code == 404


@pytest.mark.parametrize("name", ["people", "roles", "unit_add", "account_add", "person_add", "colleague_add"])
def test_only_administrators_open_the_screens_that_change_the_registry(cast, sign_in: SignIn, name: str) -> None:
    name = f"unit_{name}" if name in {"people", "roles"} else name
    address = reverse(f"registry:{name}", args=[cast.tambun_selatan.pk])
    expected = {"arif": 200, "joko": 200, "euis": 403, "dewi": 403, "maman": 404, "tono": 404}
    for who, status in expected.items():
        assert sign_in(cast.user(who)).get(address).status_code == status, who


def test_an_administrator_adds_a_unit_a_colleague_and_an_account(cast, sign_in: SignIn) -> None:
    client = sign_in(cast.user("joko"))
    here = cast.tambun_selatan.pk
    posted = {
        "unit_add": {"name": "Desa Lambangsari", "code": "32.16.06.2008", "level": "village", "kind": "spine"},
        "colleague_add": {"name": "Rini", "email": "rini@example.id", "role": "editor"},
        "account_add": {"platform": "bluesky", "handle": "@tambun.example.id"},
    }
    for name, data in posted.items():
        assert client.post(reverse(f"registry:{name}", args=[here]), data).status_code == 302, name
    assert Unit.objects.get(code="32.16.06.2008").parent_id == here
    assert Grant.objects.get(user__email="rini@example.id").unit_id == here
    account = Account.objects.get(handle="tambun.example.id")
    assert account.state == Account.State.DECLARED
    assert AuditEntry.objects.filter(verb="registry.account.declare", object_id=str(account.pk)).count() == 1


def test_the_same_official_account_is_not_taken_twice(cast, sign_in: SignIn) -> None:
    actions.declare_account(cast.actor("arif"), cast.root.pk, platform="x", handle="pemkabbekasi")
    response = sign_in(cast.user("arif")).post(
        reverse("registry:account_add", args=[cast.root.pk]), {"platform": "x", "handle": "PemkabBekasi"}
    )
    assert response.status_code == 409


def test_the_list_of_units_takes_the_same_queries_for_3_and_for_60(
    cast, sign_in: SignIn, django_assert_max_num_queries
) -> None:
    client = sign_in(cast.user("wulan"))
    address = reverse("registry:index")
    client.get(address)
    with django_assert_max_num_queries(30) as few:
        client.get(address)
    actions.add_units(
        cast.actor("arif"), [NewUnit(f"d{n}", f"Bidang {n}", Unit.Level.NONE, "32.16") for n in range(48)]
    )
    with django_assert_max_num_queries(len(few)):
        assert "Bidang 47" in client.get(address).content.decode()


@pytest.mark.parametrize(
    ("name", "who"), [("unit", "Kecamatan Tambun Selatan"), ("unit_roles", "Wulan"), ("unit_people", "=Budi")]
)
def test_a_list_is_taken_along_as_it_is_filtered(cast, sign_in: SignIn, name: str, who: str) -> None:
    client = sign_in(cast.user("arif"))
    posted = {"full_name": "=Budi", "title": "Ketua RW", "basis": "SK 12/2026"}
    assert client.post(reverse("registry:person_add", args=[cast.root.pk]), posted).status_code == 302
    address = reverse(f"registry:{name}", args=[cast.root.pk])
    text = b"".join(client.get(address, {"format": "csv"}).streaming_content).decode()
    assert who in text
    assert ",=Budi" not in text, "no formula leaves"
    assert "\n=Budi" not in text
    assert client.get(address, {"format": "xlsx"})["Content-Type"].endswith("sheet")
    assert client.get(address, {"format": "pdf"}).status_code == 422
    assert sign_in(cast.user("euis")).get(address, {"format": "csv"}).status_code == 404


def test_units_are_sorted_by_a_column(cast, sign_in: SignIn) -> None:
    client = sign_in(cast.user("arif"))
    names = [unit.name for unit in client.get(reverse("registry:index"), {"sort": "-name"}).context["page"]]
    assert names == sorted(names, reverse=True)
    assert len(names) > 1


def _token(cast, name: str, *scopes: str) -> dict[str, str]:
    _row, secret = tokens.create(cast.actor(name), "tes", scopes)
    return {"Authorization": f"Bearer {secret}"}


def test_the_api_has_the_same_rights(cast, client: Client) -> None:
    headers = _token(cast, "euis", "registry:read")
    seen = client.get("/api/v1/registry/units", headers=headers).json()
    assert [unit["code"] for unit in seen["items"]] == ["32.16.06"]
    hidden = client.get(f"/api/v1/registry/units/{cast.root.pk}", headers=headers)
    assert (hidden.status_code, hidden.json()["error"]["code"]) == (404, "not_found")


def test_a_token_does_no_more_than_its_scopes_and_its_user(cast, client: Client) -> None:
    unit = json.dumps({"parent_id": cast.root.pk, "code": "z", "name": "Z", "level": "none"})
    for who, scope, status, code in (
        ("arif", "registry:read", 403, "scope_missing"),
        ("dewi", "registry:write", 403, "not_allowed"),
        ("joko", "registry:write", 404, "not_found"),
        ("arif", "registry:write", 201, ""),
    ):
        response = client.post(
            "/api/v1/registry/units", unit, content_type="application/json", headers=_token(cast, who, scope)
        )
        assert response.status_code == status, (who, response.content)
        assert response.json().get("error", {}).get("code", "") == code


def test_a_revoked_token_is_nobody(cast, client: Client) -> None:
    row, secret = tokens.create(cast.actor("arif"), "tes", ["registry:read"])
    tokens.revoke(cast.actor("arif"), row.pk)
    response = client.get("/api/v1/registry/units", headers={"Authorization": f"Bearer {secret}"})
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "not_signed_in"


def test_a_session_needs_the_csrf_token_to_write(cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.user("arif"), backend="allauth.account.auth_backends.AuthenticationBackend")
    unit = json.dumps({"parent_id": cast.root.pk, "code": "z", "name": "Z", "level": "none"})
    response = client.post("/api/v1/registry/units", unit, content_type="application/json")
    assert response.status_code == 403
    assert not Unit.objects.filter(code="z").exists()


def test_the_whole_tree_is_built_on_screen_after_a_look_at_what_it_makes(cast, sign_in: SignIn) -> None:
    client, address = sign_in(cast.user("arif")), reverse("registry:load")
    before = Unit.objects.count()
    shown = client.post(address, {"down_to": "district", "label_district": "Kec."})
    assert [(tier.new, tier.there) for tier in shown.context["tiers"]] == [(21, 2)]
    assert Unit.objects.count() == before
    answer = client.post(address, {"down_to": "district", "label_district": "Kec.", "make": "1"})
    job = jobs.run_now(Job.objects.get(kind="registry.tree"))
    assert answer.url == job.get_absolute_url()
    assert job.result == {"made": 21, "there": 2}
    assert Unit.objects.get(code="32.16.01").name == "Kec. Tarumajaya"


def test_a_part_outside_the_organisation_is_refused_on_screen(cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.user("arif")).post(reverse("registry:load"), {"scope": "32.17"})
    assert answer.status_code == 422
    assert "scope" in answer.context["form"].errors


def test_a_law_is_followed_on_screen_and_taken_back(cast, sign_in: SignIn) -> None:
    client, village = sign_in(cast.user("arif")), cast.sukamahi
    law = {"basis": "Perda 3/2027"}
    posts = [
        ("rename", {"name": "Desa Sukamaju", "code": village.code, **law}),
        ("move", {"other": cast.tambun_selatan.code, **law}),
        ("merge", {"other": cast.cikarang_pusat.code, **law}),
    ]
    for name, data in posts:
        assert client.get(reverse(f"registry:{name}", args=[village.pk])).status_code == 200, name
        assert client.post(reverse(f"registry:{name}", args=[village.pk]), data).status_code == 302, name
    page = client.get(reverse("registry:history", args=[village.pk]))
    changes = list(page.context["page"])
    assert [change.kind for change in changes] == ["merge", "move", "rename"]
    assert "Perda 3/2027" in page.content.decode()
    for change in changes:
        assert client.post(reverse("registry:undo", args=[change.pk])).status_code == 302
    village.refresh_from_db()
    assert (village.name, village.parent_id, village.closed_at) == ("Desa Sukamahi", cast.cikarang_pusat.pk, None)


def test_a_unit_is_suggested_by_a_part_of_its_name_and_only_to_those_who_see_it(cast, sign_in: SignIn) -> None:
    address = reverse("registry:suggest")
    seen = sign_in(cast.user("arif")).get(address, {"field": "other", "other": "tambun"}).content.decode()
    assert '<option value="32.16.06">' in seen
    assert sign_in(cast.user("maman")).get(address, {"field": "other", "other": "tambun"}).content == b""


@pytest.mark.parametrize("name", ["rename", "move", "merge", "split", "close"])
def test_only_administrators_change_the_tree(cast, sign_in: SignIn, name: str) -> None:
    address = reverse(f"registry:{name}", args=[cast.tambun_selatan.pk])
    own = 200 if name == "rename" else 403  # Where a unit stands is decided above it.
    for who, status in {"arif": 200, "joko": own, "euis": 403, "dewi": 403, "maman": 404, "tono": 404}.items():
        assert sign_in(cast.user(who)).get(address).status_code == status, who


def test_the_tree_changes_through_the_api(cast, client: Client) -> None:
    _row, secret = tokens.create(cast.actor("arif"), "uji", ["registry:write"])
    head = {"HTTP_AUTHORIZATION": f"Bearer {secret}", "content_type": "application/json"}

    def post(path: str, **body: object) -> dict:
        answer = client.post(f"/api/v1/registry/{path}", json.dumps(body), **head)
        assert answer.status_code in {200, 202}, answer.content
        return answer.json()

    moved = post(f"units/{cast.sukamahi.pk}/move", other_id=cast.tambun_selatan.pk, basis="Perda 3/2027")
    assert (moved["before"], moved["after"]) == ("Kecamatan Cikarang Pusat", "Kecamatan Tambun Selatan")
    listed = client.get(f"/api/v1/registry/units/{cast.sukamahi.pk}/changes", **head).json()["items"]
    assert [change["id"] for change in listed] == [moved["id"]]
    assert post(f"changes/{moved['id']}/undo")["undone_at"]
    assert [tier["new"] for tier in post("tree/preview", template="regency", down_to="district")] == [21]
    job = jobs.run_now(Job.objects.get(pk=post("tree", template="regency", down_to="district")["job_id"]))
    assert job.result == {"made": 21, "there": 2}


def test_a_list_of_people_leaves_a_trace_of_who_took_it(cast, sign_in: SignIn) -> None:
    address = reverse("registry:unit_people", args=[cast.root.pk])
    assert sign_in(cast.user("arif")).get(f"{address}?format=csv").status_code == 200
    entry = AuditEntry.objects.get(verb="registry.person.export")
    assert (entry.user, entry.after) == (cast.user("arif"), {"people": 9})


@pytest.mark.parametrize("address", ["?q=suka&format=csv", "?format=csv", "?format=xlsx", "?q=suka&sort=-name"])
def test_the_list_of_units_is_taken_along_with_and_without_a_search(cast, sign_in: SignIn, address: str) -> None:
    answer = sign_in(cast.user("arif")).get(reverse("registry:index") + address)
    assert answer.status_code == 200
    if "format=csv" in address:
        body = b"".join(answer.streaming_content).decode()
        assert ("Desa Sukamahi" in body) == ("q=suka" in address)
