"""The moves of an item, as data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kentongan.core.errors import Conflict
from kentongan.planning.states import MOVES, ItemState, Move, after, allowed, check

LEGAL = [(state, move) for move, table in MOVES.items() for state in table]
ILLEGAL = [(state, move) for move in Move for state in ItemState if state not in MOVES[move]]


@pytest.mark.parametrize(("state", "move"), LEGAL)
def test_legal_moves_lead_somewhere_else(state: ItemState, move: Move) -> None:
    assert allowed(state, move)
    assert after(state, move) != state


@pytest.mark.parametrize(("state", "move"), ILLEGAL)
def test_illegal_moves_are_conflicts(state: ItemState, move: Move) -> None:
    assert not allowed(state, move)
    with pytest.raises(Conflict):
        after(state, move)


@given(st.lists(st.sampled_from(list(Move)), max_size=30))
def test_nothing_is_approved_without_having_been_in_review(moves: list[Move]) -> None:
    state, before = ItemState.DRAFT, None
    for move in moves:
        if allowed(state, move):
            before, state = state, after(state, move)
            if state is ItemState.APPROVED:
                assert before is ItemState.IN_REVIEW


@pytest.mark.parametrize(
    "broken",
    [
        {move: table for move, table in MOVES.items() if move is not Move.REOPEN},
        MOVES | {Move.SUBMIT: {ItemState.DRAFT: ItemState.DRAFT}},
        MOVES | {Move.APPROVE: {ItemState.DRAFT: ItemState.APPROVED}},
        MOVES | {Move.REOPEN: {}},
        MOVES | {Move.WITHDRAW: {}},
    ],
)
def test_a_broken_table_is_refused_at_import(broken: dict[Move, dict[ItemState, ItemState]]) -> None:
    with pytest.raises(ValueError, match=r"move|state|review|left"):
        check(broken)
