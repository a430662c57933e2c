"""`kentongan units`: the tree at the command line."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from kentongan.cli import units
from kentongan.core.errors import NotAllowed, NotFound
from kentongan.registry.models import Unit
from named_cast import Cast

ARIF = ("--as", "arif@example.id")


@pytest.fixture
def run(run_command: Callable[..., Any]) -> Callable[..., Any]:
    return partial(run_command, units)


def test_a_tree_is_previewed_then_loaded(cast: Cast, run) -> None:
    shown = run("load", "--down-to", "district", "--preview", *ARIF)
    assert [(tier["level"], tier["new"], tier["there"]) for tier in shown] == [("district", 21, 2)]
    assert Unit.objects.filter(level="district").count() == 2
    assert run("load", "--down-to", "district", "--yes", *ARIF) == {"made": 21, "there": 2}
    assert run("load", "--down-to", "district", "--yes", *ARIF) == {"made": 0, "there": 23}


def test_a_unit_changes_and_changes_back(cast: Cast, run) -> None:
    run("rename", "32.16.20.2002", "--name", "Desa Sukamaju", "--new-code", "32.16.20.2999", *ARIF)
    assert [row["name"] for row in run("list", "Sukamahi", *ARIF)] == ["Desa Sukamaju"]
    moved = run("move", "32.16.20.2002", "--under", "32.16.06", "--basis", "Perda 3/2027", "--yes", *ARIF)
    assert moved["basis"] == "Perda 3/2027"
    run("split", "32.16.06", "--new-code", "32.16.24", "--name", "Baru", "--child", "32.16.20.2999", *ARIF)
    assert [row["kind"] for row in run("history", "32.16.20.2999", *ARIF)] == ["move", "rename"]
    run("merge", "32.16.24", "--into", "32.16.20", "--yes", *ARIF)
    assert Unit.objects.get(code="32.16.20.2999").parent_id == cast.cikarang_pusat.pk
    run("close", "32.16.20.2999", *ARIF)
    for change in run("history", "32.16.20.2999", *ARIF)[:1]:
        assert run("undo", change["id"], *ARIF)["undone_at"]


@pytest.mark.parametrize(("name", "error"), [("euis", NotAllowed), ("maman", NotFound), ("tono", NotFound)])
def test_the_same_rights_hold(cast: Cast, run, name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        run("close", "32.16.06", "--as", f"{name}@example.id")
