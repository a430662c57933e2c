"""Clusters: different words for one matter come together, strangers do not, and a state goes on where it was."""

import numpy as np

from kentongan.listening import kinship
from kentongan.listening.clustering import Clusterer, Settings

DAY = 86_400.0
FLOOD = ("banjir perumahan tanggul", "perahu karet evakuasi", "kulkas kasur terendam")
MARKET = ("kebakaran kios pedagang", "lapak damkar api", "dagangan ludes relokasi")


def talk(matter: tuple[str, ...], number: int) -> list[str]:
    """Return the words of a post: one side of the matter, and one word of another side."""
    own, other = matter[number % len(matter)].split(), matter[(number + 1) % len(matter)].split()
    return [*own, other[number % len(other)], f"kata{number % 7}"]


def stream(posts: int) -> tuple[list[list[str]], list[float]]:
    words = [talk(FLOOD if number % 2 else MARKET, number // 2) for number in range(posts)]
    return words, [60.0 * number for number in range(posts)]


def put(clusterer: Clusterer, words: list[list[str]], times: list[float]) -> list[int]:
    return clusterer.add(words, times, [None] * len(words))


def test_sides_of_one_matter_come_together_and_two_matters_stay_apart():
    sides = [{1: 1.0, 2: 1.0, 9: 0.5}, {3: 1.0, 4: 1.0, 9: 0.5}, {1: 0.7, 3: 0.7, 9: 0.5}, {11: 1.0, 12: 1.0}]
    groups = kinship.groups(sides, np.zeros((4, 2)), DAY, kinship.Settings(directions=2)).tolist()
    assert groups[0] == groups[1] == groups[2]
    assert groups[3] != groups[0]


def test_the_same_words_long_after_are_another_matter():
    spans = np.array([[0.0, DAY], [30 * DAY, 31 * DAY]])
    groups = kinship.groups([{1: 1.0, 2: 1.0}, {1: 1.0, 2: 1.0}], spans, 4 * DAY, kinship.Settings())
    assert groups[0] != groups[1]


def test_nothing_and_one_are_grouped_without_complaint():
    assert kinship.groups([], np.zeros((0, 2)), DAY, kinship.Settings()).tolist() == []
    assert len(kinship.groups([{1: 1.0}], np.zeros((1, 2)), DAY, kinship.Settings())) == 1


def test_a_state_that_is_stored_and_read_goes_on_as_if_nothing_had_happened():
    settings = Settings(review_every=300, patience=0.0, merge_every=256)
    words, times = stream(1200)
    whole = Clusterer(settings)
    put(whole, words[:512], times[:512])
    whole.take_merged()
    copy = Clusterer.load(whole.dump(), settings)
    assert put(copy, words[512:], times[512:]) == put(whole, words[512:], times[512:])
    assert copy.take_merged() == whole.take_merged()
    assert copy.dump() == whole.dump()


def test_every_merge_is_told():
    clusterer = Clusterer(Settings(review_every=256, patience=0.0))
    words, times = stream(1500)
    keys = put(clusterer, words, times)
    final = clusterer.take_merged()
    assert final
    assert {final.get(key, key) for key in keys} <= clusterer.clusters.keys()
    assert sum(cluster.posts for cluster in clusterer.clusters.values()) == len(words)
