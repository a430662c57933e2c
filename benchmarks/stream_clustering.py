"""NMI, ARI, B-cubed F1 and speed on streams with known clusters: `python benchmarks/stream_clustering.py FILE...`.

FILE is JSON lines with `textCleaned` and `clusterNo`, in stream order.
"""

import json
import sys
import time
from pathlib import Path

import pyarrow as pa
from figures import summary

from kentongan.listening.clustering import Clusterer
from kentongan.listening.pipeline import words


def measure(path: Path) -> None:
    """Print one line of figures; posts come one second apart."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]
    truth = [row["clusterNo"] for row in rows]
    start = time.process_time()
    tokens = words(pa.array([row["textCleaned"] for row in rows]))
    ready = time.process_time()
    clusterer = Clusterer()
    placed = clusterer.place(tokens, [float(i) for i in range(len(rows))], [None] * len(rows))
    clusterer.review()
    guess = clusterer.clusters_of(placed)
    end = time.process_time()
    print(
        f"{path.name}: {len(rows)} posts, {len(set(truth))} true, {len(set(guess))} found,"
        f" {summary(truth, guess)}, {len(rows) / (end - ready):,.0f}/s of one core clustering,"
        f" {len(rows) / (end - start):,.0f}/s with words"
    )


def warm_up() -> None:
    """Load what takes a second once in a process, whatever the stream."""
    clusterer = Clusterer()
    clusterer.place(words(pa.array(["banjir di tambun", "tambun banjir lagi"] * 2)), [0.0] * 4, [None] * 4)
    clusterer.review()


if __name__ == "__main__":
    warm_up()
    for name in sys.argv[1:]:
        measure(Path(name))
