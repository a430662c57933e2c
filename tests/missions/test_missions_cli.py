"""Instructions, meetings and numbers at the command line: the same rights as on the screens."""

import json
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from django.utils import timezone

from kentongan.cli import context, gather, measure, missions
from kentongan.core.errors import NotAllowed, NotFound
from kentongan.missions.models import Instruction
from kentongan.registry.models import Person
from named_cast import Cast

Run = Callable[..., Any]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command of a module and reads its JSON; the database runs already."""
    monkeypatch.setattr(context, "running_database", nullcontext)

    def command(module: ModuleType, *words: object) -> Any:
        capsys.readouterr()
        module.app(args=[*map(str, words), "--json"], standalone_mode=False)
        return json.loads(capsys.readouterr().out)

    return command


def test_an_instruction_from_giving_to_its_board(cast: Cast, run: Run) -> None:
    wulan, joko = ("--as", "wulan@example.id"), ("--as", "joko@example.id")
    given = run(missions, "give", "Pasang jadwal", "--text", "Di balai desa.", "--unit", "32.16", "--yes", *wulan)
    assert (given["state"], given["total"]) == ("open", 3)
    waiting = run(missions, "mine", *joko)
    assert [row["for"] for row in waiting] == ["Kecamatan Tambun Selatan"]
    answered = run(missions, "answer", waiting[0]["receipt"], "--note", "Terpasang.", *joko)
    assert answered["state"] == "done"
    board = run(missions, "board", given["id"], *wulan)
    assert (board[0]["total"], board[0]["done"]) == (3, 1)
    assert [row["done"] for row in run(missions, "list", *joko)] == [1]


@pytest.mark.parametrize(("name", "error"), [("sari", NotAllowed), ("joko", NotFound), ("tono", NotFound)])
def test_who_may_not_give_one(cast: Cast, run: Run, name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        run(missions, "give", "X", "--text", "Y", "--unit", "32.16", "--yes", "--as", f"{name}@example.id")
    assert not Instruction.objects.exists()


def test_a_mission_invites_those_who_agreed(cast: Cast, run: Run, add_person: Callable[..., Person]) -> None:
    add_person(cast.sukamahi, "Sari Wahyuni")
    add_person(cast.sukamahi, "Ujang", agreed=False)
    words = ("Ajak tetangga", "--text", "Jalan diperbaiki mulai Senin.", "--unit", "32.16", "--yes")
    opened = run(missions, "mission", *words, "--as", "arif@example.id")
    assert (opened["state"], opened["invited"]) == ("open", 1)


def test_a_meeting_is_planned_and_listed(cast: Cast, run: Run) -> None:
    starts = timezone.localtime() + timedelta(days=2)
    words = ("Tanya jawab", "--place", "Aula", "--starts", f"{starts:%Y-%m-%dT%H:%M}", "--unit", "32.16")
    planned = run(gather, "plan", *words, "--as", "dewi@example.id")
    assert [row["id"] for row in run(gather, "list", "--as", "sari@example.id")] == [planned["id"]]
    assert run(gather, "list", "--as", "joko@example.id") == []


def test_what_was_not_reported_is_null(cast: Cast, run: Run) -> None:
    found = run(measure, "--as", "sari@example.id")
    assert found["rows"][0]["views"] is None
    assert found["rows"][0]["posts"] == 0
