"""The review: which facets are one matter now, and which cluster each matter goes on as."""

import numpy as np

from kentongan.listening.clustering import kinship, sparse, voices
from kentongan.listening.clustering.facets import Facets
from kentongan.listening.clustering.settings import Settings
from kentongan.listening.clustering.sparse import Ints
from kentongan.listening.clustering.words import Words


def latest(facets: Facets, most: int) -> tuple[Ints, Ints]:
    """Return the rows of the facets to compare: those of several posts, and those of one; the `most` latest each."""
    order = np.argsort(-facets.order[:, 1], kind="stable")
    several = facets.posts[order] > 1
    return np.sort(order[several][:most]), np.sort(order[~several][:most])


def matters(facets: Facets, several: Ints, single: Ints, words: Words, settings: Settings) -> Ints:
    """Return a number for the matter of each facet, `several` first, then `single`.

    One post alone never brings two matters together: it goes to the nearest, if it is near any.
    """
    rows = np.concatenate([several, single])
    counts = facets.counts[rows]
    used = np.unique(counts.indices)
    roots = sparse.unit(counts, np.sqrt(counts.data * words.rarity(counts.indices)))
    counts, roots = sparse.narrow(counts, used), sparse.narrow(roots, used)
    sides = kinship.Sides(roots, facets.order[rows], facets.times[rows])
    known = sides.part(0, len(several))
    numbers = kinship.groups(known, settings.kin)
    near = kinship.nearest(sides.part(len(several), len(rows)), known, numbers, settings.kin)
    alone = np.flatnonzero(near < 0)
    near[alone] = np.arange(len(alone)) + numbers.max(initial=-1) + 1
    numbers = np.concatenate([numbers, near])
    mass = min(settings.mass, settings.share * words.total)
    background, times = words.background(used), facets.times[rows]
    return voices.likeliest(counts, facets.posts[rows], times, numbers, background, mass, settings.gap)


def claims(clusters: Ints, numbers: Ints, posts: Ints) -> dict[int, list[int]]:
    """Return the clusters that go on as each matter, by where most of their posts are now.

    A matter that is most of no cluster has split off, and has none.
    """
    pairs, at = np.unique(np.stack([clusters, numbers]), axis=1, return_inverse=True)
    weight = np.bincount(at.ravel(), posts, minlength=pairs.shape[1])
    home: dict[int, int] = {}
    for cluster, number in pairs[:, np.argsort(-weight, kind="stable")].T.tolist():
        home.setdefault(cluster, number)
    found: dict[int, list[int]] = {number: [] for number in np.unique(numbers).tolist()}
    for cluster, number in home.items():
        found[number].append(cluster)
    return found
