"""NMI, ARI, B-cubed F1 and speed on streams with known clusters: `python benchmarks/stream_clustering.py FILE...`.

FILE is JSON lines with `textCleaned` and `clusterNo`, in stream order. With `--beside`, others read the first posts of
each stream too (`beside`): their figures, and how many times as fast ours is on the same posts.
"""

import json
import sys
import time
from pathlib import Path

import pyarrow as pa
from beside import others, timed
from figures import summary

from kentongan.listening.clustering import Clusterer
from kentongan.listening.pipeline import words

# River's TextClust takes minutes for more.
FIRST = 3000


def clustered(texts: list[str]) -> tuple[list[int], float, float]:
    """Return clusters, seconds for the words and seconds for the clusters; the posts tell no time."""
    start = time.process_time()
    tokens = words(pa.array(texts))
    ready = time.process_time()
    clusterer = Clusterer()
    placed = clusterer.place(tokens, [0.0] * len(texts), [None] * len(texts))
    clusterer.review()
    guess = clusterer.clusters_of(placed)
    return guess, ready - start, time.process_time() - ready


def measure(path: Path, *, beside: bool) -> None:
    """Print a line of figures, and one for each of the others."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]
    texts, truth = [row["textCleaned"] for row in rows], [row["clusterNo"] for row in rows]
    guess, reading, clustering = clustered(texts)
    print(
        f"{path.name}: {len(rows)} posts, {len(set(truth))} true, {len(set(guess))} found,"
        f" {summary(truth, guess)}, {len(rows) / clustering:,.0f}/s of one core clustering,"
        f" {len(rows) / (reading + clustering):,.0f}/s with words"
    )
    if beside:
        _beside(texts[:FIRST], truth[:FIRST])


def _beside(texts: list[str], truth: list[int]) -> None:
    guess, reading, clustering = clustered(texts)
    ours = len(texts) / (reading + clustering)
    print(f"  first {len(texts)}: ours {summary(truth, guess)}, {ours:,.0f}/s with words")
    for name, run in others().items():
        labels, speed = timed(run, texts, len(set(truth)))
        print(f"  {name}: {summary(truth, labels)}, {speed:,.0f}/s; ours is {ours / speed:,.1f} times as fast")


def warm_up() -> None:
    """Load what takes a second once in a process, whatever the stream."""
    clusterer = Clusterer()
    clusterer.place(words(pa.array(["banjir di tambun", "tambun banjir lagi"] * 2)), [0.0] * 4, [None] * 4)
    clusterer.review()


if __name__ == "__main__":
    warm_up()
    for name in sys.argv[1:]:
        if not name.startswith("--"):
            measure(Path(name), beside="--beside" in sys.argv)
