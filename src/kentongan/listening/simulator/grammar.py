"""A small text grammar: fragments with alternatives, numbers and slots, grown into sentences by a seeded generator.

[satu|dua|]     one of the alternatives, an empty one included; they nest
{n:3-9}         a whole number from 3 to 9
{name}          a fragment of the list `name`, or what the scene says for it
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

MAX_DEPTH = 12
Rules = Mapping[str, Sequence[str]]
Words = Mapping[str, Callable[[], str]]


class GrammarError(ValueError):
    """A fragment that cannot be read, or a slot that nothing fills."""


@dataclass(frozen=True, slots=True)
class Literal:
    text: str


@dataclass(frozen=True, slots=True)
class Number:
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Slot:
    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    options: tuple[tuple[Node, ...], ...]


Node = Literal | Number | Slot | Choice

TOKEN = re.compile(r"\{n:(?P<low>\d+)-(?P<high>\d+)\}|\{(?P<slot>\w+)\}|(?P<mark>[\[\]|])|(?P<text>[^\[\]|{}]+)")


@dataclass(frozen=True, slots=True)
class Grammar:
    """Lists of fragments by name, the later layers over the earlier ones, and words that the scene supplies."""

    layers: tuple[Rules, ...]
    words: Words

    def grow(self, name: str, rng: Random, depth: int = 0) -> str:
        """A text for the slot `name`; raises GrammarError for an unknown one."""
        if name in self.words:
            return self._expand(parse(self.words[name]()), rng, depth)
        for layer in self.layers:
            if name in layer:
                return self._expand(parse(rng.choice(layer[name])), rng, depth)
        raise GrammarError(f"nothing fills the slot {name!r}")

    def _expand(self, nodes: tuple[Node, ...], rng: Random, depth: int) -> str:
        if depth > MAX_DEPTH:
            raise GrammarError("the fragments call each other without an end")
        return "".join(self._node(node, rng, depth) for node in nodes)

    def _node(self, node: Node, rng: Random, depth: int) -> str:
        match node:
            case Literal(text):
                return text
            case Number(low, high):
                return str(rng.randint(low, high))
            case Slot(name):
                return self.grow(name, rng, depth + 1)
            case Choice(options):
                return self._expand(rng.choice(options), rng, depth)


@cache
def parse(fragment: str) -> tuple[Node, ...]:
    """The nodes of a fragment; raises GrammarError when brackets do not match."""
    stack: list[list[list[Node]]] = [[[]]]
    position = 0
    while position < len(fragment):
        match = TOKEN.match(fragment, position)
        if match is None:
            raise GrammarError(f"cannot read {fragment!r} from position {position}")
        _take(stack, match, fragment)
        position = match.end()
    if len(stack) != 1 or len(stack[0]) != 1:
        raise GrammarError(f"brackets do not match in {fragment!r}")
    return tuple(stack[0][0])


def _take(stack: list[list[list[Node]]], match: re.Match[str], fragment: str) -> None:
    here = stack[-1][-1]
    if match["text"] is not None:
        here.append(Literal(match["text"]))
    elif match["slot"] is not None:
        here.append(Slot(match["slot"]))
    elif match["low"] is not None:
        here.append(Number(int(match["low"]), int(match["high"])))
    elif match["mark"] == "[":
        stack.append([[]])
    elif len(stack) == 1:
        raise GrammarError(f"{match['mark']!r} outside brackets in {fragment!r}")
    elif match["mark"] == "|":
        stack[-1].append([])
    else:
        options = stack.pop()
        stack[-1][-1].append(Choice(tuple(tuple(option) for option in options)))


SPACES = re.compile(r"\s+")
BEFORE_MARK = re.compile(r"\s+([,.:;?!])")
SEVERAL_MARKS = re.compile(r"([?!:])\s*[.,]+|,\s*([.?!])|\.(?:\s*[.,])+|,(?:\s*,)+")
DANGLING = re.compile(r"(^[\s,.;:]+)|([\s,;:]+$)")


def tidy(text: str) -> str:
    """The text with single spaces and single punctuation marks, as joined fragments leave neither."""
    text = BEFORE_MARK.sub(r"\1", SPACES.sub(" ", text))
    text = SEVERAL_MARKS.sub(lambda match: match[1] or match[2] or match[0][0], text)
    return DANGLING.sub("", text)
