"""Formal: an informal Indonesian text written out as an office would write it. Phrases first, then word by word.

The tables are learnt from pairs of informal and formal sentences by `kentongan.listening.training.formal`.
"""

import gzip
import re
from functools import lru_cache
from importlib.resources import files

from kentongan.listening.pipeline.normalise import DRAWN_OUT, TWICE

TOKEN = re.compile(r"[^\W_]+(?:[-'][^\W_]+)*|[^\w\s]|_", re.UNICODE)
LONGEST_PHRASE = 3
ENDS = ".?!"


@lru_cache(maxsize=1)
def table() -> dict[str, str]:
    """Return informal words and phrases (one to three words) and what is written for them; may be nothing."""
    data = files("kentongan.listening.pipeline").joinpath("data", "formal.tsv.gz").read_bytes()
    lines = gzip.decompress(data).decode().split("\n")
    return {informal: formal for informal, _tab, formal in (line.partition("\t") for line in lines) if informal}


def word(token: str) -> str:
    """Return one lower-case token as an office would write it: "yg" is "yang", "cepettt" is "cepat"."""
    known = table()
    if token in known:
        return known[token]
    short = DRAWN_OUT.sub(r"\1", token)
    if short != token:
        return known.get(short, short)
    return TWICE.sub(r"\1 - \1", token)


def rewrite(tokens: list[str]) -> list[str]:
    """Return a sentence of lower-case tokens in formal writing, with an end."""
    known, written, at = table(), [], 0
    while at < len(tokens):
        for length in range(min(LONGEST_PHRASE, len(tokens) - at), 1, -1):
            phrase = known.get(" ".join(tokens[at : at + length]))
            if phrase is not None:
                written += phrase.split()
                at += length
                break
        else:
            written += word(tokens[at]).split()
            at += 1
    return [*written, "."] if written and written[-1] not in ENDS else written


def formal(text: str) -> str:
    """Return a text in formal writing: lower case, tokens apart, as the sets of this task are written.

    A text that has its tokens apart already (every sign between spaces) keeps them as they are.
    """
    lowered = text.lower().strip()
    return " ".join(rewrite(lowered.split() if _apart(lowered) else TOKEN.findall(lowered)))


def _apart(text: str) -> bool:
    return not re.search(r"[^\W_][.,?!;:\"()]|[.,?!;:\"(][^\W_]", text)
