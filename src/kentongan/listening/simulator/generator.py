"""The order in which a simulated fortnight is written, and what each post is."""

from __future__ import annotations

import hashlib
import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import accumulate
from random import Random
from typing import NamedTuple

from kentongan.listening.posts import RawPost

from . import coordinated, curves, places, scripts
from .authors import Author, Population
from .scripts import Issue, Talk
from .speech import Speech, phrase

DEFAULT_SEED = 3216
DEFAULT_POSTS = 13_700
POSTS_PER_AUTHOR = 3.2
RECENT = 40
UNTOLD_LIKES = ("instagram",)


class Kind(StrEnum):
    """What a post is, as the simulation knows."""

    COMPLAINT = "complaint"
    QUESTION = "question"
    INFO = "info"
    THANKS = "thanks"
    REPLY = "reply"
    REPOST = "repost"
    TALK = "talk"
    COORDINATED = "coordinated"


ISSUE_KINDS = {
    Kind.COMPLAINT: 64,
    Kind.QUESTION: 7,
    Kind.INFO: 5,
    Kind.THANKS: 6,
    Kind.REPLY: 10,
    Kind.REPOST: 8,
}
PATTERNS = {
    Kind.COMPLAINT: "complaint",
    Kind.QUESTION: "question_post",
    Kind.INFO: "info",
    Kind.THANKS: "thanks_post",
    Kind.REPLY: "reply",
}


class Labelled(NamedTuple):
    """A post with the truth about it: the issue it belongs to (None for ordinary talk) and its kind."""

    post: RawPost
    issue: str | None
    kind: Kind


@dataclass(frozen=True, slots=True, order=True)
class _Slot:
    at: datetime
    source: str
    number: int
    text: str = ""


def generate(seed: int, start: datetime, *, days: int = 14, posts: int = DEFAULT_POSTS) -> Iterator[RawPost]:
    """Posts in the order of time from an aware `start`; about `posts` of them."""
    for labelled in generate_with_truth(seed, start, days=days, posts=posts):
        yield labelled.post


def generate_with_truth(
    seed: int, start: datetime, *, days: int = 14, posts: int = DEFAULT_POSTS
) -> Iterator[Labelled]:
    """The same posts, each with the truth about it."""
    if start.tzinfo is None:
        raise ValueError("start must be an aware time")
    writer = _Writer(seed, posts)
    for slot in sorted(_schedule(seed, start, days, posts)):
        yield writer.write(slot)


def _schedule(seed: int, start: datetime, days: int, posts: int) -> Iterator[_Slot]:
    times = curves.bins(start, days)
    for source, volume, weights in _sources(times, days, posts):
        rng = Random(f"{seed}/when/{source}")
        for number, quarter in enumerate(rng.choices(times, cum_weights=list(accumulate(weights)), k=volume)):
            yield _Slot(quarter + curves.BIN * rng.random(), source, number)
    begin = start + timedelta(days=coordinated.DAY * days / curves.SPAN)
    for number, (at, text) in enumerate(coordinated.copies(begin, Random(f"{seed}/copies"))):
        yield _Slot(at, coordinated.KEY, number, text)


def native_id(seed: int, source: str, number: int) -> str:
    """The id that the platform of the simulation gave to the post with this number of an issue or subject."""
    return hashlib.blake2b(f"{seed}/{source}/{number}".encode(), digest_size=7).hexdigest()


def _sources(times: list[datetime], days: int, posts: int) -> Iterator[tuple[str, int, list[float]]]:
    """Each issue and each subject of talk, how many posts it gets and how they spread over the quarter hours."""
    scale = posts / DEFAULT_POSTS
    left = posts - coordinated.ACCOUNTS
    for issue in scripts.issues():
        volume = round(issue.volume * scale)
        left -= volume
        yield issue.key, volume, curves.intensities(times, issue.curve, issue.rhythm, days)
    total = sum(subject.weight for subject in scripts.talk())
    for subject in scripts.talk():
        volume = round(left * subject.weight / total)
        yield subject.key, volume, curves.intensities(times, None, subject.rhythm, days)


class _Writer:
    """Writes the posts one after the other; answers and reposts look back at the latest ones of their issue."""

    def __init__(self, seed: int, posts: int) -> None:
        self._seed = seed
        self._people = Population(seed, max(round(posts / POSTS_PER_AUTHOR), 200))
        self._speech = Speech()
        self._issues: dict[str, Issue] = {issue.key: issue for issue in scripts.issues()}
        self._talk: dict[str, Talk] = {subject.key: subject for subject in scripts.talk()}
        self._recent: dict[str, deque[RawPost]] = {key: deque(maxlen=RECENT) for key in self._issues}

    def write(self, slot: _Slot) -> Labelled:
        rng = Random(f"{self._seed}/post/{slot.source}/{slot.number}")
        if slot.source == coordinated.KEY:
            return self._copy(slot, rng)
        if slot.source in self._talk:
            return self._small_talk(slot, self._talk[slot.source], rng)
        return self._about(slot, self._issues[slot.source], rng)

    def _copy(self, slot: _Slot, rng: Random) -> Labelled:
        # The accounts of a campaign are young: they stand behind the population and say nothing else.
        author = self._people.person(self._people.size + slot.number)
        return Labelled(self._post(slot, author, slot.text, None, rng), coordinated.KEY, Kind.COORDINATED)

    def _small_talk(self, slot: _Slot, subject: Talk, rng: Random) -> Labelled:
        author, place = self._people.pick(rng), places.pick(rng, None)
        text = self._speech.say("post", subject.rules, author, place, slot.at, rng)
        return Labelled(self._post(slot, author, text, None, rng), None, Kind.TALK)

    def _about(self, slot: _Slot, issue: Issue, rng: Random) -> Labelled:
        recent = self._recent[issue.key]
        kind = rng.choices(list(ISSUE_KINDS), list(ISSUE_KINDS.values()))[0]
        if kind in (Kind.REPLY, Kind.REPOST) and len(recent) < 3:
            kind = Kind.COMPLAINT
        author, place = self._people.pick(rng, issue.spots), places.pick(rng, issue.spots)
        if kind is Kind.REPOST:
            text = self._repost(rng.choice(recent), issue, author, place, slot.at, rng)
        else:
            prefix = f"@{rng.choice(recent).author} " if kind is Kind.REPLY else ""
            text = self._speech.say(PATTERNS[kind], issue.rules, author, place, slot.at, rng, prefix)
        post = self._post(slot, author, text, place, rng)
        if kind is not Kind.REPOST:
            recent.append(post)
        return Labelled(post, issue.key, kind)

    def _repost(
        self, original: RawPost, issue: Issue, author: Author, place: places.Place, at: datetime, rng: Random
    ) -> str:
        quoted = f"RT @{original.author}: {original.text}"
        if rng.random() < 0.6:
            return quoted
        comment = phrase("repost_comment", issue.rules, author, place, at, rng)
        return f"{comment} {quoted}"

    def _post(self, slot: _Slot, author: Author, text: str, place: places.Place | None, rng: Random) -> RawPost:
        native = native_id(self._seed, slot.source, slot.number)
        told = author.platform not in UNTOLD_LIKES
        likes = math.floor(rng.lognormvariate(1.1, 1.3))
        return RawPost(
            native_id=native,
            created_at=slot.at,
            author=author.handle,
            text=text,
            url=f"https://{author.platform}.example/{author.handle}/{native}",
            platform=author.platform,
            place_hint=place.district.code if place and rng.random() < 0.2 else None,
            likes=likes if told else None,
            shares=math.floor(likes * rng.random() * 0.4) if told else None,
        )
