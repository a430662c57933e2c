"""Learn how informal words and phrases are written in full, from pairs of sentences, and measure it."""

import csv
import gzip
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path

from kentongan.listening.pipeline import formal
from kentongan.listening.pipeline.formal import LONGEST_PHRASE
from kentongan.listening.training.fit import TARGET, write_card

Sentences = list[list[str]]
Phrase = tuple[str, ...]
# A reading is learnt when it is at least that share of what was written for a word, or for a phrase so often.
WORD_SHARE, PHRASE_SHARE, PHRASE_SEEN = 0.3, 0.4, 2
# A word is left out only where most writers did so.
LEAVE_OUT = 0.6
CARD: dict[str, object] = {
    "model": "A table of words and of phrases up to three words; words drawn out are cut, doubled ones written twice.",
    "data": "STIF train (haryoa/stif-indonesia, MIT), IndoCollex train (MIT), NLP_bahasa_resources (MIT)",
    "licence": "MIT",
    "limits": "Learnt from complaints to companies and chat; a word of two meanings gets its commoner one unless its "
    "neighbours stand in the table with it. Word order is left as it is.",
}


def sentences(data: Path, name: str) -> Sentences:
    """Return one side of STIF, tokens apart."""
    return [line.split() for line in (data / "stif" / name).read_text("utf-8").split("\n") if line.strip()]


def _spans(informal: list[str], written: list[str]) -> Iterator[tuple[int, int, int, int]]:
    """Yield the parts of two sentences that stand for each other; words one by one where their numbers agree."""
    for kind, i, j, k, m in SequenceMatcher(None, informal, written, autojunk=False).get_opcodes():
        if kind == "equal" or (kind == "replace" and j - i == m - k):
            yield from ((i + n, i + n + 1, k + n, k + n + 1) for n in range(j - i))
        else:
            yield i, j, k, m


def _phrases(informal: list[str], written: list[str]) -> Iterator[tuple[Phrase, Phrase]]:
    spans = list(_spans(informal, written))
    for first in range(len(spans)):
        for last in range(first, min(first + LONGEST_PHRASE, len(spans))):
            start, end = spans[first][0], spans[last][1]
            if 1 <= end - start <= LONGEST_PHRASE:
                yield tuple(informal[start:end]), tuple(written[spans[first][2] : spans[last][3]])


def learn(data: Path) -> dict[str, str]:
    """Return the table: what people made of words and phrases, then what dictionaries say of other words."""
    pairs = list(zip(sentences(data, "train.inf"), sentences(data, "train.for"), strict=True))
    readings: dict[Phrase, Counter[Phrase]] = defaultdict(Counter)
    for informal, written in pairs:
        for phrase, reading in _phrases(informal, written):
            readings[phrase][reading] += 1
    stood = Counter(
        tuple(words[at : at + length])
        for words, _written in pairs
        for length in range(1, LONGEST_PHRASE + 1)
        for at in range(len(words) - length + 1)
    )
    found = {" ".join(phrase): _reading(phrase, counts, stood[phrase]) for phrase, counts in readings.items()}
    table = {phrase: " ".join(reading) for phrase, reading in found.items() if reading is not None}
    formal_words = {word for _informal, written in pairs for word in written}
    return {word: said for word, said in _dictionaries(data).items() if word not in formal_words} | table


def _reading(phrase: Phrase, counts: Counter[Phrase], stood: int) -> Phrase | None:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0] != phrase, item[0]))
    if len(phrase) > 1:
        reading, seen = ranked[0]
        return reading if seen >= PHRASE_SEEN and seen / stood >= PHRASE_SHARE else None
    if ranked[0][0] == () and ranked[0][1] / stood < LEAVE_OUT:
        ranked = ranked[1:]
    if not ranked or ranked[0][1] / stood < WORD_SHARE or ranked[0][0] == phrase:
        return phrase if ranked and ranked[0][0] == phrase else None
    return ranked[0][0]


def _dictionaries(data: Path) -> dict[str, str]:
    known: dict[str, str] = {}
    with (data / "indo_collex" / "train.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            known[row["transformed"].strip().lower()] = row["original-for"].strip().lower()
    known |= json.loads((data / "slang" / "combined_slang_words.txt").read_text("utf-8"))
    return {word: said.strip().lower() for word, said in sorted(known.items()) if word.split() == [word]}


def bleu(guesses: Sentences, truths: Sentences) -> float:
    """Return the corpus BLEU (1- to 4-grams, 0..100) of sentences against one reference each."""
    hits, counts = [0] * 4, [0] * 4
    for guess, truth in zip(guesses, truths, strict=True):
        for size in range(1, 5):
            own, right = (Counter(zip(*(one[n:] for n in range(size)), strict=False)) for one in (guess, truth))
            hits[size - 1] += (own & right).total()
            counts[size - 1] += own.total()
    if not all(hits):
        return 0.0
    brevity = 1 - sum(map(len, truths)) / sum(map(len, guesses))
    precision = sum(math.log(hit / count) for hit, count in zip(hits, counts, strict=True)) / 4
    return 100 * math.exp(min(0.0, brevity) + precision)


def fit(data: Path) -> None:
    """Learn, write and measure."""
    lines = "\n".join(f"{informal}\t{said}" for informal, said in sorted(learn(data).items()))
    (TARGET / "formal.tsv.gz").write_bytes(gzip.compress(lines.encode(), mtime=0))
    formal.table.cache_clear()
    informal, truths = sentences(data, "dev.inf"), sentences(data, "dev.for")
    figures = {
        "STIF dev": round(bleu([formal.rewrite(words) for words in informal], truths), 1),
        "STIF dev, untouched": round(bleu(informal, truths), 1),
    }
    write_card("formal", CARD | {"bleu": figures})
    print("formal", figures, flush=True)
