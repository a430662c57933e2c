"""Fit the head for tone in two questions: is there any, and is it good or bad.

Sets that know no neutral texts help with the second one and cannot spoil the first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from kentongan.listening.pipeline import features
from kentongan.listening.pipeline.columns import Floats
from kentongan.listening.pipeline.sentiment import LABELS, probabilities
from kentongan.listening.training import sets
from kentongan.listening.training.fit import Fitted, Scaling, Texts, coverage, threshold
from kentongan.listening.training.sets import Sample
from kentongan.listening.training.vectors import Vectors, learn

NAME = "sentiment"
GROUPS = (0.0, 0.03, 0.5, 0.5, 0.5)
POWER = 0.5
STRENGTH = 1.0
BY_VECTORS = 3.0
# NusaWrites is 25,000 translations of 4,000 texts.
WEIGHTS = {"writes": 0.3, "pilpres": 0.5}
WANTED = 0.9
CARD = {
    "model": "Tone of a post: two logistic regressions (any tone; good or bad) over hashed words, pairs, character "
    "2-5-grams, marks and word vectors, informal words written out first.",
    "data": "SmSA train of IndoNLU (Apache-2.0/MIT), NusaX train (CC BY-SA 4.0), NusaWrites train (Apache-2.0), "
    "SentimentAnalysisPilpres2019 (MIT); vectors also from the texts of vaccine_timed (MIT), jakarta_one_day (MIT) and "
    "SIB-200 (CC BY-SA 4.0). Texts of the validation sets were taken out of all of them.",
    "licence": "CC BY-SA 4.0 (weights)",
    "limits": "Words and pairs are added up: irony, and negation over a distance, are not understood. Political tweets "
    "are hard (see the set that was left out); where it is unsure the product says nothing.",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A set, its features and its weight."""

    sample: Sample
    inputs: sparse.csr_matrix
    weight: float


@dataclass(frozen=True, slots=True)
class Inputs:
    """How texts become inputs: features and word vectors."""

    scaling: Scaling
    vectors: Vectors

    def of(self, texts: Texts) -> sparse.csr_matrix:
        """Return rows x (WIDTH + dimensions)."""
        near = self.vectors.of_texts(texts.tokens) * (np.maximum(texts.lengths, 1.0) ** -POWER)[:, None] * BY_VECTORS
        return sparse.hstack([self.scaling.apply(texts), sparse.csr_matrix(near)]).tocsr()

    def folded(self, model: LogisticRegression) -> Floats:
        """Return the weights of the features alone: what the vectors say is said by their words."""
        weights = model.coef_[0]
        own = weights[: features.WIDTH] * self.scaling.columns
        words = list(self.vectors.places)
        columns = features.WORDS + (features.hashes(words) & ((1 << features.WORD_BITS) - 1)).astype(int)
        np.add.at(own, columns, self.vectors.rows @ weights[features.WIDTH :] * BY_VECTORS)
        return np.asarray(own)


def _question(parts: Sequence[Part], label: str, keep: NDArray[np.bool_]) -> LogisticRegression:
    inputs = sparse.vstack([part.inputs for part in parts]).tocsr()[np.flatnonzero(keep)]
    answers = np.concatenate([np.array(part.sample.labels) for part in parts])[keep] == label
    weights = np.concatenate([np.full(len(part.sample), part.weight) for part in parts])[keep]
    model = LogisticRegression(C=STRENGTH, class_weight="balanced", solver="liblinear", random_state=0, max_iter=300)
    return model.fit(inputs, answers, sample_weight=weights)


def _both(parts: Sequence[Part]) -> tuple[LogisticRegression, LogisticRegression]:
    """Fit "is it neutral" on the sets that know neutral texts, "is it good" on all others of all sets."""
    three = [part for part in parts if "neutral" in part.sample.labels]
    everything = np.ones(sum(len(part.sample) for part in three), bool)
    toned = np.concatenate([np.array(part.sample.labels) != "neutral" for part in parts])
    return _question(three, "neutral", everything), _question(parts, "positive", toned)


def fit(data: Path) -> None:
    """Fit, measure (also with one set left out) and write."""
    smsa, nusax, foreign = sets.smsa(data, "valid"), sets.nusax(data, "valid"), sets.pilpres(data)
    samples = {
        "smsa": sets.smsa(data, "train"),
        "nusax": sets.nusax(data, "train"),
        "writes": sets.nusa_writes(data, "train"),
        "pilpres": foreign,
    }
    samples = {name: sample.without(smsa, nusax) for name, sample in samples.items()}
    texts = {name: Texts.of(sample.texts) for name, sample in samples.items()}
    more = [Texts.of(sets.posts(data)), Texts.of(sets.sib200(data, "train").texts)]
    vectors = learn([one.tokens for one in [*texts.values(), *more]])
    inputs = Inputs(Scaling.by_rarity(list(texts.values()), GROUPS, POWER), vectors)
    parts = {name: Part(samples[name], inputs.of(texts[name]), WEIGHTS.get(name, 1.0)) for name in samples}
    models = _both(list(parts.values()))
    tests = {"SmSA valid": smsa, "NusaX valid": nusax}
    seen = {name: (test, _chance(models, inputs.of(Texts.of(test.texts)))) for name, test in tests.items()}
    figures = {
        "SmSA valid": _f1(*seen["SmSA valid"]),
        "NusaX valid, mean of 12 languages": _by_language(*seen["NusaX valid"]),
    }
    apart = _both([part for name, part in parts.items() if name != "pilpres"])
    figures["Pilpres 2019, left out of training"] = _f1(samples["pilpres"], _chance(apart, parts["pilpres"].inputs))
    lines = coverage(*_judged(list(seen.values())))
    card: dict[str, object] = CARD | {
        "trained_on": sum(map(len, samples.values())),
        "labels": list(LABELS),
        "macro_f1": figures,
        "sure": threshold(lines, WANTED),
        "coverage": lines,
    }
    weights = np.stack([inputs.folded(model) for model in models], axis=1)
    bias = np.array([model.intercept_[0] for model in models])
    Fitted(weights, bias, POWER).write(NAME, card, keep=0.0005)
    print(NAME, figures, card["sure"], flush=True)


def _chance(models: Sequence[LogisticRegression], inputs: sparse.csr_matrix) -> Floats:
    return probabilities(np.stack([model.decision_function(inputs) for model in models], axis=1))


def _f1(test: Sample, chance: Floats) -> float:
    guessed = np.array(LABELS)[chance.argmax(axis=1)]
    return round(float(f1_score(test.labels, guessed, average="macro")), 4)


def _by_language(test: Sample, chance: Floats) -> float:
    languages, truth = np.array(test.languages), np.array(test.labels)
    guessed = np.array(LABELS)[chance.argmax(axis=1)]
    each = [
        f1_score(truth[languages == code], guessed[languages == code], average="macro")
        for code in sorted(set(languages))
    ]
    return round(float(np.mean(each)), 4)


def _judged(seen: list[tuple[Sample, Floats]]) -> tuple[Floats, NDArray[np.bool_]]:
    chance = np.concatenate([one for _test, one in seen])
    truth = np.array([label for test, _chance in seen for label in test.labels])
    return chance.max(axis=1), np.array(LABELS)[chance.argmax(axis=1)] == truth
