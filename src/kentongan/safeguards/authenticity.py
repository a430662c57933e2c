"""How alike texts are: the measure behind "own words, not copies".

Texts are compared by their word shingles after everything that costs nothing to change (case, accents, punctuation,
emoji, links, mentions, hashtags' sign) is taken away. The score is the larger of Jaccard similarity, which catches
equal texts, and a discounted containment, which catches a text with a greeting put before it.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b, sha256
from itertools import combinations

import numpy as np

SHINGLE = 3
BANDS, ROWS = 20, 2
# Fixed for ever, since keys are stored: odd numbers out of a digest.
_ODD = np.array([int(sha256(f"row {n}".encode()).hexdigest()[:16], 16) | 1 for n in range(BANDS * ROWS)], np.uint64)
CONTAINMENT_WEIGHT = 0.9
ALIKE = 0.6

_NOISE = re.compile(r"https?://\S+|www\.\S+|[@＠]\w[\w.]*(?:@[\w.-]+)?", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two texts of a collection, by position, and how alike they are (0 to 1)."""

    first: int
    second: int
    score: float


def words(text: str) -> list[str]:
    """Return the words that count: folded, without accents, links and mentions."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(character for character in folded if not unicodedata.combining(character))
    return _WORD.findall(_NOISE.sub(" ", bare))


def shingles(text: str, size: int = SHINGLE) -> frozenset[tuple[str, ...]]:
    """Return the runs of `size` words; a shorter text is one run, an empty one has none."""
    tokens = words(text)
    if len(tokens) < size:
        return frozenset({tuple(tokens)} if tokens else ())
    return frozenset(tuple(tokens[start : start + size]) for start in range(len(tokens) - size + 1))


def bands(text: str, space: str = "") -> list[int]:
    """Return the 64-bit keys by which an index finds texts that may be alike: those share at least one of them.

    MinHash of the shingles, in BANDS bands of ROWS rows: of texts with a Jaccard similarity of 0.6 all but one in ten
    thousand share a key, at 0.4 97 %, at 0.2 56 %. Keys of different `space` are never equal. An empty text has none.
    """
    found = shingles(text)
    if not found:
        return []
    digests = b"".join(blake2b("\x1f".join(one).encode(), digest_size=8).digest() for one in found)
    hashes = np.frombuffer(digests, np.uint64)
    # Multiply and shift by odd numbers is a family of hashes; the smallest of each is one row.
    rows = (hashes[:, None] * _ODD[None, :]).min(axis=0).reshape(BANDS, ROWS)
    return [_key(space, number, row.tobytes()) for number, row in enumerate(rows)]


def _key(space: str, band: int, row: bytes) -> int:
    digest = blake2b(f"{space}/{band}/".encode() + row, digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def similarity(first: str, second: str) -> float:
    """Return how alike two texts are: 1.0 the same words in the same order, 0.0 no run in common."""
    return _score(shingles(first), shingles(second))


def closest(text: str, others: Iterable[str]) -> float:
    """Return how alike `text` is to the most alike of `others`; 0.0 without others."""
    own = shingles(text)
    return max((_score(own, shingles(other)) for other in others), default=0.0)


def alike_pairs(texts: Sequence[str], limit: float = ALIKE) -> list[Likeness]:
    """Return the pairs at or over `limit`, the most alike first."""
    sets = [shingles(text) for text in texts]
    pairs = [
        Likeness(first, second, score)
        for first, second in combinations(range(len(texts)), 2)
        if (score := _score(sets[first], sets[second])) >= limit
    ]
    return sorted(pairs, key=lambda pair: (-pair.score, pair.first, pair.second))


def _score(first: frozenset[tuple[str, ...]], second: frozenset[tuple[str, ...]]) -> float:
    if not first or not second:
        return 0.0
    common = len(first & second)
    jaccard = common / len(first | second)
    contained = common / min(len(first), len(second))
    return max(jaccard, CONTAINMENT_WEIGHT * contained if min(len(first), len(second)) > 1 else jaccard)
