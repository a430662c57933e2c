"""The labelled sets that models are made of: read as they came, labels in our names."""

import csv
import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# Folders of NusaX, and codes of our own; "id" and "en" by ISO 639-1, the rest as speakers' bodies write them.
NUSAX = {
    "acehnese": "ace", "balinese": "ban", "banjarese": "bjn", "buginese": "bug", "english": "en", "indonesian": "id",
    "javanese": "jv", "madurese": "mad", "minangkabau": "min", "ngaju": "nij", "sundanese": "su", "toba_batak": "bbc",
}  # fmt: skip
SIB200 = {
    "ace_Latn": "ace", "ban_Latn": "ban", "bjn_Latn": "bjn", "bug_Latn": "bug", "ind_Latn": "id", "jav_Latn": "jv",
    "min_Latn": "min", "sun_Latn": "su", "zsm_Latn": "ms",
}  # fmt: skip
NUSA_WRITES = {"btk": "bbc", "jav": "jv", "mad": "mad", "min": "min", "sun": "su", "bew": "bew"}
PILPRES = {"positif": "positive", "netral": "neutral", "negatif": "negative"}


@dataclass(frozen=True, slots=True)
class Sample:
    """Texts, their labels, and in which language each is ("" where the set does not say)."""

    texts: list[str]
    labels: list[str]
    languages: list[str]

    def __add__(self, other: "Sample") -> "Sample":
        return Sample(self.texts + other.texts, self.labels + other.labels, self.languages + other.languages)

    def without(self, *held_out: "Sample") -> "Sample":
        """Return the sample without texts that stand in those others too, but for signs and capitals.

        The sets overlap: NusaX was drawn from SmSA before it was translated.
        """
        known = {_essence(text) for other in held_out for text in other.texts}
        return self.where(lambda text, _label, _language: _essence(text) not in known)

    def some(self, most: int) -> "Sample":
        """Return at most so many rows, spread evenly over the sample."""
        step = max(len(self) / most, 1.0)
        rows = [int(step * number) for number in range(min(most, len(self)))]
        return Sample(*([column[row] for row in rows] for column in (self.texts, self.labels, self.languages)))

    def __len__(self) -> int:
        return len(self.texts)

    def where(self, keep: Callable[[str, str, str], bool]) -> "Sample":
        """Return the part for which `keep(text, label, language)` holds."""
        rows = [row for row in zip(self.texts, self.labels, self.languages, strict=True) if keep(*row)]
        return Sample(*(list(column) for column in zip(*rows, strict=True))) if rows else Sample([], [], [])


def _essence(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())[:60]


def _rows(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter=delimiter, quoting=3 if delimiter == "\t" else 0))


def nusax(data: Path, split: str) -> Sample:
    """Return NusaX (train, valid) with its tones."""
    sample = Sample([], [], [])
    for folder, code in NUSAX.items():
        rows = _rows(data / "nusax" / "sentiment" / folder / f"{split}.csv")
        sample += Sample([row["text"] for row in rows], [row["label"] for row in rows], [code] * len(rows))
    return sample


def nusa_writes(data: Path, split: str, task: str = "senti") -> Sample:
    """Return NusaWrites: tones (negative, positive) or feelings, by people who wrote in their language."""
    sample = Sample([], [], [])
    for path in sorted((data / "nusa_writes").glob(f"nusa_kalimat-{task}-*-{split}.csv")):
        code = NUSA_WRITES.get(path.stem.split("-")[2], "")
        rows = _rows(path)
        sample += Sample([row["text"] for row in rows], [row["label"] for row in rows], [code] * len(rows))
    return sample


def sib200(data: Path, split: str) -> Sample:
    """Return SIB-200 (train, dev) with its seven subjects."""
    sample = Sample([], [], [])
    for folder, code in SIB200.items():
        rows = _rows(data / "sib200" / "annotated" / folder / f"{split}.tsv", "\t")
        sample += Sample([row["text"] for row in rows], [row["category"] for row in rows], [code] * len(rows))
    return sample


def smsa(data: Path, split: str) -> Sample:
    """Return SmSA (train, valid) with its tones."""
    lines = (data / "smsa" / f"{split}.tsv").read_text("utf-8").split("\n")
    rows = [line.split("\t") for line in lines if "\t" in line]
    return Sample([row[0] for row in rows], [row[1] for row in rows], ["id"] * len(rows))


def pilpres(data: Path) -> Sample:
    """Return tweets of the election of 2019 with their tones."""
    rows = _rows(data / "pilpres2019" / "tweets.csv")
    texts = [_mended(html.unescape(row["tweet"])) for row in rows]
    return Sample(texts, [PILPRES[row["sentimen"]] for row in rows], ["id"] * len(rows))


def _mended(text: str) -> str:
    """Return what was read as cp1252 and is UTF-8, as it was."""
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text


def posts(data: Path) -> list[str]:
    """Return posts without a label: one day of Jakarta, a year of talk about vaccines."""
    day = [row["text"] for row in _rows(data / "jakarta_one_day" / "posts.csv")]
    talk = [row["content"] for row in _rows(data / "vaccine_timed" / "posts.csv")]
    return [html.unescape(text) for text in day + talk if text]
