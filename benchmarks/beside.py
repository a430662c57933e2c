"""What others make of the same stream: scikit-learn's MiniBatchKMeans and Birch, and river's TextClust if installed.

Each reads the stream in order, with its own defaults where it has any that fit; k-means is told the true number.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec

from sklearn.cluster import Birch, MiniBatchKMeans
from sklearn.feature_extraction.text import HashingVectorizer

STEP = 1024
# Both keep dense centres.
COLUMNS, FEW_COLUMNS = 4096, 512
Labels = list[int]


def _parts(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    return (texts[start : start + STEP] for start in range(0, len(texts), STEP))


def k_means(texts: Sequence[str], clusters: int) -> Labels:
    """Return the labels of MiniBatchKMeans over hashed words, learnt and told a step at a time."""
    hashing, model = HashingVectorizer(n_features=COLUMNS), MiniBatchKMeans(clusters, batch_size=STEP, random_state=0)
    labels: Labels = []
    for part in _parts(texts):
        rows = hashing.transform(part)
        labels += model.partial_fit(rows).predict(rows).tolist()
    return labels


def birch(texts: Sequence[str], _clusters: int) -> Labels:
    """Return the labels of Birch over hashed words, learnt and told a step at a time."""
    hashing, model = HashingVectorizer(n_features=FEW_COLUMNS), Birch(threshold=0.7, n_clusters=None)
    labels: Labels = []
    for part in _parts(texts):
        rows = hashing.transform(part)
        labels += model.partial_fit(rows).predict(rows).tolist()
    return labels


def textclust(texts: Sequence[str], _clusters: int) -> Labels:
    """Return the labels of river's TextClust, each post learnt and told before the next."""
    bag = import_module("river.feature_extraction").BagOfWords()
    model = import_module("river.cluster").TextClust()
    labels: Labels = []
    for second, text in enumerate(texts):
        counts = bag.transform_one(text)
        model.learn_one(counts, t=second)
        labels.append(model.predict_one(counts))
    return labels


def others() -> dict[str, Callable[[Sequence[str], int], Labels]]:
    """Return what can be run here."""
    found = {"scikit-learn MiniBatchKMeans": k_means, "scikit-learn Birch": birch}
    return found | ({"river TextClust": textclust} if find_spec("river") else {})


def timed(run: Callable[[Sequence[str], int], Labels], texts: Sequence[str], clusters: int) -> tuple[Labels, float]:
    """Return labels and posts a second of one core."""
    start = time.process_time()
    labels = run(texts, clusters)
    return labels, len(texts) / (time.process_time() - start)
