"""Train the language and sentiment heads: `python -m kentongan.listening.training.heads DATA_FOLDER`.

Writes weights (8-bit, one scale a label) and a model card each. Figures in the card are of sets not trained on.
"""

import csv
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from python_calamine import CalamineWorkbook
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from kentongan.listening.pipeline.clean import LINK, MENTION, tokens
from kentongan.listening.pipeline.columns import flat
from kentongan.listening.pipeline.heads import Head, Settings

TARGET = Path(__file__).parent.parent / "pipeline" / "data"
NUSAX = {
    "acehnese": "ace", "balinese": "ban", "banjarese": "bjn", "buginese": "bug", "english": "en", "indonesian": "id",
    "javanese": "jv", "madurese": "mad", "minangkabau": "min", "sundanese": "su",
}  # fmt: skip
SENTENCES_A_LANGUAGE = 4000


@dataclass(frozen=True, slots=True)
class Sample:
    """Texts with their labels."""

    texts: list[str]
    labels: list[str]

    def __add__(self, other: "Sample") -> "Sample":
        return Sample(self.texts + other.texts, self.labels + other.labels)


def _nusax(data: Path, split: str, label: str | None) -> Sample:
    sample = Sample([], [])
    for folder, code in NUSAX.items():
        with (data / "nusax" / "sentiment" / folder / f"{split}.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        sample += Sample([row["text"] for row in rows], [row[label] if label else code for row in rows])
    return sample


def _identification(data: Path) -> Sample:
    codes = {"Jawa": "jv", "Indo": "id"}
    rows = CalamineWorkbook.from_path(data / "language_id" / "DataKlasifikasi.xlsx").get_sheet_by_index(0).to_python()
    seen: dict[str, int] = {}
    sample = Sample([], [])
    for text, name in rows[1:]:
        code = codes.get(str(name))
        if code and len(str(text).split()) > 3 and seen.get(code, 0) < SENTENCES_A_LANGUAGE:
            seen[code] = seen.get(code, 0) + 1
            sample += Sample([str(text)], [code])
    return sample


def _smsa(data: Path, split: str) -> Sample:
    with (data / "smsa" / f"{split}.tsv").open(encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file if "\t" in line]
    return Sample([row[0] for row in rows], [row[1] for row in rows])


def _tokens(texts: list[str]) -> pa.Array:
    return tokens(pa.array([MENTION.sub(" ", LINK.sub(" ", text)) for text in texts]))


def _matrix(texts: list[str], settings: Settings) -> sparse.csr_matrix:
    column = _tokens(texts)
    values, rows = flat(column)
    coded = values.dictionary_encode()
    vectors = settings.vectorizer().transform(coded.dictionary.to_pylist())
    counts = np.maximum(np.bincount(rows, minlength=len(texts)), 1)
    share = sparse.csr_matrix(
        (1.0 / counts[rows], (rows, coded.indices.to_numpy())), shape=(len(texts), vectors.shape[0])
    )
    return (share @ vectors).tocsr()


def train(
    name: str, sample: Sample, tests: dict[str, Sample], settings: Settings, strength: float, card: dict[str, object]
) -> None:
    """Fit, measure, quantise and write one head."""
    model = LogisticRegression(C=strength, max_iter=300, class_weight="balanced")
    model.fit(_matrix(sample.texts, settings), sample.labels)
    labels = [str(label) for label in model.classes_]
    weights = model.coef_.T.astype(np.float32)
    scale = np.abs(weights).max(axis=0) / 127
    coded = np.round(weights / scale).astype(np.int8)
    np.savez_compressed(TARGET / f"{name}.npz", weights=coded, scale=scale, bias=model.intercept_.astype(np.float32))
    head = Head(labels, coded.astype(np.float32) * scale, model.intercept_.astype(np.float32), settings)
    figures = {title: round(_f1(head, test), 3) for title, test in tests.items()}
    card |= {
        "labels": labels,
        "ngrams": settings.ngrams,
        "bits": settings.bits,
        "macro_f1": figures,
        "trained_on": len(sample.texts),
    }
    (TARGET / f"{name}.json").write_text(json.dumps(card, indent=2) + "\n")
    print(name, figures, (TARGET / f"{name}.npz").stat().st_size)


def _f1(head: Head, test: Sample) -> float:
    chance, _counts = head.probabilities(_tokens(test.texts))
    guessed = [head.labels[best] for best in chance.argmax(axis=1)]
    return float(f1_score(test.labels, guessed, average="macro"))


def main(folder: str) -> None:
    """Train both heads."""
    data = Path(folder)
    train(
        "language",
        _nusax(data, "train", None) + _identification(data),
        {"NusaX valid, 10 languages": _nusax(data, "valid", None)},
        Settings((1, 4), 16),
        300.0,
        {
            "model": "Language of a post: logistic regression over hashed character 1-4-grams of its words.",
            "data": "NusaX train (CC BY-SA 4.0); joanitolopo/identifikasi-bahasa, Javanese and Indonesian (Apache-2.0)",
            "licence": "CC BY-SA 4.0 (weights)",
            "limits": "No Malay and no mixed class yet; below three words the answer is None.",
        },
    )
    train(
        "sentiment",
        _nusax(data, "train", "label") + _smsa(data, "train"),
        {"SmSA valid": _smsa(data, "valid"), "NusaX valid, 10 languages": _nusax(data, "valid", "label")},
        Settings((2, 6), 17),
        100.0,
        {
            "model": "Sentiment of a post: logistic regression over hashed character 2-6-grams of its words.",
            "data": "SmSA of IndoNLU (Apache-2.0/MIT); NusaX train (CC BY-SA 4.0)",
            "licence": "CC BY-SA 4.0 (weights)",
            "limits": "Words are added up: negation over a distance and irony are not understood.",
        },
    )


if __name__ == "__main__":
    main(sys.argv[1])
