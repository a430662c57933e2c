"""A title that a person would write: the most telling sentence of its posts; never a bag of terms."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kentongan.listening.pipeline.normalise import roots, slang, word
from kentongan.listening.stopwords import STOPWORDS

LONGEST = 110
SHORTEST_WORDS = 5
GOOD_LENGTH = (5, 14)
WORD = re.compile(r"[^\W\d_]+")
WRITER = frozenset(["saya", "aku", "gue", "gua", "gw", "sy", "ane", "w", "abdi", "urang", "kula", "inyong", "juga"])
MENTION = re.compile(r"@\w[\w.\-]*:?\s*")
REPOST = re.compile(r"^\s*RT\s*[: ]\s*", re.IGNORECASE)
TAIL_TAGS = re.compile(r"(\s*#\w+)+\s*$")
SENTENCE = re.compile(r"(?<=[.!?…])\s+(?=[^\s])")
DECORATION = re.compile(r"[^\w\s#%&/()\[\]\"'“”‘’.,:;!?+\-–—$€°]+")
CREDIT = re.compile(r"\s*(\bvia|\blewat|\bsumber\s*:|@)\s*\S*\s*$", re.IGNORECASE)
ENDS = ' ,;:-–—|/&…"“'


def tidy(text: str) -> str:
    """Return a post's words without mentions, reposting marks, trailing tags and emoji."""
    bare = DECORATION.sub(" ", MENTION.sub(" ", REPOST.sub("", text)))
    bare = TAIL_TAGS.sub("", bare)
    bare = CREDIT.sub("", re.sub(r"([!?.]){2,}", r"\1", bare))
    return re.sub(r"\s+", " ", bare).strip(ENDS)


def sentences(text: str) -> list[str]:
    """Return what a post offers as titles: its sentences, the short ones with what follows them, none too long."""
    parts = [part for part in SENTENCE.split(tidy(text)) if part.strip(ENDS)]
    offered = []
    for at, part in enumerate(parts):
        follows = parts[at + 1] if at + 1 < len(parts) else ""
        if len(part.split()) < SHORTEST_WORDS and follows and len(part) + len(follows) < LONGEST:
            part = f"{part} {follows}"
        offered.append(_finish(part))
    return [title for title in offered if title]


def _finish(title: str) -> str:
    if len(title) > LONGEST:
        title = title[:LONGEST].rsplit(" ", 1)[0].rstrip(ENDS) + "…"
    title = title.rstrip(".").strip(ENDS)
    if title.isupper():
        title = title.capitalize()
    return title[:1].upper() + title[1:]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A post that may name its issue: clean text, normalised words, chance of being a complaint, whether it names a
    place."""

    text: str
    words: Sequence[str]
    complaint: float | None = None
    placed: bool = False

    @property
    def weight(self) -> float:
        """How much a title from this post is worth: a complaint with a place more, an answer to somebody less."""
        grievance = 0.8 + 0.4 * (0.5 if self.complaint is None else self.complaint)
        return grievance * (1.2 if self.placed else 1.0) * (0.4 if self.text.startswith("@") else 1.0)


def _fit(title: str) -> float:
    """Return how well words read as a heading: long enough, in full spelling, not about the writer."""
    tokens = WORD.findall(title.lower())
    if not tokens:
        return 0.0
    length = len(title.split())
    fit: float = 1.0 if GOOD_LENGTH[0] <= length <= GOOD_LENGTH[1] else 0.75 if length > GOOD_LENGTH[1] else 0.3
    plain = sum(1 for token in tokens if token not in slang() and (word(token) in roots() or token in STOPWORDS))
    fit *= 0.4 + 0.6 * plain / len(tokens)
    fit *= 0.7 if WRITER.intersection(tokens) else 1.0
    fit *= 0.8 if title.endswith(("…", "?")) else 1.0
    return fit * math.pow(0.7, title.count("#"))


def _telling(title: str, shared: Mapping[str, float]) -> float:
    """Return how much of what the posts share is in these words, against how much else there is."""
    own = {word(token) for token in WORD.findall(title.lower())}
    own = {term for term in own if len(term) > 2 and term not in STOPWORDS}
    return sum(shared.get(term, 0.0) for term in own) / math.pow(len(own) + 3, 0.6)


def pick(posts: Sequence[Candidate]) -> str:
    """Return the title for an issue from its posts; "" when none has words."""
    times = Counter(term for post in posts for term in set(post.words))
    shared = {term: (count - 1) / len(posts) for term, count in times.items() if count > 1}
    best, highest = "", -1.0
    for post in posts:
        for title in sentences(post.text):
            score = _telling(title, shared) * _fit(title) * post.weight
            if score > highest:
                best, highest = title, score
    return best


def terms(posts: Sequence[Sequence[str]], most: int = 8) -> list[str]:
    """Return the words that most posts share."""
    shared = Counter(
        term for words in posts for term in set(words) if len(term) > 2 and term not in STOPWORDS and not term.isdigit()
    )
    least = 2 if len(posts) > 2 else 1
    return [term for term, times in shared.most_common(most) if times >= least]
