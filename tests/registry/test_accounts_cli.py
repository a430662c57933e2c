"""`kentongan accounts`: states and audits at the command line."""

from collections.abc import Callable
from typing import Any

import pytest

from kentongan.cli import accounts
from kentongan.core.errors import Conflict, NotAllowed
from kentongan.registry import actions, rules
from kentongan.registry.models import Account, Audit
from named_cast import Cast

ARIF = ("--as", "arif@example.id")


def test_an_account_is_audited_here_and_now(cast: Cast, run_command: Callable[..., Any]) -> None:
    actions.declare_account(cast.actor("arif"), cast.root.pk, handle="pemkabbekasi", platform="x")
    rows = {row["rule"]: row for row in run_command(accounts, "audit", "--title", "Sebelum pelatihan", *ARIF)}
    assert set(rows) == set(rules.shipped())
    assert (rows["two_custodians"]["not_met"], rows["logo"]["to_check"]) == (1, 1)
    assert Audit.objects.get().title == "Sebelum pelatihan"
    with pytest.raises(NotAllowed):
        run_command(accounts, "audit", "--as", "dewi@example.id")


def test_a_state_is_moved_with_its_reason(
    cast: Cast, capsys: pytest.CaptureFixture[str], run_command: Callable[..., Any]
) -> None:
    made = actions.declare_account(cast.actor("arif"), cast.root.pk, handle="pemkabbekasi", platform="x")

    def state(*words: str) -> str:
        accounts.app(args=["state", str(made.pk), *words, *ARIF], standalone_mode=False)
        return "".join(capsys.readouterr())

    assert "retired" in state("retire", "--reason", "Diganti")
    assert Account.objects.get().state_reason == "Diganti"
    with pytest.raises(Conflict):
        state("lost", "--reason", "x")
    assert "declared" in state("revive", "--reason", "Batal")
