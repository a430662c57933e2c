"""The clusterer: posts to facets, facets to clusters."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np

from kentongan.listening.clustering import nearness, reviewing, sparse
from kentongan.listening.clustering.facets import Facets
from kentongan.listening.clustering.settings import Settings
from kentongan.listening.clustering.sparse import Floats, Ints
from kentongan.listening.clustering.words import Words

Near = Sequence[int | None]
# A post of a facet keeps it from being forgotten as long as so many later posts, up to so many times.
WORTH, WORTHIEST = 50, 200


@dataclass(slots=True)
class Cluster:
    """How many posts a cluster took."""

    posts: int = 0


class Clusterer:
    """Assigns posts to clusters. `merged` maps a cluster that went into another; the caller takes and clears it."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.clusters: dict[int, Cluster] = {}
        self.merged: dict[int, int] = {}
        self.seen = 0
        self._next = 1
        self._next_review = self.settings.review_every
        self._reviewed = (0, 0.0)
        self._now = 0.0
        self._words = Words(self.settings.window)
        self._facets = Facets()
        self._index = nearness.Index(self.settings)
        self._near: dict[int, int] = {}
        self._forgotten: dict[int, int] = {}

    def add(self, words: Sequence[Sequence[str]], times: Sequence[float], near: Near) -> list[int]:
        """Return the cluster of each post: normalised words, epoch seconds, near-duplicate key (or None)."""
        self._forgotten.clear()
        return self.clusters_of(self.place(words, times, near))

    def place(self, words: Sequence[Sequence[str]], times: Sequence[float], near: Near) -> Ints:
        """Return the facet of each post, for `clusters_of`: with every review a facet may change its cluster."""
        placed = [np.zeros(0, np.int64)]
        for start in range(0, len(words), self.settings.step):
            end = start + self.settings.step
            placed.append(self._step(words[start:end], np.array(times[start:end], np.float64), near[start:end]))
            if self._review_is_due():
                self.review()
        return np.concatenate(placed)

    def _review_is_due(self) -> bool:
        seen, moment = self._reviewed
        settings = self.settings
        hour = self.seen - seen >= settings.hourly and self._now - moment >= settings.hour
        return self.seen >= self._next_review or (hour and self.seen >= settings.review_every)

    def clusters_of(self, placed: Ints) -> list[int]:
        """Return the cluster in which each facet is by now."""
        ids, at = np.unique(placed, return_inverse=True)
        known = self._forgotten | dict(zip(self._facets.ids.tolist(), self._facets.cluster.tolist(), strict=True))
        keys = np.array([self.resolve(known[facet]) for facet in ids.tolist()], np.int64)
        return keys[at].tolist()  # type: ignore[no-any-return]

    def resolve(self, key: int) -> int:
        """Return the cluster into which `key` went, or `key`."""
        while key in self.merged:
            key = self.merged[key]
        return key

    def _step(self, words: Sequence[Sequence[str]], times: Floats, near: Near) -> Ints:
        counts = self._words.rows(words)
        self._words.count(counts)
        posts = nearness.weighted(counts, self._words)
        chosen = self._copies(near)
        unseen = np.flatnonzero(chosen < 0)
        chosen[unseen] = self._index.nearest(posts[unseen], times[unseen], self._facets, self._words)
        lonely = np.flatnonzero(chosen < 0)
        chosen[lonely] = self._open(nearness.lead(posts[lonely], times[lonely], self.settings))
        self._facets.take(chosen, counts, times, np.arange(self.seen, self.seen + len(times), dtype=np.float64))
        self.seen += len(times)
        self._now = max(self._now, float(times.max()))
        keys, more = np.unique(self._facets.cluster[chosen], return_counts=True)
        for key, posted in zip(keys.tolist(), more.tolist(), strict=True):
            self.clusters.setdefault(key, Cluster()).posts += posted
        facets = self._facets.ids[chosen]
        self._near |= {copy: facet for copy, facet in zip(near, facets.tolist(), strict=True) if copy is not None}
        return facets

    def _copies(self, near: Near) -> Ints:
        """Return the row of the facet that holds a near-duplicate of each post, or -1."""
        found = np.array([-1 if copy is None else self._near.get(copy, -1) for copy in near], np.int64)
        rows = np.searchsorted(self._facets.ids, found)
        alive = np.append(self._facets.ids, 0)[rows] == found
        return np.where(alive, rows, -1)

    def _open(self, leaders: Ints) -> Ints:
        """Open a facet for each different leader; return the row of each post's."""
        different, led = np.unique(leaders, return_inverse=True)
        before = len(self._facets)
        self._facets.open(np.arange(self._next, self._next + len(different)))
        self._next += len(different)
        return before + led

    def review(self) -> None:
        """Bring together the facets of one matter. The more there are to compare, the longer until the next time."""
        self._forget()
        facets = self._facets
        facets.prune(facets.counts.data * self._words.rarity(facets.counts.indices), self.settings.terms)
        self._index.forget()
        several, single = reviewing.latest(facets, self.settings.reviewed)
        numbers = reviewing.matters(facets, several, single, self._words, self.settings)
        self._name(np.concatenate([several, single]), numbers)
        self._reviewed = (self.seen, self._now)
        self._next_review = self.seen + max(self.settings.review_every, int(self.settings.patience * len(several)))

    def _name(self, rows: Ints, numbers: Ints) -> None:
        """Let each matter go on as the largest of the clusters that are mostly it, or under a new key."""
        facets = self._facets
        before = facets.sizes()
        names: dict[int, int] = {}
        for number, keys in reviewing.claims(facets.cluster[rows], numbers, facets.posts[rows]).items():
            kept, *others = sorted(keys, key=lambda key: (-self.clusters[key].posts, key)) or [self._next]
            self._next += not keys
            names[number] = kept
            self.merged |= dict.fromkeys(others, kept)
        facets.cluster[rows] = [names[number] for number in numbers.tolist()]
        facets.cluster = np.array([self.resolve(key) for key in facets.cluster.tolist()], np.int64)
        counted = {key: cluster.posts - before.get(key, 0) for key, cluster in self.clusters.items()}
        self.clusters = {key: Cluster(posts) for key, posts in facets.sizes().items()}
        for key, forgotten in counted.items():
            self.clusters.setdefault(self.resolve(key), Cluster()).posts += forgotten

    def _forget(self) -> None:
        """Forget the facets that were not touched for longest, once there are too many; the small ones first."""
        facets = self._facets
        surplus = len(facets) - self.settings.most
        if surplus > 0:
            worth = facets.order[:, 1] + WORTH * np.minimum(facets.posts, WORTHIEST)
            self._keep(np.sort(np.argsort(worth, kind="stable")[surplus + self.settings.most // 10 :]))
        if len(self._near) > 4 * self.settings.most:
            alive = set(facets.ids.tolist())
            known = [(copy, facet) for copy, facet in self._near.items() if facet in alive]
            self._near = dict(known[-2 * self.settings.most :])

    def _keep(self, rows: Ints) -> None:
        facets = self._facets
        gone = np.setdiff1d(np.arange(len(facets)), rows)
        self._forgotten |= dict(zip(facets.ids[gone].tolist(), facets.cluster[gone].tolist(), strict=True))
        facets.keep(rows)
        self._index.forget()
        alive = set(facets.cluster.tolist())
        self.clusters = {key: cluster for key, cluster in self.clusters.items() if key in alive}

    def take_merged(self) -> dict[int, int]:
        """Return every merge since the last call, each to its final cluster, and clear the record."""
        final = {key: self.resolve(key) for key in self.merged}
        self.merged = {}
        return final

    def remove(self, keys: Iterable[int]) -> None:
        """Forget clusters whose posts were taken back."""
        self._keep(np.flatnonzero(~np.isin(self._facets.cluster, np.array(list(keys), np.int64))))

    def dump(self) -> bytes:
        """Return the whole state; `merged` must have been taken."""
        # Whoever goes on from here makes the index anew: so must we, or both would see a little differently.
        self._index.forget()
        facets, frequency = self._facets, self._words.frequency
        used = np.flatnonzero(frequency)
        target = BytesIO()
        np.savez_compressed(
            target,
            numbers=np.array([self._next, self.seen, self._next_review, self._words.documents], np.float64),
            reviewed=np.array([*self._reviewed, self._now], np.float64),
            used=used.astype(np.int32),
            frequency=frequency[used],
            facets=np.stack([facets.ids, facets.cluster, facets.posts]),
            times=facets.times,
            order=facets.order,
            starts=facets.counts.indptr,
            columns=facets.counts.indices,
            counts=facets.counts.data,
            near=np.array(list(self._near.items()), np.int64).reshape(-1, 2),
            clusters=np.array([(key, c.posts) for key, c in self.clusters.items()], np.int64).reshape(-1, 2),
        )
        return target.getvalue()

    @classmethod
    def load(cls, state: bytes, settings: Settings | None = None) -> "Clusterer":
        """Return the clusterer whose `dump` this is. One from before there were facets starts anew, with new keys."""
        clusterer = cls(settings)
        words, facets = clusterer._words, clusterer._facets
        with np.load(BytesIO(state)) as arrays:
            numbers = arrays["numbers"].tolist()
            clusterer._next = int(numbers[0])
            if "reviewed" not in arrays:
                return clusterer
            clusterer.seen, clusterer._next_review, words.documents = int(numbers[1]), int(numbers[2]), numbers[3]
            seen, moment, clusterer._now = arrays["reviewed"].tolist()
            clusterer._reviewed = (int(seen), moment)
            words.frequency[arrays["used"]] = arrays["frequency"]
            facets.ids, facets.cluster, facets.posts = arrays["facets"]
            facets.times, facets.order = arrays["times"], arrays["order"]
            counts, columns, starts = arrays["counts"], arrays["columns"], arrays["starts"]
            facets.counts = sparse.matrix(counts, columns, starts, facets.counts.shape[1])
            clusterer._near = dict(arrays["near"].tolist())
            clusterer.clusters = {key: Cluster(posts) for key, posts in arrays["clusters"].tolist()}
        return clusterer
