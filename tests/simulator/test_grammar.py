from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kentongan.listening.simulator.grammar import Grammar, GrammarError, parse, tidy


def grow(fragment: str, seed: int = 1, **rules: tuple[str, ...]) -> str:
    return Grammar(({"start": (fragment,)}, rules), {"place": lambda: "Tambun"}).grow("start", Random(seed))


def test_alternatives_nest_and_may_be_empty() -> None:
    seen = {grow("a[b|c[d|]|]", seed) for seed in range(60)}
    assert seen == {"ab", "acd", "ac", "a"}


def test_numbers_stay_in_their_range() -> None:
    assert {int(grow("{n:3-5}", seed)) for seed in range(60)} == {3, 4, 5}


def test_slots_come_from_rules_and_from_the_scene() -> None:
    assert grow("{what} di {place}", what=("banjir",)) == "banjir di Tambun"


@pytest.mark.parametrize("fragment", ["[a|b", "a]", "a|b", "{n:3}", "{", "[a[b]"])
def test_an_unreadable_fragment_is_refused(fragment: str) -> None:
    with pytest.raises(GrammarError):
        parse(fragment)


def test_an_unknown_slot_and_an_endless_one_are_refused() -> None:
    with pytest.raises(GrammarError, match="nothing fills"):
        grow("{nowhere}")
    with pytest.raises(GrammarError, match="without an end"):
        grow("{start}")


@given(st.text(alphabet="ab ,.:;?!", max_size=40))
def test_tidy_leaves_no_doubled_spaces_or_dangling_marks(text: str) -> None:
    result = tidy(text)
    assert "  " not in result
    assert result == result.strip(" ,;:")
    assert " ." not in result
    assert " ," not in result
