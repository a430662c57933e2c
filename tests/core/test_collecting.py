"""A web process looks seldom for unreachable cycles, but it does."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from kentongan.core import collecting


class Node:
    """Something that points to itself."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Leave the test process as it was."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_what_is_loaded_is_not_looked_at_again_and_new_cycles_still_go() -> None:
    collecting.seldom()
    assert gc.get_freeze_count() > 0
    gone = weakref.ref(Node())
    assert gone() is not None
    for _number in range(collecting.YOUNG + 1):
        Node()
    assert gone() is None
