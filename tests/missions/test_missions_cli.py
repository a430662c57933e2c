"""Instructions, meetings and numbers at the command line: the same rights as on the screens."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from kentongan.cli import gather, measure, missions
from kentongan.core.errors import NotAllowed, NotFound
from kentongan.missions.models import Instruction
from kentongan.registry.models import Person
from named_cast import Cast

Run = Callable[..., Any]


def test_an_instruction_from_giving_to_its_board(cast: Cast, run_command: Run) -> None:
    wulan, joko = ("--as", "wulan@example.id"), ("--as", "joko@example.id")
    given = run_command(
        missions, "give", "Pasang jadwal", "--text", "Di balai desa.", "--unit", "32.16", "--yes", *wulan
    )
    assert (given["state"], given["total"]) == ("open", 3)
    waiting = run_command(missions, "mine", *joko)
    assert [row["for"] for row in waiting] == ["Kecamatan Tambun Selatan"]
    answered = run_command(missions, "answer", waiting[0]["receipt"], "--note", "Terpasang.", *joko)
    assert answered["state"] == "done"
    board = run_command(missions, "board", given["id"], *wulan)
    assert (board[0]["total"], board[0]["done"]) == (3, 1)
    assert [row["done"] for row in run_command(missions, "list", *joko)] == [1]


@pytest.mark.parametrize(("name", "error"), [("sari", NotAllowed), ("joko", NotFound), ("tono", NotFound)])
def test_who_may_not_give_one(cast: Cast, run_command: Run, name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        run_command(missions, "give", "X", "--text", "Y", "--unit", "32.16", "--yes", "--as", f"{name}@example.id")
    assert not Instruction.objects.exists()


def test_a_mission_invites_those_who_agreed(cast: Cast, run_command: Run, add_person: Callable[..., Person]) -> None:
    add_person(cast.sukamahi, "Sari Wahyuni")
    add_person(cast.sukamahi, "Ujang", agreed=False)
    words = ("Ajak tetangga", "--text", "Jalan diperbaiki mulai Senin.", "--unit", "32.16", "--yes")
    opened = run_command(missions, "mission", *words, "--as", "arif@example.id")
    assert (opened["state"], opened["invited"]) == ("open", 1)


def test_a_meeting_is_planned_and_listed(cast: Cast, run_command: Run) -> None:
    starts = timezone.localtime() + timedelta(days=2)
    words = ("Tanya jawab", "--place", "Aula", "--starts", f"{starts:%Y-%m-%dT%H:%M}", "--unit", "32.16")
    planned = run_command(gather, "plan", *words, "--as", "dewi@example.id")
    assert [row["id"] for row in run_command(gather, "list", "--as", "sari@example.id")] == [planned["id"]]
    assert run_command(gather, "list", "--as", "joko@example.id") == []


def test_what_was_not_reported_is_null(cast: Cast, run_command: Run) -> None:
    found = run_command(measure, "--as", "sari@example.id")
    assert found["rows"][0]["views"] is None
    assert found["rows"][0]["posts"] == 0
