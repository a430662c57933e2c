"""Loads that are refused, interrupted, or asked for too much."""

import pytest
from typer.testing import CliRunner

from kentongan.cli import demo as command
from kentongan.core.errors import Conflict, Invalid
from kentongan.gatherings.models import Gathering
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import State
from kentongan.web import demo
from kentongan.web.demo import content, engagement
from named_cast import Cast

POSTS = 600


class Killed(BaseException):
    """Stands for kill -9: nothing of ours catches it."""


def test_it_never_stands_beside_a_real_organisation(cast: Cast) -> None:
    with pytest.raises(Conflict, match="Dinas"):
        demo.load(posts=POSTS)
    with pytest.raises(Conflict):
        demo.reset()
    assert demo.status().organisation is None


@pytest.mark.django_db
def test_a_killed_load_is_completed_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    def killed() -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(content, "_publish", killed)
        with pytest.raises(Killed):
            demo.load(posts=POSTS)
    assert not Delivery.objects.exists(), "an item's story is told whole or not at all"
    with monkeypatch.context() as patched:
        patched.setattr(engagement, "ask_to_share", killed)
        with pytest.raises(Killed):
            demo.load(posts=POSTS)
    assert demo.load(posts=POSTS).loaded
    assert Delivery.objects.filter(state=State.PUBLISHED).count() == 3
    assert Gathering.objects.count() == 2
    assert not demo.load(posts=POSTS).loaded


@pytest.mark.parametrize("arguments", [["--days", "0"], ["--posts", "3"], ["--days", "900"]])
def test_the_command_refuses_what_makes_no_sense(arguments: list[str]) -> None:
    result = CliRunner().invoke(command.app, arguments)
    assert isinstance(result.exception, Invalid)
