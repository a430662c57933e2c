"""`kentongan ledger`."""

import contextlib
import json

import pytest
from typer.testing import CliRunner

from kentongan.cli import context
from kentongan.cli.ledger import app
from publishing.desk import Desk, Platform


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch):
    """Return a function that runs the command on the test's database, which is running already."""
    monkeypatch.setattr(context, "running_database", contextlib.nullcontext)
    return lambda *words: CliRunner().invoke(app, list(words))


def test_the_ledger_as_json_adds_up(desk: Desk, platform: Platform, run):
    account = desk.account()
    for _n in range(3):
        desk.schedule(account, item=desk.item())
    desk.run()
    desk.schedule(account, item=desk.item())
    shown = json.loads(run("--json").stdout)
    ledger = shown["ledger"]
    planned = ledger.pop("planned")
    assert (planned, ledger["published"], ledger["to_come"]) == (4, 3, 1)
    assert planned == sum(ledger.values()) == len(shown["deliveries"])
    assert sum(day["planned"] for day in shown["days"]) == planned
    assert [row["state"] for row in json.loads(run("--json", "--state", "to_come").stdout)["deliveries"]] == ["ready"]


def test_the_ledger_as_a_table_and_a_wrong_state(desk: Desk, platform: Platform, run):
    desk.schedule(desk.account())
    text = run().stdout
    assert "PLANNED" in text
    assert "Penutupan Jalan Setu" in text
    assert run("--state", "hilang").exit_code != 0


def test_a_neighbour_sees_an_empty_ledger(desk: Desk, platform: Platform, run):
    desk.schedule(desk.account())
    shown = json.loads(run("--json", "--as", "joko@example.id").stdout)
    assert shown["ledger"]["planned"] == 0
    assert shown["deliveries"] == []
