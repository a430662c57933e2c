"""The fragments under grammar/: thirty issues, ordinary talk, and what they share."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "grammar"
TALK_FILES = ("talk.toml", "wide.toml")
ISSUE_FILES = ("roads.toml", "water.toml", "services.toml", "safety.toml")


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that people complain about: its course, its places, its words."""

    key: str
    title: str
    topic: str
    volume: int
    curve: Mapping[str, Any]
    rhythm: str
    spots: Mapping[str, Sequence[str]]
    rules: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Talk:
    """One subject of ordinary talk."""

    key: str
    weight: int
    rhythm: str
    good: bool
    rules: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Words:
    """What a formal hand writes for a word, the short forms of a casual one, and the parts of handles."""

    given: Sequence[str]
    second: Sequence[str]
    formal: Mapping[str, str]
    casual: Mapping[str, Sequence[str]]


@lru_cache(maxsize=1)
def issues() -> tuple[Issue, ...]:
    """The thirty issues, in the order of the files."""
    return tuple(_issue(key, table) for name in ISSUE_FILES for key, table in _load(name).items())


@lru_cache(maxsize=1)
def talk() -> tuple[Talk, ...]:
    """The subjects of ordinary talk."""
    return tuple(
        Talk(key, table["weight"], table.get("rhythm", "day"), table.get("good", False), _lists(table))
        for name in TALK_FILES
        for key, table in _load(name).items()
    )


@lru_cache(maxsize=1)
def common() -> Mapping[str, Sequence[str]]:
    """The fragments that all share."""
    return _lists(_load("common.toml"))


@lru_cache(maxsize=1)
def words() -> Words:
    """How hands differ."""
    return Words(**_load("words.toml"))


def _issue(key: str, table: dict[str, Any]) -> Issue:
    return Issue(
        key=key,
        title=table["title"],
        topic=table["topic"],
        volume=table["volume"],
        curve=table["curve"],
        rhythm=table.get("rhythm", "day"),
        spots=table["spots"],
        rules=_lists(table),
    )


def _lists(table: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    return {name: tuple(value) for name, value in table.items() if isinstance(value, list)}


def _load(name: str) -> dict[str, Any]:
    with (FOLDER / name).open("rb") as handle:
        return tomllib.load(handle)
