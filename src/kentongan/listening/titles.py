"""A title that a person would write: the most telling post's own words, cut at a sentence; never a bag of terms."""

import re
from collections import Counter
from collections.abc import Sequence

from kentongan.listening.stopwords import STOPWORDS

LONGEST = 110
SHORTEST_WORDS = 4
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


def cut(text: str) -> str:
    """Return the beginning of a text: whole sentences where they fit, else whole words and an ellipsis."""
    sentences = SENTENCE.split(text)
    kept = sentences[0]
    for sentence in sentences[1:]:
        if len(kept.split()) >= SHORTEST_WORDS or len(kept) + len(sentence) + 1 > LONGEST:
            break
        kept = f"{kept} {sentence}"
    if len(kept) > LONGEST:
        kept = kept[:LONGEST].rsplit(" ", 1)[0].rstrip(ENDS) + "…"
    kept = kept.rstrip(".").strip(ENDS)
    if kept.isupper():
        kept = kept.capitalize()
    return kept[:1].upper() + kept[1:]


def _telling(words: Sequence[str], shared: Counter[str], posts: int) -> float:
    """Return how much of what the posts share is in these words, against how much else there is."""
    own = {word for word in words if word and word not in STOPWORDS and len(word) > 2}
    if not own:
        return 0.0
    return float(sum((shared[word] - 1) / posts for word in own if shared[word] > 1) / (len(own) + 3) ** 0.6)


def pick(posts: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Return a title from (clean text, normalised words) of an issue's posts; "" when none has words."""
    shared = Counter(word for _text, words in posts for word in set(words))
    best, highest = "", -1.0
    for text, words in posts:
        title = cut(tidy(text))
        length = len(title.split())
        if not title:
            continue
        score = _telling(words, shared, len(posts))
        score *= 0.3 if length < SHORTEST_WORDS else 1.0
        score *= 0.8 if title.endswith("…") else 1.0
        score *= 0.7 ** title.count("#")
        score *= 0.85 if text.startswith("@") else 1.0
        if score > highest:
            best, highest = title, score
    return best


def terms(posts: Sequence[Sequence[str]], most: int = 8) -> list[str]:
    """Return the words that most posts share."""
    shared = Counter(
        word for words in posts for word in set(words) if len(word) > 2 and word not in STOPWORDS and not word.isdigit()
    )
    least = 2 if len(posts) > 2 else 1
    return [word for word, times in shared.most_common(most) if times >= least]
