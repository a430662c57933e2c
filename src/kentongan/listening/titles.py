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
# What a name counts beside another word, and how much more a post counts that is about what most are about.
NAME, ON_TOPIC = 0.35, 1.3
WORD = re.compile(r"[^\W\d_]+")
WRITER = frozenset(["saya", "aku", "gue", "gua", "gw", "sy", "ane", "w", "abdi", "urang", "kula", "inyong", "juga"])
# So short a sentence that begins with "in" says where, and leaves out what.
BEFORE_PLACES, MORE_THAN_A_PLACE = frozenset(["di", "ke", "dari", "nang", "ning", "ka", "ti"]), 7
MENTION = re.compile(r"@\w[\w.\-]*:?\s*")
# What stands before the words of another; "RT 5 RW 4" is where somebody lives.
REPOST = re.compile(r"^.*?\bRT\s*:?\s*(?=@)|^\s*RT\s*:\s*", re.IGNORECASE)
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
    place, its topic."""

    text: str
    words: Sequence[str]
    complaint: float | None = None
    placed: bool = False
    topic: str | None = None

    @property
    def weight(self) -> float:
        """How much a title from this post is worth: a complaint with a place more, an answer to somebody less."""
        grievance = 0.6 + 0.8 * (0.5 if self.complaint is None else self.complaint)
        return grievance * (1.2 if self.placed else 1.0) * (0.4 if self.text.startswith("@") else 1.0)


def _fit(title: str) -> float:
    """Return how well words read as a heading: long enough, in full spelling, not about the writer."""
    written = WORD.findall(title)
    tokens = [token.lower() for token in written]
    if not tokens:
        return 0.0
    length = len(title.split())
    fit: float = 1.0 if GOOD_LENGTH[0] <= length <= GOOD_LENGTH[1] else 0.75 if length > GOOD_LENGTH[1] else 0.3
    fit *= 0.5 if length < MORE_THAN_A_PLACE and tokens[0] in BEFORE_PLACES else 1.0
    names = {token.lower() for token in written[1:] if token.istitle()}
    plain = sum(1 for token in tokens if _is_plain(token) or token in names)
    fit *= 0.2 + 0.8 * plain / len(tokens)
    fit *= 0.7 if WRITER.intersection(tokens) else 1.0
    fit *= 0.7 if title.endswith(("…", "?")) else 1.0
    return fit * math.pow(0.7, title.count("#"))


def _is_plain(token: str) -> bool:
    return token not in slang() and (word(token) in roots() or token in STOPWORDS)


def _names(posts: Sequence[Candidate]) -> set[str]:
    """Return the words that are mostly written as names: they say where, not what."""
    seen, named = Counter[str](), Counter[str]()
    for post in posts:
        for token in WORD.findall(post.text)[1:]:
            seen[word(token.lower())] += 1
            named[word(token.lower())] += token.istitle()
    return {term for term, times in named.items() if times * 2 > seen[term]}


def _telling(title: str, shared: Mapping[str, float]) -> float:
    """Return how much of what the posts share is in these words, against how much else there is."""
    own = {word(token) for token in WORD.findall(title.lower())}
    own = {term for term in own if len(term) > 2 and term not in STOPWORDS}
    return sum(shared.get(term, 0.0) for term in own) / math.pow(len(own) + 3, 0.5)


def pick(posts: Sequence[Candidate]) -> str:
    """Return the title for an issue from its posts; "" when none has words."""
    times = Counter(term for post in posts for term in set(post.words))
    names = _names(posts)
    shared = {
        term: (count - 1) / len(posts) * (NAME if term in names else 1.0) for term, count in times.items() if count > 1
    }
    topics = Counter(post.topic for post in posts if post.topic)
    topic = topics.most_common(1)[0][0] if topics else None
    best, highest = "", -1.0
    for post in posts:
        for title in sentences(post.text):
            score = _telling(title, shared) * _fit(title) * post.weight * (ON_TOPIC if post.topic == topic else 1.0)
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
