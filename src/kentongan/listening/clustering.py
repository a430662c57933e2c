"""Streaming clusters: one pass, each post costs about the same however long the stream runs.

A cluster is a tf-idf centroid that drifts with its posts. A post goes to the most similar centroid found through an
inverted index, or opens a cluster of its own; small clusters that grew alike are merged now and then, and so are the
clusters of one matter that use different words for it (`kinship`); what nobody adds to is forgotten. One ordered
writer; the state is plain arrays (`dump`, `load`).
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import nlargest
from io import BytesIO
from zlib import crc32

import numpy as np

from kentongan.listening import kinship
from kentongan.listening.stopwords import STOPWORDS

Vector = dict[int, float]


@dataclass(frozen=True, slots=True)
class Settings:
    """Defaults for every stream; `gap` is in seconds, counts are posts or clusters.

    A review (`kinship`) compares the `reviewed` latest clusters; the next one waits for `patience` posts for each of
    them, so that reviews cost a post the same whatever there is to compare.
    """

    similar: float = 0.25
    alike: float = 0.2
    breadth: float = 0.75
    gap: float = 4 * 86400.0
    terms: int = 48
    bits: int = 20
    step: int = 256
    merge_every: int = 1024
    small: int = 1000
    newcomer: float = 0.4
    common: float = 0.3
    witness: float = 0.04
    most: int = 20_000
    long_posting: int = 300
    openers: int = 6
    compared: int = 12
    df_window: int = 200_000
    review_every: int = 2048
    reviewed: int = 3000
    patience: float = 3.0
    kin: kinship.Settings = field(default_factory=kinship.Settings)


@dataclass(slots=True)
class Cluster:
    """A centroid (`terms`, with its squared norm), how many posts it took, the time they span, when it was touched."""

    key: int
    terms: Vector = field(default_factory=dict)
    square: float = 0.0
    posts: int = 0
    first: float = math.inf
    last: float = -math.inf
    touched: int = 0


class Clusterer:
    """Assigns posts to clusters. `merged` maps a cluster that went into another; the caller takes and clears it."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.clusters: dict[int, Cluster] = {}
        self.merged: dict[int, int] = {}
        self.seen = 0
        self._next = 1
        self._since_merge = 0
        self._next_review = self.settings.review_every
        self._documents = 0.0
        self._frequency = np.zeros(2**self.settings.bits, np.float32)
        self._postings: dict[int, set[int]] = {}
        self._ids: dict[str, int] = {}
        self._near: dict[int, int] = {}
        self._rarities: dict[int, float] = {}
        self._masses: dict[int, float] = {}

    def add(self, words: Sequence[Sequence[str]], times: Sequence[float], near: Sequence[int | None]) -> list[int]:
        """Return the cluster of each post: normalised words, epoch seconds, near-duplicate key (or None)."""
        keys: list[int] = []
        for start in range(0, len(words), self.settings.step):
            end = start + self.settings.step
            vectors = self._vectors(words[start:end])
            for vector, time, copy in zip(vectors, times[start:end], near[start:end], strict=True):
                keys.append(self._place(vector, time, copy))
            self._since_merge += len(vectors)
            if self._since_merge >= self.settings.merge_every:
                self._since_merge = 0
                self._merge()
                self._forget()
            if self.seen >= self._next_review:
                self._review()
        return [self.resolve(key) for key in keys]

    def resolve(self, key: int) -> int:
        """Return the cluster into which `key` went, or `key`."""
        while key in self.merged:
            key = self.merged[key]
        return key

    def _term(self, word: str) -> int:
        found = self._ids.get(word)
        if found is None:
            if len(self._ids) > 500_000:
                self._ids.clear()
            plain = len(word) < 2 or word.isdigit() or word in STOPWORDS
            found = -1 if plain else crc32(word.encode("utf-8", "surrogatepass")) & (2**self.settings.bits - 1)
            self._ids[word] = found
        return found

    def _vectors(self, words: Sequence[Sequence[str]]) -> list[list[tuple[int, float]]]:
        """Return unit vectors, heaviest term first, weighted by how rare each term has been so far.

        A word never seen before weighs less: it can match nothing, and would only push its post away from all others.
        """
        term = self._term
        counted = [Counter(found for word in text if (found := term(word)) >= 0) for text in words]
        self._count(counted)
        flat = np.fromiter((key for counts in counted for key in counts), np.int64)
        frequency = self._frequency[flat]
        known = np.where(frequency < 1.5, self.settings.newcomer, 1.0)
        spread = np.maximum(np.log(self.settings.common * (self._documents + 20.0) / frequency), 0.02)
        rarity = iter((np.sqrt(spread) * known).tolist())
        vectors = []
        for counts in counted:
            weighted = [(key, (1.0 + math.log(times)) * next(rarity)) for key, times in counts.items()]
            norm = math.sqrt(sum(weight * weight for _key, weight in weighted)) or 1.0
            weighted.sort(key=lambda pair: -pair[1])
            vectors.append([(key, weight / norm) for key, weight in weighted])
        return vectors

    def _count(self, counted: list[Counter[int]]) -> None:
        if self._documents > self.settings.df_window:
            self._frequency *= 0.5
            self._documents *= 0.5
        np.add.at(self._frequency, np.fromiter((key for counts in counted for key in counts), np.int64), 1.0)
        self._documents += len(counted)

    def _similar(self, vector: Sequence[tuple[int, float]], skip: int = -1) -> list[tuple[int, float]]:
        """Return the likeliest clusters and their dot products with `vector`, whose heaviest terms come first.

        The heaviest terms that not everybody uses name the candidates; only the best few are compared in full. So a
        post costs the same whether there are a hundred clusters or ten thousand.
        """
        partial: dict[int, float] = {}
        clusters, postings, longest = self.clusters, self._postings, self.settings.long_posting
        openers = 0
        for term, weight in vector:
            posting = postings.get(term)
            if not posting or (len(posting) > longest and partial):
                continue
            for key in posting:
                partial[key] = partial.get(key, 0.0) + weight * clusters[key].terms[term]
            openers += 1
            if openers == self.settings.openers:
                break
        partial.pop(skip, None)
        if len(partial) > self.settings.compared:
            likely = nlargest(
                self.settings.compared, partial, key=lambda key: partial[key] / math.sqrt(clusters[key].square)
            )
        else:
            likely = list(partial)
        found = []
        for key in likely:
            terms = clusters[key].terms
            found.append((key, sum(weight * terms[term] for term, weight in vector if term in terms)))
        return found

    def _place(self, vector: list[tuple[int, float]], time: float, copy: int | None) -> int:
        self.seen += 1
        known = self.resolve(self._near.get(copy, -1)) if copy is not None else -1
        best, highest = -1, self.settings.similar
        if known in self.clusters:
            best = known
        else:
            gap = self.settings.gap
            for key, product in self._similar(vector):
                cluster = self.clusters[key]
                score = product / math.sqrt(cluster.square)
                if (
                    score > highest
                    and cluster.first - gap <= time <= cluster.last + gap
                    and self._agree(vector, cluster, math.sqrt(cluster.square))
                ):
                    best, highest = key, score
        cluster = self.clusters[best] if best >= 0 else self._open()
        self._absorb(cluster, vector, 1.0)
        cluster.posts += 1
        cluster.first, cluster.last, cluster.touched = min(cluster.first, time), max(cluster.last, time), self.seen
        if copy is not None:
            self._near[copy] = cluster.key
        return cluster.key

    def _agree(self, vector: Sequence[tuple[int, float]], cluster: Cluster, norm: float) -> bool:
        """Whether more than one word speaks for it: on an ordinary day one shared word is no shared happening."""
        least = self.settings.witness * norm
        terms = cluster.terms
        witnesses = 0
        for term, weight in vector:
            if weight * terms.get(term, 0.0) >= least:
                witnesses += 1
                if witnesses == 2:
                    return True
        return len(vector) == 1 and witnesses == 1

    def _open(self) -> Cluster:
        cluster = self.clusters[self._next] = Cluster(self._next)
        self._next += 1
        return cluster

    def _absorb(self, cluster: Cluster, vector: Iterable[tuple[int, float]], share: float) -> None:
        terms, postings, square = cluster.terms, self._postings, cluster.square
        for term, weight in vector:
            before = terms.get(term, 0.0)
            after = before + weight * share
            square += after * after - before * before
            terms[term] = after
            if not before:
                postings.setdefault(term, set()).add(cluster.key)
        cluster.square = square
        if len(terms) > 2 * self.settings.terms:
            self._prune(cluster)

    def _prune(self, cluster: Cluster) -> None:
        """Keep the heaviest terms and halve them: later posts weigh more, so the centroid drifts with the talk."""
        kept = dict(nlargest(self.settings.terms, cluster.terms.items(), key=lambda item: item[1]))
        for term in cluster.terms.keys() - kept.keys():
            self._unpost(term, cluster.key)
        cluster.terms = {term: weight * 0.5 for term, weight in kept.items()}
        cluster.square = sum(weight * weight for weight in cluster.terms.values())

    def _unpost(self, term: int, key: int) -> None:
        posting = self._postings[term]
        posting.discard(key)
        if not posting:
            del self._postings[term]

    def _merge(self) -> None:
        """Merge small clusters that were touched lately into the most similar one."""
        since = self.seen - self.settings.merge_every
        small = [c for c in self.clusters.values() if c.touched > since and c.posts <= self.settings.small]
        for cluster in sorted(small, key=lambda c: c.posts):
            if cluster.key in self.clusters:
                self._merge_one(cluster)
        self._rarities, self._masses = {}, {}

    def _merge_one(self, cluster: Cluster) -> None:
        heaviest = nlargest(16, cluster.terms.items(), key=lambda item: item[1])
        best, highest = None, self.settings.alike
        for key, product in self._similar(heaviest, skip=cluster.key):
            other = self.clusters[key]
            apart = max(other.first - cluster.last, cluster.first - other.last)
            cosine = product / math.sqrt(other.square * cluster.square)
            score = self.settings.breadth * self._overlap(cluster, other) + (1 - self.settings.breadth) * cosine
            if (
                score > highest
                and other.posts >= cluster.posts
                and apart <= self.settings.gap
                and self._agree(heaviest, other, math.sqrt(other.square * cluster.square))
            ):
                best, highest = other, score
        if best is not None:
            self._join(cluster, best)

    def _join(self, gone: Cluster, kept: Cluster) -> None:
        self._absorb(kept, list(gone.terms.items()), 1.0)
        self._masses.pop(kept.key, None)
        kept.posts += gone.posts
        kept.first, kept.last = min(kept.first, gone.first), max(kept.last, gone.last)
        kept.touched = max(kept.touched, gone.touched)
        self.merged[gone.key] = kept.key
        self._drop(gone)

    def _review(self) -> None:
        """Bring together the clusters of one matter. The more there are to compare, the longer until the next time."""
        alive = [cluster for cluster in self.clusters.values() if cluster.posts > 1]
        latest = nlargest(self.settings.reviewed, alive, key=lambda cluster: cluster.touched)
        spans = np.array([[cluster.first, cluster.last] for cluster in latest], np.float64).reshape(-1, 2)
        numbers = kinship.groups([cluster.terms for cluster in latest], spans, self.settings.gap, self.settings.kin)
        found: dict[int, list[Cluster]] = {}
        for number, cluster in zip(numbers.tolist(), latest, strict=True):
            found.setdefault(number, []).append(cluster)
        for group in found.values():
            kept, *others = sorted(group, key=lambda cluster: (-cluster.posts, cluster.key))
            for other in others:
                self._join(other, kept)
        self._next_review = self.seen + max(self.settings.review_every, int(self.settings.patience * len(latest)))

    def _overlap(self, one: Cluster, other: Cluster) -> float:
        """Return how far two clusters talk in the same words (0 to 1): Bhattacharyya's measure, rare words first.

        Roots of weights, unlike weights, let many shared words speak louder than one heavy one: two sides of one
        happening share many, two happenings in one town share its name.
        """
        less, more = (one.terms, other.terms) if len(one.terms) < len(other.terms) else (other.terms, one.terms)
        rarity, root = self._rarity, math.sqrt
        shared = sum(root(weight * more[term]) * rarity(term) for term, weight in less.items() if term in more)
        return shared / root(self._mass(one) * self._mass(other)) if shared else 0.0

    def _mass(self, cluster: Cluster) -> float:
        found = self._masses.get(cluster.key)
        if found is None:
            rarity = self._rarity
            found = sum(weight * rarity(term) for term, weight in cluster.terms.items())
            self._masses[cluster.key] = found
        return found

    def _rarity(self, term: int) -> float:
        """Return how rare a term is, remembered for one round of merging."""
        found = self._rarities.get(term)
        if found is None:
            frequency = float(self._frequency[term]) or 1.0
            found = max(math.log(self.settings.common * (self._documents + 20.0) / frequency), 0.02)
            self._rarities[term] = found
        return found

    def _drop(self, cluster: Cluster) -> None:
        for term in cluster.terms:
            self._unpost(term, cluster.key)
        del self.clusters[cluster.key]

    def _forget(self) -> None:
        """Forget what was not touched for longest, once there are too many; the small ones first."""
        surplus = len(self.clusters) - self.settings.most
        if surplus > 0:
            oldest = sorted(self.clusters.values(), key=lambda c: c.touched + 50 * min(c.posts, 200))
            for cluster in oldest[: surplus + self.settings.most // 10]:
                self._drop(cluster)
        if len(self._near) > 4 * self.settings.most:
            alive = {copy: self.resolve(key) for copy, key in self._near.items()}
            alive = {copy: key for copy, key in alive.items() if key in self.clusters}
            self._near = dict(list(alive.items())[-2 * self.settings.most :])

    def take_merged(self) -> dict[int, int]:
        """Return every merge since the last call, each to its final cluster, and clear the record."""
        final = {key: self.resolve(key) for key in self.merged}
        self._near = {copy: final.get(key, key) for copy, key in self._near.items()}
        self.merged = {}
        return final

    def remove(self, keys: Iterable[int]) -> None:
        """Forget clusters whose posts were taken back."""
        for key in keys:
            if key in self.clusters:
                self._drop(self.clusters[key])

    def dump(self) -> bytes:
        """Return the whole state; `merged` must have been taken."""
        clusters = list(self.clusters.values())
        used = np.flatnonzero(self._frequency)
        target = BytesIO()
        np.savez_compressed(
            target,
            numbers=np.array(
                [self._next, self.seen, self._since_merge, self._documents, self._next_review], np.float64
            ),
            used=used.astype(np.int32),
            frequency=self._frequency[used],
            keys=np.array([c.key for c in clusters], np.int64),
            counts=np.array([[c.posts, c.touched, len(c.terms)] for c in clusters], np.int64).reshape(-1, 3),
            spans=np.array([[c.first, c.last] for c in clusters], np.float64).reshape(-1, 2),
            terms=np.array([term for c in clusters for term in c.terms], np.int32),
            weights=np.array([weight for c in clusters for weight in c.terms.values()], np.float64),
            near=np.array(list(self._near.items()), np.int64).reshape(-1, 2),
        )
        return target.getvalue()

    @classmethod
    def load(cls, state: bytes, settings: Settings | None = None) -> "Clusterer":
        """Return the clusterer whose `dump` this is."""
        clusterer = cls(settings)
        with np.load(BytesIO(state)) as arrays:
            following, seen, since, documents, *review = arrays["numbers"].tolist()
            clusterer._next, clusterer.seen, clusterer._since_merge = int(following), int(seen), int(since)
            clusterer._documents = documents
            # A state from before there were reviews says nothing about the next one.
            clusterer._next_review = int(review[0]) if review else int(seen) + clusterer.settings.review_every
            clusterer._frequency[arrays["used"]] = arrays["frequency"]
            clusterer._near = dict(arrays["near"].tolist())
            terms, weights = arrays["terms"].tolist(), arrays["weights"].tolist()
            at = 0
            rows = zip(arrays["keys"].tolist(), arrays["counts"].tolist(), arrays["spans"].tolist(), strict=True)
            for key, (posts, touched, size), (first, last) in rows:
                vector = dict(zip(terms[at : at + size], weights[at : at + size], strict=True))
                square = sum(weight * weight for weight in vector.values())
                clusterer.clusters[key] = Cluster(key, vector, square, posts, first, last, touched)
                for term in vector:
                    clusterer._postings.setdefault(term, set()).add(key)
                at += size
        return clusterer
