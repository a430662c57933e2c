"""How the simulated fortnight comes out: `python benchmarks/simulated_issues.py [SEED...]`.

For each true issue: how much of it lies in its largest cluster (whole), and how much of that cluster is it (pure). An
issue comes out as one when both are over one half. Ordinary talk belongs to no issue and counts for purity alone.
"""

import sys
import time
from collections import Counter
from datetime import UTC, datetime

import pyarrow as pa
from figures import summary

from kentongan.listening import pipeline
from kentongan.listening.clustering import Clusterer, Settings
from kentongan.listening.pipeline import gazetteer, normalise
from kentongan.listening.pipeline.context import Context
from kentongan.listening.posts import to_table
from kentongan.listening.simulator import DEFAULT_SEED, generate_with_truth
from kentongan.registry import areas

AREA = "32.16"
START = datetime(2026, 3, 2, tzinfo=UTC)
LEAST_POSTS = 3


def context() -> Context:
    """Return what the pipeline knows for an office of the simulated regency."""
    inside = areas.scope(AREA)
    known = {area.code for area in inside}
    outside = [area for area in areas.scope() if area.level == areas.REGENCY and area.code not in known]
    return Context(gazetteer.build(AREA, inside, outside, normalise.roots()), lambda handle: handle)


def measure(seed: int) -> None:
    """Print the figures of one fortnight."""
    rows = list(generate_with_truth(seed, START))
    table = pipeline.run(to_table([row.post for row in rows], "1", lambda _platform, handle: handle), context())
    times = [row.post.created_at.timestamp() for row in rows]
    start = time.process_time()
    words = pipeline.words(table["text"].combine_chunks().cast(pa.string()))
    clusterer = Clusterer()
    placed = clusterer.place(words, times, table["near_key"].to_pylist())
    clusterer.review()
    keys = clusterer.clusters_of(placed)
    took = time.process_time() - start
    report(seed, [row.issue for row in rows], keys, took)


def report(seed: int, truth: list[str | None], guess: list[int], took: float) -> None:
    """Print the figures, then one line for each issue, the worst first."""
    sizes, both = Counter(guess), Counter(zip(truth, guess, strict=True))
    told = [(true, found) for true, found in zip(truth, guess, strict=True) if true is not None]
    lines = []
    for issue, posts in Counter(true for true, _found in told).items():
        best = max(sizes, key=lambda key: both[issue, key])
        lines.append((both[issue, best] / posts, both[issue, best] / sizes[best], issue, posts))
    one = sum(whole > 0.5 and pure > 0.5 for whole, pure, _issue, _posts in lines)
    large = [key for key, size in sizes.items() if size >= LEAST_POSTS]
    talk = sum(both[None, key] * 2 > sizes[key] for key in large)
    print(
        f"seed {seed}: {len(truth)} posts, {summary(*zip(*told, strict=True))} (posts of issues), {one} of {len(lines)}"
        f" issues as one, {len(large)} clusters of {LEAST_POSTS} or more, {talk} of them talk,"
        f" {len(truth) / took:,.0f}/s of one core"
    )
    for whole, pure, issue, posts in sorted(lines):
        print(f"  {issue:24} {posts:4} posts, whole {whole:.2f}, pure {pure:.2f}")


if __name__ == "__main__":
    print(Settings())
    for argument in sys.argv[1:] or [DEFAULT_SEED]:
        measure(int(argument))
