"""Normalise: informal words written out, letters drawn out for effect cut, affixes taken off. Word by word.

The dictionaries are derived from the sets named in NOTICE by `kentongan.listening.training.words`.
"""

import gzip
import re
from functools import lru_cache
from importlib.resources import files

import pyarrow as pa

from kentongan.listening.pipeline.columns import flat, map_unique, put, single
from kentongan.listening.pipeline.context import Context

DRAWN_OUT = re.compile(r"(.)\1{2,}")
TWICE = re.compile(r"^([a-z]{2,})2$")
SUFFIXES = ("nya", "lah", "kah", "pun", "ku", "mu", "na", "ne", "e")
ENDINGS = ("kan", "an", "i", "in", "keun")
# What a prefix swallows of the root's first letter: "menyapu" is "sapu", "memukul" is "pukul".
PREFIXES = (
    ("meny", "s"), ("peny", "s"), ("meng", ""), ("peng", ""), ("meng", "k"), ("mem", ""), ("pem", ""), ("mem", "p"),
    ("pem", "p"), ("men", ""), ("pen", ""), ("men", "t"), ("pen", "t"), ("me", ""), ("pe", ""), ("ber", ""),
    ("ter", ""), ("per", ""), ("di", ""), ("ke", ""), ("se", ""), ("nga", ""), ("ng", ""), ("ng", "k"), ("ny", "s"),
    ("ka", ""), ("dipe", ""), ("diper", ""),
)  # fmt: skip
SHORTEST_ROOT = 3


def _lines(name: str) -> list[str]:
    data = files("kentongan.listening.pipeline").joinpath("data", name).read_bytes()
    return gzip.decompress(data).decode().splitlines()


@lru_cache(maxsize=1)
def slang() -> dict[str, str]:
    """Return informal spellings and what they stand for."""
    return dict(line.split("\t") for line in _lines("slang.tsv.gz"))


@lru_cache(maxsize=1)
def roots() -> frozenset[str]:
    """Return the root words of Indonesian."""
    return frozenset(_lines("roots.txt.gz"))


def _without_suffixes(word: str) -> list[str]:
    forms = [word]
    forms += _cut(word, SUFFIXES)
    return forms + [shorter for form in forms for shorter in _cut(form, ENDINGS)]


def _cut(word: str, endings: tuple[str, ...]) -> list[str]:
    return [
        word[: -len(ending)] for ending in endings if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_ROOT
    ]


def stem(word: str) -> str:
    """Return the root word inside `word`, or `word` when no root is found."""
    known = roots()
    if word in known or len(word) <= SHORTEST_ROOT + 1:
        return word
    forms = _without_suffixes(word)
    for form in forms[1:]:
        if form in known:
            return form
    for form in forms:
        for prefix, first in PREFIXES:
            if form.startswith(prefix) and len(form) - len(prefix) + len(first) > SHORTEST_ROOT:
                root = first + form[len(prefix) :]
                if root in known:
                    return root
    return word


def spelled(token: str) -> str:
    """Return one lower-case token as it is written in full: "rusaaak" is "rusak", "gmn" is "bagaimana"."""
    short = TWICE.sub(r"\1", DRAWN_OUT.sub(r"\1", token))
    return slang().get(short, short)


@lru_cache(maxsize=200_000)
def word(token: str) -> str:
    """Return the normal form of one lower-case token: "jlnnya" is "jalan", "rusaaak" is "rusak"."""
    return stem(spelled(token))


def phrase(text: str) -> str:
    """Return a lexicon's entry in normal form."""
    return " ".join(word(token) for token in text.lower().split())


def words(tokens: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return a list column of tokens in normal form."""
    lists = single(tokens)
    values, _rows = flat(lists)
    return pa.ListArray.from_arrays(lists.offsets, map_unique(values, word))


def step(table: pa.Table, context: Context) -> pa.Table:
    """Add `words`, one for each token."""
    return put(table, "words", words(table["tokens"]))
