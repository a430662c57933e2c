"""NMI, ARI, B-cubed F1 and speed on streams with known clusters: `python benchmarks/stream_clustering.py FILE...`.

FILE is JSON lines with `textCleaned` and `clusterNo`, in stream order.
"""

import json
import sys
import time
from collections import Counter
from pathlib import Path

import pyarrow as pa
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from kentongan.listening.clustering import Clusterer
from kentongan.listening.pipeline import words


def b_cubed(truth: list[int], guess: list[int]) -> float:
    """Return the B-cubed F1."""
    both, true, found = Counter(zip(truth, guess, strict=True)), Counter(truth), Counter(guess)
    total = len(truth)
    precision = sum(n * n / found[g] for (_t, g), n in both.items()) / total
    recall = sum(n * n / true[t] for (t, _g), n in both.items()) / total
    return 2 * precision * recall / (precision + recall)


def measure(path: Path) -> None:
    """Print one line of figures; posts come one second apart."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]
    truth = [row["clusterNo"] for row in rows]
    start = time.perf_counter()
    tokens = words(pa.array([row["textCleaned"] for row in rows]))
    ready = time.perf_counter()
    clusterer = Clusterer()
    guess = [
        clusterer.resolve(key)
        for key in clusterer.add(tokens, [float(i) for i in range(len(rows))], [None] * len(rows))
    ]
    end = time.perf_counter()
    print(
        f"{path.name}: {len(rows)} posts, {len(set(truth))} true, {len(set(guess))} found,"
        f" NMI {normalized_mutual_info_score(truth, guess):.3f}, ARI {adjusted_rand_score(truth, guess):.3f},"
        f" B3 {b_cubed(truth, guess):.3f}, {len(rows) / (end - ready):,.0f}/s clustering,"
        f" {len(rows) / (end - start):,.0f}/s with words"
    )


if __name__ == "__main__":
    for name in sys.argv[1:]:
        measure(Path(name))
