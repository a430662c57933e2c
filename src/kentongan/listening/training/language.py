"""Fit the head for languages, and measure when a text is in two of them."""

from pathlib import Path

import numpy as np
from scipy.special import softmax
from sklearn.metrics import f1_score, log_loss
from sklearn.svm import LinearSVC

from kentongan.listening.pipeline.columns import Floats
from kentongan.listening.training import sets
from kentongan.listening.training.fit import Fitted, Scaling, Texts, coverage, threshold
from kentongan.listening.training.sets import Sample

NAME = "language"
# How much n-grams as written, n-grams as meant, words, pairs and marks count.
GROUPS = (0.2, 0.0, 0.28, 0.1, 0.0)
POWER = 0.5
STRENGTH = 0.05
WANTED = 0.99
INDONESIAN = 300
CARD = {
    "model": "Language of a post: linear support vectors over hashed character 2-5-grams, words and pairs.",
    "data": "NusaX train (CC BY-SA 4.0), SIB-200 train (text CC BY-SA 4.0; its zsm_Latn is the Malay), SmSA train "
    "(Apache-2.0/MIT, Indonesian)",
    "licence": "CC BY-SA 4.0 (weights)",
    "limits": "Malay was learnt from 701 written sentences: Malaysian chat is harder. Below three words the answer is "
    "None. bbc (Toba Batak) and nij (Ngaju) are known too. `mixed` is said only where a text goes over from one "
    "language to another; single foreign words do not make it so.",
}


def fit(data: Path) -> None:
    """Fit, measure and write."""
    valid, written = sets.nusax(data, "valid"), sets.sib200(data, "dev")
    malay = written.where(lambda _text, _label, code: code == "ms")
    held_out = valid + malay
    own = sets.nusax(data, "train") + sets.sib200(data, "train") + sets.smsa(data, "train").some(INDONESIAN)
    sample = own.without(held_out, written)
    texts = Texts.of(sample.texts)
    scaling = Scaling.by_rarity([texts], GROUPS, POWER)
    model = LinearSVC(C=STRENGTH, class_weight="balanced", random_state=0).fit(scaling.apply(texts), sample.languages)
    labels = [str(label) for label in model.classes_]
    shown = model.decision_function(scaling.apply(Texts.of(held_out.texts)))
    truth = np.array([labels.index(code) for code in held_out.languages])
    heat = _heat(shown, truth)
    chance = softmax(shown * heat, axis=1)
    right = chance.argmax(axis=1) == truth
    lines = coverage(chance.max(axis=1), right)
    card: dict[str, object] = CARD | {
        "trained_on": len(sample),
        "labels": labels,
        "macro_f1": {
            "NusaX valid (12 languages) with Malay of SIB-200 dev": _f1(chance, held_out, labels),
            "the same, the ten that the product names and Malay": _f1(chance, held_out, labels, leave=("bbc", "nij")),
            "SIB-200 dev (9 languages)": _f1(
                model.decision_function(scaling.apply(Texts.of(written.texts))), written, labels
            ),
        },
        "sure": threshold(lines, WANTED),
        "coverage": lines,
    }
    weights = scaling.columns[:, None] * model.coef_.T * heat
    Fitted(weights, model.intercept_ * heat, POWER).write(NAME, card, keep=0.01)
    print(NAME, card["macro_f1"], card["sure"], flush=True)


def _heat(shown: Floats, truth: np.ndarray) -> float:
    """Return by what to multiply decisions so that softmax gives honest probabilities on texts not trained on."""
    steps = np.arange(1.0, 12.0, 0.25)
    return float(steps[np.argmin([log_loss(truth, softmax(shown * step, axis=1)) for step in steps])])


def _f1(chance: Floats, sample: Sample, labels: list[str], leave: tuple[str, ...] = ()) -> float:
    guessed = [labels[best] for best in chance.argmax(axis=1)]
    asked = sorted(set(sample.languages) - set(leave))
    return round(float(f1_score(sample.languages, guessed, average="macro", labels=asked)), 4)
