"""The default fortnight, whole: what everything that is shown in the demo rests on."""

import tomllib
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import combinations
from random import Random

import pytest

from kentongan.listening import taxonomy
from kentongan.listening.simulator import (
    DEFAULT_POSTS,
    DEFAULT_SEED,
    Kind,
    Labelled,
    generate,
    generate_with_truth,
    issues,
    scripts,
)
from kentongan.listening.simulator import coordinated as campaign
from kentongan.listening.simulator.curves import ZONE
from kentongan.listening.simulator.grammar import parse
from kentongan.listening.simulator.speech import folded
from kentongan.listening.simulator.style import Style
from kentongan.registry import areas

START = datetime(2026, 11, 8, 15, 20, tzinfo=UTC)
ORGANIC = {Kind.COMPLAINT, Kind.QUESTION, Kind.REPLY, Kind.INFO, Kind.THANKS}


@pytest.fixture(scope="module")
def run() -> list[Labelled]:
    return list(generate_with_truth(DEFAULT_SEED, START))


def test_the_same_seed_writes_the_same_posts(run: list[Labelled]) -> None:
    assert [labelled.post for labelled in run] == list(generate(DEFAULT_SEED, START))


def test_another_seed_writes_other_posts(run: list[Labelled]) -> None:
    other = {post.text for post in generate(7, START, posts=1500)}
    assert len(other & {labelled.post.text for labelled in run}) < 0.03 * 1500


def test_the_fortnight_is_whole_and_in_order(run: list[Labelled]) -> None:
    times = [labelled.post.created_at for labelled in run]
    assert times == sorted(times)
    assert times[0] >= START
    assert times[-1] < START + timedelta(days=14)
    assert abs(len(run) - DEFAULT_POSTS) < 40
    assert len({labelled.post.native_id for labelled in run}) == len(run)


def test_thirty_issues_and_each_is_talked_about(run: list[Labelled]) -> None:
    assert len(issues()) == 30
    assert {issue.topic for issue in issues()} <= set(taxonomy.LABELS)
    count = Counter(labelled.issue for labelled in run)
    assert {issue.key: count[issue.key] for issue in issues()} == {issue.key: issue.volume for issue in issues()}


def test_no_two_organic_posts_say_the_same(run: list[Labelled]) -> None:
    said = Counter(folded(labelled.post.text) for labelled in run if labelled.kind in ORGANIC | {Kind.TALK})
    assert [text for text, times in said.items() if times > 1] == []


def test_hardly_any_two_complaints_are_near_copies(run: list[Labelled]) -> None:
    by_issue = defaultdict(list)
    for labelled in run:
        if labelled.kind in ORGANIC:
            by_issue[labelled.issue].append(_shingles(labelled.post.text))
    pairs = near = 0
    for texts in by_issue.values():
        for one, other in combinations(texts, 2):
            pairs += 1
            near += len(one & other) > 0.7 * len(one | other)
    assert near / pairs < 0.0002


def _shingles(text: str) -> frozenset[str]:
    letters = folded(text)
    return frozenset(letters[at : at + 4] for at in range(max(len(letters) - 3, 1)))


def test_what_the_stream_is_made_of(run: list[Labelled]) -> None:
    kinds = Counter(labelled.kind for labelled in run)
    share = {kind: kinds[kind] / len(run) for kind in Kind}
    assert 0.5 < share[Kind.TALK] < 0.7
    assert 0.2 < share[Kind.COMPLAINT] < 0.35
    assert share[Kind.THANKS] > 0.015
    assert share[Kind.REPOST] > 0.02
    assert share[Kind.REPLY] > 0.02


def test_the_campaign_is_38_accounts_in_12_minutes(run: list[Labelled]) -> None:
    copies = [labelled.post for labelled in run if labelled.kind is Kind.COORDINATED]
    assert len({post.author for post in copies}) == len(copies) == campaign.ACCOUNTS == 38
    assert copies[-1].created_at - copies[0].created_at == timedelta(minutes=12)
    assert all(post.text.startswith(campaign.TEXT) for post in copies)
    others = {labelled.post.author for labelled in run if labelled.kind is not Kind.COORDINATED}
    assert not others & {post.author for post in copies}


def test_people_sleep_and_bursts_burst(run: list[Labelled]) -> None:
    hours = Counter(labelled.post.created_at.astimezone(ZONE).hour for labelled in run)
    assert sum(hours[hour] for hour in (1, 2, 3)) < 0.25 * sum(hours[hour] for hour in (18, 19, 20))
    fire = [labelled.post.created_at for labelled in run if labelled.issue == "kebakaran-pasar"]
    begin = START.astimezone(ZONE).replace(hour=0, minute=0) + timedelta(days=12.86)
    assert sum(begin <= at < begin + timedelta(days=1) for at in fire) > 0.75 * len(fire)


def test_few_write_much_and_most_write_little(run: list[Labelled]) -> None:
    posts = Counter(labelled.post.author for labelled in run)
    assert len(posts) > 3000
    busiest = sum(count for _, count in posts.most_common(len(posts) // 10))
    assert 0.25 < busiest / len(run) < 0.7


def test_places_are_real(run: list[Labelled]) -> None:
    hints = {labelled.post.place_hint for labelled in run} - {None}
    assert all(areas.get(str(code)).level == areas.DISTRICT for code in hints)
    assert {code for issue in issues() for code in issue.spots} <= {area.code for area in areas.children("32.16")}


def test_every_fragment_can_be_read() -> None:
    for path in scripts.FOLDER.glob("*.toml"):
        for value in _strings(tomllib.loads(path.read_text(encoding="utf-8"))):
            parse(value)


def _strings(value: object) -> list[str]:
    match value:
        case str():
            return [value]
        case list():
            return [text for entry in value for text in _strings(entry)]
        case dict():
            return [text for entry in value.values() for text in _strings(entry)]
    return []


def test_a_longer_and_larger_run_keeps_its_shape() -> None:
    run = list(generate_with_truth(3, START, days=30, posts=3000))
    assert abs(len(run) - 3000) < 40
    assert run[-1].post.created_at > START + timedelta(days=29)
    assert len({labelled.issue for labelled in run} - {None}) == 31


def test_a_naive_start_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        next(generate(1, datetime(2026, 1, 1)))


def test_an_author_shortens_a_word_in_one_way() -> None:
    style = Style("gue", False, shortens=1.0, slips=0, emoji=0, stretches=0, shouts=0, tags=0, ends="")
    written = {style.write("nggak", Random(seed), frozenset()).lower() for seed in range(40)}
    assert len(written) == 1
    assert written <= set(scripts.words().casual["nggak"])


def test_names_of_places_are_spared() -> None:
    style = Style("saya", False, shortens=0, slips=1.0, emoji=0, stretches=0, shouts=0, tags=0, ends="")
    written = {style.write("banjir di tambun", Random(seed), frozenset({"tambun"})).lower() for seed in range(40)}
    assert all(text.endswith(" tambun") for text in written)
    assert len(written) > 3
