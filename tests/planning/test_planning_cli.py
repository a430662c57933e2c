"""Planning at the command line: the loop from an issue to an approval."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from kentongan.cli import plan
from kentongan.core.errors import Invalid, KentonganError, NotAllowed
from kentongan.listening.models import Issue
from named_cast import Cast

pytestmark = pytest.mark.django_db
Run = Callable[..., Any]


@pytest.fixture
def run(run_command: Run) -> Run:
    """Return a function that runs `kentongan plan` and reads its JSON."""
    return partial(run_command, plan)


def test_from_an_issue_to_an_approval(cast: Cast, run: Run, issue: Issue, rules_loaded: None) -> None:
    dewi, hendra = ("--as", "dewi@example.id"), ("--as", "hendra@example.id")
    brief = run("brief", "--issue", issue.pk, "--message", "Selesai Rabu.", "--fact", "1,2 km|SDABMBK", *dewi)
    assert (brief["issue"], brief["title"]) == (issue.pk, issue.title)
    assert brief["audience"].endswith("Cikarang Pusat, Tambun Selatan")

    words = ("--title", "Jalan", "--purpose", "service", "--brief", brief["id"])
    item = run("item", *words, "--version-for", "bluesky=Mulai Senin.", "--version-for", "mastodon=Senin.", *dewi)
    assert (item["state"], item["issue"]) == ("draft", issue.pk)
    assert run("submit", item["id"], *dewi)["state"] == "in_review"

    with pytest.raises(NotAllowed):
        run("approve", item["id"], "--version", 1, *dewi)
    with pytest.raises(Invalid):
        run("approve", item["id"], "--version", 1, *hendra)
    codes = [line["code"] for line in run("show", item["id"], *hendra)["checklist"]]
    ticks = [word for code in codes for word in ("--tick", code)]
    assert run("approve", item["id"], "--version", 1, *ticks, *hendra)["state"] == "approved"
    assert [row["id"] for row in run("items", "--state", "approved")] == [item["id"]]
    assert [row["id"] for row in run("briefs")] == [brief["id"]]


def test_the_operator_reads_everything_and_writes_nothing(cast: Cast, run: Run) -> None:
    assert run("items") == []
    with pytest.raises(KentonganError):
        run("item", "--title", "Jalan", "--purpose", "service", "--version-for", "bluesky=Senin.")


def test_a_version_needs_its_kind(cast: Cast, run: Run) -> None:
    with pytest.raises(Invalid):
        run("item", "--title", "x", "--purpose", "service", "--version-for", "Senin.", "--as", "dewi@example.id")
