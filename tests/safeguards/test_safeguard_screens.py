"""The screens and the API of safeguards."""

import json
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from kentongan.core.models import User
from kentongan.safeguards import actions, held
from kentongan.safeguards.actions import MODELS, Table
from kentongan.safeguards.models import AccountCap, Election, QuietPeriod
from named_cast import SYSTEM, Cast

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
PAGES = ("index", "elections", "account_caps", "content_rules", "releases")


@pytest.fixture(autouse=True)
def rules(db: None) -> None:
    """The shipped rules, also where a transactional test emptied the tables before."""
    actions.load_rules(SYSTEM)


@pytest.fixture
def quiet_now(cast: Cast) -> QuietPeriod:
    """A quiet period around today, and a vote after it."""
    today = timezone.localdate()
    election = actions.add(
        cast.actor("arif"),
        Table.ELECTION,
        {"name": "Pemilu 2029", "kind": "national", "vote_on": today + timedelta(days=3), "source": "Contoh"},
    )
    period = actions.add(
        cast.actor("arif"),
        Table.QUIET_PERIOD,
        {
            "election": election,
            "name": "Masa tenang",
            "starts_on": today - timedelta(days=1),
            "ends_on": today + timedelta(days=1),
            "source": "Contoh",
        },
    )
    assert isinstance(period, QuietPeriod)
    return period


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("name", ["arif", "dewi", "maman"])
def test_everybody_of_the_organisation_reads_the_rules(cast: Cast, sign_in: SignIn, page: str, name: str) -> None:
    client = sign_in(cast.user(name))
    body = client.get(reverse(f"safeguards:{page}")).content.decode()
    assert ("/pagar/baris/" in body) is (name == "arif" and page != "releases")


@pytest.mark.parametrize("page", PAGES)
def test_guests_and_visitors_do_not(cast: Cast, sign_in: SignIn, client: Client, page: str) -> None:
    assert client.get(reverse(f"safeguards:{page}")).status_code == 302
    assert sign_in(cast.user("tono")).get(reverse(f"safeguards:{page}")).status_code in (200, 403)


def test_the_overview_says_when_nothing_holds(cast: Cast, sign_in: SignIn) -> None:
    body = sign_in(cast.user("dewi")).get(reverse("safeguards:index")).content.decode()
    assert "sg-open" in body
    assert "sg-quiet" not in body


def test_the_overview_says_what_holds(cast: Cast, sign_in: SignIn, quiet_now: QuietPeriod) -> None:
    body = sign_in(cast.user("dewi")).get(reverse("safeguards:index")).content.decode()
    assert "sg-quiet" in body
    assert "Pemilu 2029" in body


def test_what_is_held_is_shown_with_its_reason(cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    class Queue:
        def count(self, actor: object) -> int:
            return 3

        def held(self, actor: object, limit: int) -> list[held.HeldItem]:
            item = held.HeldItem("Pilih kami", "Bluesky", timezone.now(), "Masa tenang", None, "/sebar/77/")
            return [item]

    monkeypatch.setattr(held, "_sources", {"queue": Queue()})
    body = sign_in(cast.user("dewi")).get(reverse("safeguards:index")).content.decode()
    assert "Pilih kami" in body
    assert "/sebar/77/" in body


@pytest.mark.parametrize("table", list(Table))
def test_an_administrator_opens_and_saves_every_kind_of_row(cast: Cast, sign_in: SignIn, table: Table) -> None:
    client = sign_in(cast.user("arif"))
    assert client.get(reverse("safeguards:add_row", args=[table])).status_code == 200
    row = MODELS[table]._default_manager.first()
    address = reverse("safeguards:edit_row", args=[table, row.pk])
    form = client.get(address).context["form"]
    data = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    data = {name: value.isoformat() if isinstance(value, date) else value for name, value in data.items()}
    response = client.post(address, data | {"verified": "on", "note": "Dicocokkan."})
    assert response.status_code == 302, response.context["form"].errors
    row.refresh_from_db()
    assert (row.verified, row.note) == (True, "Dicocokkan.")


@pytest.mark.parametrize("name", ["wulan", "dewi", "hendra", "sari", "maman", "tono", "joko"])
def test_nobody_else_edits(cast: Cast, sign_in: SignIn, name: str) -> None:
    client = sign_in(cast.user(name))
    cap = AccountCap.objects.first()
    assert cap is not None
    for address in (
        reverse("safeguards:add_row", args=[Table.ELECTION]),
        reverse("safeguards:edit_row", args=[Table.ACCOUNT_CAP, cap.pk]),
    ):
        assert client.get(address).status_code == 403
        assert client.post(address, {"limit": 99}).status_code == 403
    remove = reverse("safeguards:remove_row", args=[Table.ACCOUNT_CAP, cap.pk])
    assert client.post(remove).status_code == 403
    assert AccountCap.objects.filter(pk=cap.pk, limit=cap.limit).exists()


def test_an_overlap_is_said_at_the_form(cast: Cast, sign_in: SignIn) -> None:
    election = Election.objects.get(code="pilkada-2024")
    data = {
        "election": election.pk,
        "name": "Masa tenang",
        "starts_on": "2024-11-26",
        "ends_on": "2024-11-26",
        "source": "x",
        "active": "on",
    }
    response = sign_in(cast.user("arif")).post(reverse("safeguards:add_row", args=[Table.QUIET_PERIOD]), data)
    assert response.context["form"].non_field_errors()
    assert election.quiet_periods.count() == 2


def test_an_unknown_table_or_row_is_not_found(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.user("arif"))
    assert client.get("/pagar/baris/presiden/baru/").status_code == 404
    assert client.get(reverse("safeguards:edit_row", args=[Table.STAGE, 10**9])).status_code == 404


@pytest.mark.parametrize("fmt", ["csv", "xlsx"])
def test_releases_are_exported(cast: Cast, sign_in: SignIn, fmt: str) -> None:
    actions.release(
        cast.actor("arif"), unit_id=cast.root.pk, subject="Sebaran 12", reason="Diminta tertulis oleh Bawaslu"
    )
    response = sign_in(cast.user("arif")).get(reverse("safeguards:releases"), {"format": fmt})
    assert len(b"".join(response.streaming_content)) > 50


@pytest.mark.parametrize("page", ["elections", "account_caps", "index"])
def test_lists_cost_the_same_however_long_they_are(
    cast: Cast, sign_in: SignIn, page: str, django_assert_max_num_queries: Callable[..., object]
) -> None:
    client = sign_in(cast.user("arif"))
    client.get(reverse(f"safeguards:{page}"))
    with django_assert_max_num_queries(22):  # type: ignore[attr-defined]
        assert client.get(reverse(f"safeguards:{page}")).status_code == 200


# API


def test_the_api_gives_the_rows(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.user("dewi"))
    elections = client.get("/api/v1/safeguards/elections").json()
    assert elections["total"] == 6
    assert elections["items"][0]["name"] == "Pilkada 2024"
    assert {stage["kind"] for stage in elections["items"][0]["stages"]} == {"campaign", "media", "quiet", "vote"}
    periods = client.get("/api/v1/safeguards/quiet-periods").json()
    assert periods["total"] == 8
    assert client.get("/api/v1/safeguards/held").json()["count"] >= 0


@pytest.mark.parametrize(
    ("at", "purpose", "allowed"),
    [
        ("2024-11-25T10:00:00+07:00", "campaign", False),
        ("2024-11-25T10:00:00+07:00", "service", True),
        ("2024-11-23T23:59:59+07:00", "campaign", True),
        ("2024-11-24T00:00:00+07:00", "campaign", False),
    ],
)
def test_the_api_gives_the_verdict(cast: Cast, sign_in: SignIn, at: str, purpose: str, allowed: bool) -> None:
    client = sign_in(cast.user("dewi"))
    body = json.dumps({"purpose": purpose, "at": at, "area_code": "32.16"})
    response = client.post("/api/v1/safeguards/check", body, content_type="application/json")
    assert response.json()["allowed"] is allowed


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2024-11-25T10:00:00", "x"])
def test_the_api_refuses_odd_moments(cast: Cast, sign_in: SignIn, at: str) -> None:
    client = sign_in(cast.user("dewi"))
    body = json.dumps({"purpose": "campaign", "at": at})
    response = client.post("/api/v1/safeguards/check", body, content_type="application/json")
    assert response.status_code == 422
    assert response.json()["error"]["fields"]
