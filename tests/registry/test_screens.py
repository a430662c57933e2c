"""The registry's screens and API: who sees what, with how many queries."""

import json
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from kentongan.core import tokens
from kentongan.core.models import AuditEntry, User
from kentongan.registry import actions
from kentongan.registry.actions.units import NewUnit
from kentongan.registry.models import Account, Grant, Unit

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
