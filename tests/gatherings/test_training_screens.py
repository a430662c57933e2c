"""Training on the web, through the API and on the command line: screens, lists, papers, who sees what."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gatherings.test_trainings import KEEPER, attend, keepers, person, training, wave, wave_plan
from kentongan.cli import train
from kentongan.core import clock, tokens
from kentongan.core.models import User
from kentongan.gatherings import actions, links
from kentongan.gatherings.actions import Outcome
from kentongan.gatherings.models import Result, Training, Wave
from kentongan.registry import actions as registry
from kentongan.registry.models import Unit
from kentongan.registry.trees import NewUnit
from named_cast import SYSTEM, Cast

SignIn = Callable[[User], Client]
__all__ = ["keepers", "training", "wave"]  # fixtures


def at(moment: Any) -> str:
    return f"{moment:%Y-%m-%dT%H:%M}"


def test_from_opening_to_the_result_by_the_forms(cast: Cast, keepers: dict[str, Any], sign_in: SignIn) -> None:
    client = sign_in(cast.user("dewi"))
    opened = client.post(
        reverse("gatherings:training_new"),
        {
            "unit": "32.16",
            "title": "Akun resmi",
            "teaches": "Nama lembaga",
            "wanted": "position",
            "position": KEEPER,
            "levels": ["district", "village"],
            "per_unit": 1,
        },
    )
    made = Training.objects.get()
    assert opened["Location"] == made.get_absolute_url()
    form = client.get(reverse("gatherings:wave_new", args=[made.pk])).context["form"]
    assert set(form.initial["groups"]) == {cast.cikarang_pusat.pk, cast.tambun_selatan.pk}
    start = clock.now() + timedelta(days=3)
    fields = {
        "title": "Gelombang 1",
        "place": "Aula",
        "starts_at": at(start),
        "ends_at": at(start + timedelta(hours=3)),
        "groups": [cast.cikarang_pusat.pk, cast.tambun_selatan.pk],
        "capacity": 10,
        "seats_per_unit": 1,
        "fill": "on",
    }
    assert client.post(reverse("gatherings:wave_new", args=[made.pk]), fields | {"capacity": 0}).status_code == 200
    client.post(reverse("gatherings:wave_new", args=[made.pk]), fields)
    wave = Wave.objects.get()
    assert wave.gathering.participants.count() == 3
    rows = attend(cast, wave)
    results = {"form-TOTAL_FORMS": 3, "form-INITIAL_FORMS": 3}
    for number, row in enumerate(rows):
        results |= {f"form-{number}-participant": row.pk, f"form-{number}-passed": "yes", f"form-{number}-score": "80"}
    url = reverse("gatherings:results", args=[wave.pk])
    shown = client.get(url)
    order = [form["participant"].initial for form in shown.context["forms"]]
    for number, pk in enumerate(order):
        results[f"form-{number}-participant"] = pk
    half = client.post(url, results | {"form-0-passed": ""})
    assert half.status_code == 200
    assert not Result.objects.exists()
    client.post(url, results | {"form-0-passed": "no"})
    assert sorted(Result.objects.values_list("passed", flat=True)) == [False, True, True]
    page = client.get(made.get_absolute_url()).content.decode()
    assert "Kecamatan Tambun Selatan" in page


def test_the_forms_cannot_name_somebody_of_another_wave(
    cast: Cast, training: Training, wave: Wave, sign_in: SignIn
) -> None:
    other = actions.plan_wave(cast.actor("dewi"), training.pk, wave_plan(cast.tambun_selatan, hours=200))
    actions.fill_wave(cast.actor("dewi"), wave.pk)
    row = attend(cast, wave)[0]
    fields = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 0, "form-0-participant": row.pk, "form-0-passed": "yes"}
    sign_in(cast.user("dewi")).post(reverse("gatherings:results", args=[other.pk]), fields)
    assert not Result.objects.exists()


PAGES = ("training", "lacking", "lacking_paper")
RUN = ("training_change", "wave_new")


@pytest.mark.parametrize(
    ("name", "reads", "runs"),
    [
        ("wulan", 200, 200),
        ("dewi", 200, 200),
        ("hendra", 200, 403),
        ("sari", 200, 403),
        ("euis", 200, 403),
        ("joko", 200, 403),
        ("maman", 404, 404),
        ("tono", 404, 404),
    ],
)
def test_who_opens_which_screen(
    cast: Cast, training: Training, wave: Wave, sign_in: SignIn, name: str, reads: int, runs: int
) -> None:
    client = sign_in(cast.user(name))
    for view in PAGES:
        assert client.get(reverse(f"gatherings:{view}", args=[training.pk])).status_code == reads, view
    for view in RUN:
        assert client.get(reverse(f"gatherings:{view}", args=[training.pk])).status_code == runs, view
    of_wave = runs if reads == 404 or name not in {"euis", "joko"} else 404
    for view in ("wave_change", "results", "attendance_paper"):
        assert client.get(reverse(f"gatherings:{view}", args=[wave.pk])).status_code == of_wave, view
    for view, pk in (("wave_fill", wave.pk), ("training_close", training.pk)):
        status = client.post(reverse(f"gatherings:{view}", args=[pk])).status_code
        assert (status in {302, 409}) == (runs == 200), view


def test_from_below_one_sees_the_own_part_and_no_link_to_a_wave(
    cast: Cast, training: Training, wave: Wave, sign_in: SignIn
) -> None:
    client = sign_in(cast.user("euis"))
    page = client.get(training.get_absolute_url()).content.decode()
    assert "Cikarang Pusat</a>" not in page
    assert wave.gathering.get_absolute_url() not in page
    assert client.get(training.get_absolute_url(), {"unit": "32.16.20"}).status_code == 404


def test_lists_take_a_constant_number_of_queries(cast: Cast, training: Training, wave: Wave, sign_in: SignIn) -> None:
    actions.fill_wave(cast.actor("dewi"), wave.pk)
    attend(cast, wave)
    client = sign_in(cast.user("dewi"))
    urls = [
        reverse("gatherings:trainings"),
        reverse("gatherings:index"),
        reverse("gatherings:training", args=[training.pk]),
        reverse("gatherings:lacking", args=[training.pk]),
        reverse("gatherings:gathering", args=[wave.pk]),
        reverse("gatherings:results", args=[wave.pk]),
        reverse("gatherings:candidates", args=[wave.pk]),
    ]

    def count(url: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(url).status_code == 200
        return len(seen)

    before = [count(url) for url in urls]
    codes = [f"32.16.{n}" for n in range(31, 39)]
    registry.add_units(
        SYSTEM, [NewUnit(code, f"Kecamatan {code}", Unit.Level.DISTRICT, "32.16", area_code=code) for code in codes]
    )
    groups = list(Unit.objects.filter(code__in=codes))
    for unit in groups:
        person(unit, f"Petugas {unit.code}")
        person(unit, f"Cadangan {unit.code}")
    more = actions.plan_wave(cast.actor("dewi"), training.pk, wave_plan(*groups, hours=200))
    actions.fill_wave(cast.actor("dewi"), more.pk)
    actions.record_results(cast.actor("dewi"), more.pk, [Outcome(row.pk, True) for row in attend(cast, more)[:4]])
    actions.change_wave(cast.actor("dewi"), wave.pk, wave_plan(cast.tambun_selatan, *groups, capacity=30))
    actions.fill_wave(cast.actor("dewi"), wave.pk)
    attend(cast, wave)
    actions.open_training(cast.actor("dewi"), cast.root.pk, actions.Syllabus("Satu lagi", "Isi", "anybody"))
    assert [count(url) for url in urls] == before


def test_lists_leave_as_spreadsheet_and_on_paper(cast: Cast, training: Training, wave: Wave, sign_in: SignIn) -> None:
    actions.fill_wave(cast.actor("dewi"), wave.pk)
    client = sign_in(cast.user("dewi"))
    lacking = client.get(reverse("gatherings:lacking", args=[training.pk]), {"format": "csv"})
    text = b"".join(lacking.streaming_content).decode()  # type: ignore[attr-defined]
    assert text.count("\n") == 4
    assert "Desa Sukamahi" in text
    sheet = client.get(reverse("gatherings:export", args=[wave.pk]), {"format": "xlsx"})
    assert b"".join(sheet.streaming_content).startswith(b"PK")  # type: ignore[attr-defined]
    for url in (
        reverse("gatherings:lacking_paper", args=[training.pk]),
        reverse("gatherings:attendance_paper", args=[wave.pk]),
    ):
        paper = client.get(url)
        assert paper["Content-Type"] == "application/pdf"
        assert paper.content.startswith(b"%PDF-")


def test_a_participants_own_page_tells_link_and_result(cast: Cast, training: Training, wave: Wave) -> None:
    Wave.objects.filter(pk=wave.pk).update(link="https://rapat.example.id/kpu")
    actions.fill_wave(cast.actor("dewi"), wave.pk)
    row = wave.gathering.participants.get(unit=cast.sukamahi)
    url = reverse("guest:page", args=[links.token(row)])
    assert "rapat.example.id" not in Client().get(url).content.decode()
    Client().post(url, {"coming": "yes"})
    assert "rapat.example.id" in Client().get(url).content.decode()
    actions.check_in(cast.actor("dewi"), row.pk)
    actions.record_results(cast.actor("dewi"), wave.pk, [Outcome(row.pk, True, None, "S-7/2026")])
    assert "S-7/2026" in Client().get(url).content.decode()


def test_the_api_opens_fills_and_records(cast: Cast, keepers: dict[str, Any], client: Client) -> None:
    _row, secret = tokens.create(cast.actor("dewi"), "uji", ["gatherings:read", "gatherings:write"])
    asks = {"headers": {"Authorization": f"Bearer {secret}"}, "content_type": "application/json"}
    base = "/api/v1/gatherings"
    body = {
        "unit_id": cast.root.pk,
        "title": "Akun resmi",
        "teaches": "Nama",
        "wanted": "position",
        "position": KEEPER,
        "levels": ["district"],
    }
    made = client.post(f"{base}/trainings", body, **asks)  # type: ignore[arg-type]
    assert made.status_code == 201
    pk = made.json()["id"]
    start = clock.now() + timedelta(days=2)
    plan = {
        "title": "Gelombang 1",
        "place": "Aula",
        "starts_at": start.isoformat(),
        "ends_at": (start + timedelta(hours=2)).isoformat(),
        "groups": [cast.tambun_selatan.pk],
        "capacity": 5,
        "fill": True,
    }
    wave = client.post(f"{base}/trainings/{pk}/waves", plan, **asks).json()  # type: ignore[arg-type]
    assert (wave["seated"], wave["number"]) == (1, 1)
    standing = client.get(f"{base}/trainings/{pk}/standing", **asks).json()  # type: ignore[arg-type]
    assert {row["code"]: row["coming"] for row in standing} == {"32.16.06": 1, "32.16.20": 0}
    lacking = client.get(f"{base}/trainings/{pk}/lacking?unit=32.16.20", **asks).json()  # type: ignore[arg-type]
    assert [(row["code"], row["could"]) for row in lacking["items"]] == [("32.16.20", 2)]
    rows = attend(cast, Wave.objects.get())
    results = [{"participant_id": rows[0].pk, "passed": True, "score": "75.5", "certificate": "A-1"}]
    url = f"{base}/waves/{wave['id']}/results"
    assert client.post(url, results, **asks).json() == {"count": 1}  # type: ignore[arg-type]
    bad = client.post(url, [results[0] | {"score": 101}], **asks)  # type: ignore[arg-type]
    assert bad.status_code == 422
    assert client.get(url, **asks).json()["items"][0]["certificate"] == "A-1"  # type: ignore[arg-type]
    assert client.get(f"{base}/trainings/{2**70}", **asks).status_code in {404, 422}  # type: ignore[arg-type]


def test_the_command_line_lists_who_lacks_it_and_fills(
    cast: Cast, training: Training, wave: Wave, run_command: Callable[..., Any]
) -> None:
    assert run_command(train, "list", "--as", "dewi@example.id")[0]["title"] == training.title
    lacking = run_command(train, "lacking", training.pk, "--unit", "32.16.20", "--as", "dewi@example.id")
    assert [row["code"] for row in lacking] == ["32.16.20", "32.16.20.2002"]
    assert run_command(train, "fill", wave.pk, "--as", "dewi@example.id")["seats_given"] == 3
    assert run_command(train, "waves", training.pk, "--as", "dewi@example.id")[0]["seats"] == "3/10"
    assert run_command(train, "remind", training.pk, "--as", "dewi@example.id")["reminded"] == 2
