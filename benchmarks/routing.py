"""Routing against tf-idf and logistic regression: `python benchmarks/routing.py DATA [SHEET:TEXT:LABEL ...]`.

DATA is the folder of the sets that may be shipped. There is no sheet of complaints with thirty agencies and times among
them, so the first set is made of 26 crises: who must answer is the crisis and what kind of message it is (150 labels,
a long tail), and each crisis is split by time, the first seven tenths to learn from. A SHEET (CSV, its columns for text
and label) has no times: three of each ten rows are tested on.
"""

import csv
import os
import sys
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import django
from django.conf import settings

settings.configure(USE_I18N=False)
django.setup()

from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.metrics import accuracy_score, f1_score  # noqa: E402

from kentongan.listening import routing  # noqa: E402

Rows = list[tuple[str, str]]
LEARN = 0.7
MOST_A_CRISIS = 230


def crises(data: Path) -> tuple[Rows, Rows]:
    """Return rows to learn from and to test on, by time within each crisis."""
    learn: Rows = []
    test: Rows = []
    for path in sorted((data / "crisislex_t26").glob("*-tweets_labeled.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            rows = [{(name or "").strip(): cell for name, cell in row.items()} for row in csv.DictReader(file)]
        told = sorted(
            (int(row["Tweet ID"]), row["Tweet Text"], f"{path.stem}/{row['Information Type']}")
            for row in rows
            if row["Tweet ID"].isdigit() and row["Information Type"] not in {"", "Not applicable", "Not labeled"}
        )
        thin = told[:: max(len(told) // MOST_A_CRISIS, 1)]
        cut = int(len(thin) * LEARN)
        learn += [(text, label) for _id, text, label in thin[:cut]]
        test += [(text, label) for _id, text, label in thin[cut:]]
    return learn, test


def sheet(path: str, text: str, label: str) -> tuple[Rows, Rows]:
    """Return seven and three of each ten rows."""
    with Path(path).open(newline="", encoding="utf-8") as file:
        rows = [(row[text], row[label]) for row in csv.DictReader(file)]
    return [row for n, row in enumerate(rows) if n % 10 < 7], [row for n, row in enumerate(rows) if n % 10 >= 7]


def show(name: str, truth: list[str], guess: list[str], seconds: float) -> None:
    """Print one line of figures."""
    macro = f1_score(truth, guess, average="macro", zero_division=0)
    print(f"  {name:34} accuracy {accuracy_score(truth, guess):.3f}, macro F1 {macro:.3f}, {seconds:.1f} s", flush=True)


def measure(name: str, learn: Rows, test: Rows) -> None:
    """Print the figures of both baselines and of ours; the seconds are for learning."""
    texts, labels = [text for text, _label in learn], [label for _text, label in learn]
    truth = [label for _text, label in test]
    print(f"{name}: {len(learn):,} to learn from, {len(test):,} to test on, {len(set(labels))} labels")
    for weight in (None, "balanced"):
        start = time.perf_counter()
        vectors = TfidfVectorizer()
        model = LogisticRegression(max_iter=300, class_weight=weight).fit(vectors.fit_transform(texts), labels)
        took = time.perf_counter() - start
        guess = model.predict(vectors.transform([text for text, _label in test]))
        show(f"tf-idf, logistic regression{', balanced' if weight else ''}", truth, list(guess), took)
    start = time.perf_counter()
    router, _tried = routing.train(texts, labels)
    took = time.perf_counter() - start
    show("ours", truth, router.judge([text for text, _label in test]).labels.tolist(), took)


if __name__ == "__main__":
    measure("CrisisLex T26", *crises(Path(sys.argv[1])))
    for word in sys.argv[2:]:
        path, text, label = word.rsplit(":", 2)
        measure(Path(path).name, *sheet(path, text, label))
