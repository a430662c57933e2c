"""Clusters: different words for one matter come together, strangers do not, and a state goes on where it was."""

from io import BytesIO

import numpy as np
import pytest

from kentongan.listening.clustering import Cluster, Clusterer, Settings, kinship, reviewing, sparse, words

DAY = 86_400.0
FLOOD = ("banjir perumahan tanggul", "perahu karet evakuasi", "kulkas kasur terendam")
MARKET = ("kebakaran kios pedagang", "lapak damkar api", "dagangan ludes relokasi")
# So few words make every pair a little alike: the tests ask for more likeness than a year's talk does.
SMALL = Settings(review_every=256, patience=0.0, kin=kinship.Settings(alike=0.28))


def talk(matter: tuple[str, ...], number: int) -> list[str]:
    """Return the words of a post: one side of the matter, and one word of another side."""
    own, other = matter[number % len(matter)].split(), matter[(number + 1) % len(matter)].split()
    return [*own, other[number % len(other)], f"kata{number % 7}"]


def stream(posts: int) -> tuple[list[list[str]], list[float]]:
    said = [talk(FLOOD if number % 2 else MARKET, number // 2) for number in range(posts)]
    return said, [60.0 * number for number in range(posts)]


def put(clusterer: Clusterer, said: list[list[str]], times: list[float]) -> list[int]:
    return clusterer.add(said, times, [None] * len(said))


def sides(*rows: dict[int, float], order: list[list[float]] | None = None, times=None) -> kinship.Sides:
    """Return facets to compare, all at once if nothing else is said."""
    starts = np.cumsum([0, *map(len, rows)])
    columns = np.array([column for row in rows for column in row], np.int64)
    values = np.array([value for row in rows for value in row.values()], np.float32)
    nothing = np.zeros((len(rows), 2))
    spans = (nothing if order is None else np.array(order), nothing if times is None else np.array(times))
    return kinship.Sides(sparse.unit(sparse.matrix(values, columns, starts, 20), values), *spans)


def test_sides_of_one_matter_come_together_and_two_matters_stay_apart():
    bridge = {1: 0.7, 3: 0.7, 9: 0.5}
    facets = sides({1: 1.0, 2: 1.0, 9: 0.5}, {3: 1.0, 4: 1.0, 9: 0.5}, bridge, {11: 1.0, 12: 1.0})
    groups = kinship.groups(facets, kinship.Settings()).tolist()
    assert groups[0] == groups[1] == groups[2]
    assert groups[3] != groups[0]


def test_the_same_words_long_after_are_another_matter():
    facets = sides({1: 1.0, 2: 1.0}, {1: 1.0, 2: 1.0}, times=[[0.0, DAY], [30 * DAY, 31 * DAY]])
    groups = kinship.groups(facets, kinship.Settings(gap=4 * DAY)).tolist()
    assert groups[0] != groups[1]


def test_after_a_silence_facets_must_be_more_alike():
    alike = {1: 1.0, 2: 3.0}, {1: 1.0, 3: 3.0}
    settings = kinship.Settings(alike=0.07)
    at_once, apart = sides(*alike), sides(*alike, order=[[0, 10], [50_000, 50_010]])
    assert len(set(kinship.groups(at_once, settings).tolist())) == 1
    assert len(set(kinship.groups(apart, settings).tolist())) == 2


def test_a_single_post_goes_to_the_nearest_matter_or_to_none():
    known = sides({1: 1.0, 2: 1.0}, {3: 1.0, 4: 1.0})
    found = kinship.nearest(sides({3: 1.0, 5: 1.0}, {6: 1.0}), known, np.array([0, 1]), kinship.Settings())
    assert found.tolist() == [1, -1]


def test_nothing_and_one_are_grouped_without_complaint():
    assert kinship.groups(sides(), kinship.Settings()).tolist() == []
    assert kinship.groups(sides({1: 1.0}), kinship.Settings()).tolist() == [0]
    assert kinship.nearest(sides({1: 1.0}), sides(), np.zeros(0, np.int64), kinship.Settings()).tolist() == [-1]
    clusterer = Clusterer()
    clusterer.review()
    assert put(clusterer, [], []) == []


def test_posts_that_say_nothing_are_placed_like_any_other():
    clusterer = Clusterer(SMALL)
    keys = put(clusterer, [[], ["yang", "12"], ["banjir"]] * 100, [0.0] * 300)
    clusterer.review()
    assert len(keys) == 300
    assert sum(cluster.posts for cluster in clusterer.clusters.values()) == 300


def test_different_words_for_one_matter_come_together_in_a_stream():
    clusterer = Clusterer(SMALL)
    placed = clusterer.place(*stream(1200), [None] * 1200)
    clusterer.review()
    keys = clusterer.clusters_of(placed)
    floods, markets = set(keys[1::2]), set(keys[0::2])
    assert len(floods) == len(markets) == 1
    assert floods != markets


def test_a_state_that_is_stored_and_read_goes_on_as_if_nothing_had_happened():
    said, times = stream(1200)
    whole = Clusterer(SMALL)
    put(whole, said[:500], times[:500])
    whole.take_merged()
    copy = Clusterer.load(whole.dump(), SMALL)
    assert put(copy, said[500:], times[500:]) == put(whole, said[500:], times[500:])
    assert copy.take_merged() == whole.take_merged()
    assert copy.dump() == whole.dump()


def test_a_state_from_before_there_were_facets_starts_anew_and_gives_no_key_twice():
    old = BytesIO()
    np.savez_compressed(old, numbers=np.array([900.0, 5000.0, 0.0, 5000.0, 6000.0]), keys=np.array([7, 899]))
    assert min(put(Clusterer.load(old.getvalue()), *stream(20))) >= 900


def test_where_posts_are_few_a_review_comes_after_an_hour():
    settings = Settings(review_every=300, patience=1000.0, hourly=100, kin=SMALL.kin)
    said, _times = stream(900)
    slow, quick = Clusterer(settings), Clusterer(settings)
    put(slow, said, [60.0 * number for number in range(900)])
    put(quick, said, [0.1 * number for number in range(900)])
    assert slow._reviewed[0] > 700
    assert quick._reviewed[0] < 700


def test_every_merge_is_told():
    clusterer = Clusterer(SMALL)
    keys = put(clusterer, *stream(200))
    keys += put(clusterer, *stream(1300))
    final = clusterer.take_merged()
    assert final
    assert {final.get(key, key) for key in keys} <= clusterer.clusters.keys()
    assert sum(cluster.posts for cluster in clusterer.clusters.values()) == len(keys)


def test_a_matter_goes_on_as_the_cluster_that_is_mostly_it_and_what_splits_off_has_none():
    # Cluster 5 splits into matters 0 and 1, and is mostly 0, where all of cluster 6 went.
    found = reviewing.claims(np.array([5, 5, 6, 8]), np.array([0, 1, 0, 2]), np.array([10, 4, 3, 2]))
    assert {number: sorted(keys) for number, keys in found.items()} == {0: [5, 6], 1: [], 2: [8]}


def test_when_a_cluster_splits_its_key_stays_with_the_larger_part():
    clusterer = Clusterer(SMALL)
    keys = put(clusterer, *stream(250))
    facets = clusterer._facets
    facets.cluster[:] = keys[0]
    clusterer.clusters = {keys[0]: Cluster(250)}
    clusterer.review()
    assert len(clusterer.clusters) == 2
    assert keys[0] in clusterer.clusters
    assert sorted(clusterer.clusters)[-1] > max(keys)
    assert sum(cluster.posts for cluster in clusterer.clusters.values()) == 250


def test_a_near_duplicate_goes_where_its_like_went():
    clusterer = Clusterer(SMALL)
    (first,) = clusterer.add([["banjir", "tambun"]], [0.0], [77])
    assert clusterer.add([["pasar", "murah"]], [DAY * 30], [77]) == [first]


def test_what_nobody_adds_to_is_forgotten_and_memory_stays_flat():
    clusterer = Clusterer(Settings(most=200, review_every=128, patience=0.0))
    said = [[f"kata{number}", f"lain{number}"] for number in range(2000)]
    keys = put(clusterer, said, [float(number) for number in range(2000)])
    assert len(keys) == 2000
    assert len(clusterer.clusters) <= 200 + 128
    assert max(clusterer.clusters) in keys[-128:]


def test_removed_clusters_are_gone_and_the_others_stay():
    clusterer = Clusterer(SMALL)
    first, second = put(clusterer, [["banjir", "tambun"], ["pasar", "murah"]], [0.0, 1.0])
    clusterer.remove([first])
    assert clusterer.clusters.keys() == {second}
    assert put(clusterer, [["pasar", "murah"]], [2.0]) == [second]


@pytest.mark.parametrize(
    ("one", "other"), [("printed", "printing"), ("weapon", "weapons"), ("game", "games"), ("meteor", "meteors")]
)
def test_english_endings_make_no_difference(one, other):
    assert words.bare(one) == words.bare(other)


def test_short_words_and_different_words_stay_themselves():
    assert words.bare("bus") == "bus"
    assert words.bare("jalan") != words.bare("jembatan")
