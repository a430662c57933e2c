"""Posts a second through every step of the pipeline: `python benchmarks/pipeline.py DATA [PROCESSES]`.

DATA is the folder of the sets that may be shipped. The posts are its real ones, each met for the first time (nothing is
known of any word) and once more, as in a stream that goes on. The baseline judges language and tone alone, as it is
usually done: scikit-learn's tf-idf of characters and of words, logistic regression, fitted on the same kind of sets.
Seconds are of processor, whatever else the machine does.
"""

import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kentongan.config.settings")

import django

django.setup()

from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.pipeline import Pipeline, make_pipeline, make_union  # noqa: E402

from kentongan.listening import pipeline, storage  # noqa: E402
from kentongan.listening.lab.judging import NOWHERE, table_of  # noqa: E402
from kentongan.listening.pipeline.context import Context  # noqa: E402
from kentongan.listening.training import sets  # noqa: E402

BATCH = 4096
AREA = "32.16"
"""Whose villages and districts are looked for: a regency's."""


@cache
def regency() -> Context:
    """Return what the steps know of the organisation's area."""
    return Context(storage.gazetteer_of(AREA), NOWHERE.hash_mention)


def judge(texts: list[str]) -> float:
    """Return the seconds of processor that the whole pipeline takes for these texts."""
    start = time.process_time()
    for at in range(0, len(texts), BATCH):
        pipeline.run(table_of(texts[at : at + BATCH]), regency())
    return time.process_time() - start


def twice(texts: list[str]) -> tuple[float, float]:
    """Return the seconds of processor for texts that are new to this process, and for the same once more."""
    pipeline.run(table_of(["halo dunia"]), regency())
    return judge(texts), judge(texts)


def baseline(data: Path, texts: list[str]) -> float:
    """Return the seconds of processor of two usual classifiers for these texts."""
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), max_features=100_000, sublinear_tf=True)
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    sample = sets.nusax(data, "train").some(3000)
    models: list[tuple[Pipeline, list[str]]] = [
        (make_pipeline(characters, LogisticRegression(max_iter=50)), sample.languages),
        (make_pipeline(make_union(words, characters), LogisticRegression(max_iter=50)), sample.labels),
    ]
    for model, labels in models:
        model.fit(sample.texts, labels)
    start = time.process_time()
    for model, _labels in models:
        model.predict(texts)
    return time.process_time() - start


def main(data: Path, processes: int) -> None:
    """Print posts a second in one process, in several, and of the baseline."""
    texts = sets.posts(data)
    shares = [texts[number::processes] for number in range(processes)]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        new, again = next(pool.map(twice, [texts]))
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        both = list(pool.map(twice, shares))
    usual = baseline(data, texts)
    print(f"{len(texts):,} posts, load {os.getloadavg()[0]:.1f}")
    print(f"one process: {len(texts) / new:,.0f}/s new, {len(texts) / again:,.0f}/s met again")
    slowest = [max(column) for column in zip(*both, strict=True)]
    print(f"{processes} processes: {len(texts) / slowest[0]:,.0f}/s new, {len(texts) / slowest[1]:,.0f}/s met again")
    ratios = f"ratio {usual / new:.1f} new, {usual / again:.1f} met again"
    print(f"scikit-learn, language and tone alone, one process: {len(texts) / usual:,.0f}/s; {ratios}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 2)
