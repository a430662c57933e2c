"""Whether a post costs the same however long the stream runs: `python benchmarks/stream_flatness.py [POSTS]`.

Posts are made up: matters come, are talked about for a while, and go; each has words of its own beside those that
everybody uses. Printed for every part: posts so far, posts a second of one core, memory of the process, clusters.
"""

import sys
import time
from collections.abc import Iterator

import numpy as np
import psutil

from kentongan.listening.clustering import Clusterer

PART = 50_000
SECONDS_APART = 0.1
MATTERS, OWN_WORDS, VOCABULARY = 400, 12, 300_000
# So many posts long is a matter talked about, on average; small talk is this share of all posts.
LIFE, TALK = 40_000, 0.3
# How often words come: as 1 / (rank + 50) ** 1.1, as in a language without its words of grammar.
COMMONEST, STEEPNESS = 50, 1.1
BLOCK = 1000


def stream(parts: int) -> Iterator[list[list[str]]]:
    """Yield parts of made-up posts."""
    chance = np.random.default_rng(7)
    ranks = np.cumsum(1.0 / (np.arange(VOCABULARY) + COMMONEST) ** STEEPNESS)
    own = chance.integers(0, VOCABULARY, (MATTERS, OWN_WORDS))
    for _part in range(parts):
        posts: list[list[str]] = []
        while len(posts) < PART:
            gone = chance.random(MATTERS) < BLOCK / LIFE
            own[gone] = chance.integers(0, VOCABULARY, (int(gone.sum()), OWN_WORDS))
            posts += _posts(chance, own, ranks / ranks[-1])
        yield posts


def _posts(chance: np.random.Generator, own: np.ndarray, ranks: np.ndarray) -> list[list[str]]:
    matter = np.minimum(chance.zipf(1.3, BLOCK) - 1, MATTERS - 1)
    told = own[matter[:, None], chance.integers(0, OWN_WORDS, (BLOCK, 4))]
    talk = chance.random(BLOCK) < TALK
    told[talk] = np.searchsorted(ranks, chance.random((int(talk.sum()), 4)))
    common = np.searchsorted(ranks, chance.random((BLOCK, 5)))
    return [[f"kata{word}x" for word in row] for row in np.concatenate([told, common], axis=1).tolist()]


def measure(posts: int) -> None:
    """Print one line for each part of the stream."""
    clusterer, process = Clusterer(), psutil.Process()
    for number, words in enumerate(stream(posts // PART)):
        times = [SECONDS_APART * (number * PART + at) for at in range(PART)]
        start = time.process_time()
        clusterer.add(words, times, [None] * PART)
        clusterer.take_merged()
        took = time.process_time() - start
        memory = process.memory_info().rss / 2**20
        print(
            f"{(number + 1) * PART:>10,} posts, {PART / took:>7,.0f}/s, {memory:,.0f} MB,"
            f" {len(clusterer.clusters):,} clusters, state {len(clusterer.dump()) / 2**20:.1f} MB",
            flush=True,
        )


if __name__ == "__main__":
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
