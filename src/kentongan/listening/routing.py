"""Routing: which agency must answer, learnt in seconds from a sheet of posts that were answered.

Linear support vectors over hashed words, pairs and character n-grams, informal words written out first. Examples of a
rare agency count more, by the square root of how rare it is: the frequent ones do not drown it, nor it them. A model is
a zip archive of plain arrays (.npz); reading one runs no code of its maker.
"""

import json
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from kentongan.core.errors import Invalid
from kentongan.listening.pipeline import features
from kentongan.listening.pipeline.clean import LINK, MENTION, tokens
from kentongan.listening.pipeline.columns import Floats, Ints
from kentongan.listening.pipeline.verdict import Verdict, best

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

FORMAT = "kentongan-route-1"
# How much n-grams as written, n-grams as meant, words, pairs and marks count.
GROUPS = (0.0, 0.7, 1.0, 0.6, 0.3)
STRENGTH, RARITY = 0.3, 0.5
FEWEST_LABELS, MOST_LABELS, FEWEST_ROWS = 2, 1000, 10
MOST_ROWS = 500_000
# The share of rows, the last ones, on which a model is tried before it is fitted to all.
TRIED = 0.1
WANTED = 0.8
# What a model file may hold when it is unpacked, in bytes.
LARGEST = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Tried:
    """How a model did on rows that it had not seen: their number, shares of right answers and macro F1 (0..1)."""

    rows: int
    accuracy: float
    macro_f1: float


@dataclass(frozen=True, slots=True)
class Router:
    """A trained model: `columns` are the features it knows, `rarity` their weights, `weights` columns x labels."""

    labels: list[str]
    columns: Ints
    rarity: NDArray[np.float32]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    heat: float = 1.0
    sure: float = 0.0

    def decide(self, counts: "csr_matrix") -> Floats:
        """Return rows x labels: how much speaks for each."""
        known = _scaled(counts[:, self.columns], self.columns, self.rarity)
        return np.asarray(known @ self.weights + self.bias, float)

    def judge(self, texts: Sequence[object]) -> Verdict:
        """Return the likeliest label of each text."""
        said = self.decide(_counts(texts)) * self.heat
        power = np.exp(said - said.max(axis=1, keepdims=True))
        labels, scores = best(self.labels, power / power.sum(axis=1, keepdims=True))
        return Verdict(labels, scores, scores >= self.sure)


def _counts(texts: Sequence[object]) -> "csr_matrix":
    clean = [MENTION.sub(" ", LINK.sub(" ", "" if text is None else str(text))) for text in texts]
    column = pa.array(clean, pa.string())
    return features.matrix(tokens(column), column)[0]


def _scaled(counts: "csr_matrix", columns: Ints, rarity: NDArray[np.float32]) -> "csr_matrix":
    """Return rows whose kinds of features have each the length that GROUPS gives it."""
    from scipy import sparse

    kind = np.searchsorted(features.EDGES, columns, side="right") - 1
    scaled = counts.astype(np.float32).copy()
    scaled.data = (1 + np.log(scaled.data)) * rarity[scaled.indices]
    rows = np.repeat(np.arange(scaled.shape[0]), np.diff(scaled.indptr))
    lengths = np.zeros((scaled.shape[0], len(GROUPS)))
    np.add.at(lengths, (rows, kind[scaled.indices]), scaled.data**2)
    norm = np.sqrt(np.maximum(lengths, 1e-12))[rows, kind[scaled.indices]]
    scaled.data = (scaled.data / norm * np.array(GROUPS)[kind[scaled.indices]]).astype(np.float32)
    return sparse.csr_matrix(scaled)


def _fit(counts: "csr_matrix", labels: Sequence[str]) -> Router:
    # Seconds to import: only who trains waits for it.
    from sklearn.svm import LinearSVC

    seen = np.bincount(counts.indices, minlength=features.WIDTH)
    columns = np.flatnonzero(seen >= (1 if len(labels) < 2000 else 2))
    columns = columns[np.array(GROUPS)[np.searchsorted(features.EDGES, columns, side="right") - 1] > 0]
    rarity = (np.log((1 + len(labels)) / (1 + seen[columns])) + 1).astype(np.float32)
    known = Counter(labels)
    weights = {label: (len(labels) / len(known) / count) ** RARITY for label, count in known.items()}
    model = LinearSVC(C=STRENGTH, class_weight=weights, random_state=0)
    model.fit(_scaled(counts[:, columns], columns, rarity), labels)
    coef, bias = model.coef_, model.intercept_
    if len(known) == 2:
        coef, bias = np.vstack([-coef, coef]), np.concatenate([-bias, bias])
    return Router(list(map(str, model.classes_)), columns, rarity, coef.T.astype(np.float32), bias.astype(np.float32))


def train(texts: Sequence[object], labels: Sequence[str]) -> tuple[Router, Tried]:
    """Return a model of rows in the order of time, and how one did that had not seen the last tenth of them."""
    _check(labels)
    counts = _counts(texts)
    cut = len(labels) - max(int(len(labels) * TRIED), 1)
    if len(set(labels[:cut])) < FEWEST_LABELS:
        raise _too_few(len(set(labels[:cut])))
    first = _fit(counts[:cut], labels[:cut])
    heat, sure, tried = _try(first, counts[cut:], labels[cut:])
    whole = _fit(counts, labels)
    return Router(whole.labels, whole.columns, whole.rarity, whole.weights, whole.bias, heat, sure), tried


def _check(labels: Sequence[str]) -> None:
    if len(labels) < FEWEST_ROWS:
        raise Invalid(
            _("There are %(rows)s labelled rows; that is too few to learn from.") % {"rows": len(labels)},
            remedy=_("Label at least %(rows)s, better some for each label.") % {"rows": FEWEST_ROWS},
        )
    if len(labels) > MOST_ROWS:
        raise Invalid(
            _("There are %(rows)s labelled rows; more than can be learnt at once.") % {"rows": len(labels)},
            remedy=_("Take the newest %(rows)s.") % {"rows": MOST_ROWS},
        )
    kinds = len(set(labels))
    if kinds < FEWEST_LABELS:
        raise _too_few(kinds)
    if kinds > MOST_LABELS or 2 * kinds > len(labels):
        raise Invalid(
            _("The column holds %(labels)s different labels.") % {"labels": kinds},
            remedy=_("Choose the column that names the agency; there may be %(labels)s.") % {"labels": MOST_LABELS},
        )


def _too_few(kinds: int) -> Invalid:
    return Invalid(
        _("There are %(labels)s different labels; at least two are needed.") % {"labels": kinds},
        remedy=_("Choose the column that names the agency, and a sheet with several of them."),
    )


def _try(router: Router, counts: "csr_matrix", labels: Sequence[str]) -> tuple[float, float, Tried]:
    """Return heat and threshold that make scores honest, and figures, from rows not trained on."""
    from scipy.special import log_softmax
    from sklearn.metrics import f1_score

    said = router.decide(counts)
    place = {label: number for number, label in enumerate(router.labels)}
    truth = np.array([place.get(label, -1) for label in labels])
    guess = said.argmax(axis=1)
    right = guess == truth
    known = np.flatnonzero(truth >= 0)
    heats = np.arange(1.0, 15.0, 0.5)
    losses = [-log_softmax(said * heat, axis=1)[known, truth[known]].mean() if len(known) else 0.0 for heat in heats]
    heat = float(heats[int(np.argmin(losses))])
    scores = np.exp(log_softmax(said * heat, axis=1)).max(axis=1)
    steps = np.arange(0.0, 1.0, 0.05)
    enough = [step for step in steps if (scores >= step).sum() >= 10 and right[scores >= step].mean() >= WANTED]
    names = [router.labels[number] for number in guess]
    macro = float(f1_score(labels, names, average="macro", zero_division=0))
    return heat, float(enough[0] if enough else 0.95), Tried(len(labels), float(right.mean()), macro)


def save(router: Router, path: Path) -> None:
    """Write a model: weights in 8 bits, one scale a label."""
    scale = np.maximum(np.abs(router.weights).max(axis=0), 1e-12) / 127
    card = {"format": FORMAT, "labels": router.labels, "heat": router.heat, "sure": router.sure}
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            card=np.frombuffer(json.dumps(card).encode(), np.uint8),
            columns=router.columns.astype(np.int32),
            rarity=router.rarity.astype(np.float16),
            weights=np.round(router.weights / scale).astype(np.int8),
            scale=scale.astype(np.float32),
            bias=router.bias,
        )


def load(path: Path) -> Router:
    """Read a model; raises Invalid when the file is none, is broken or is of another version."""
    if not path.is_file():
        raise Invalid(_("There is no file %(file)s.") % {"file": path}, remedy=_("Check how its name is spelt."))
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > LARGEST:
                raise ValueError
        with np.load(path, allow_pickle=False) as arrays:
            router = _read({name: arrays[name] for name in arrays.files})
    except (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile, zipfile.LargeZipFile):
        raise Invalid(
            _("%(file)s is not a routing model, or is broken.") % {"file": path.name},
            remedy=_("Train it again: `kentongan lab train --task route`."),
        ) from None
    return router


def _read(arrays: dict[str, np.ndarray]) -> Router:
    card = json.loads(arrays["card"].tobytes())
    labels = [str(label) for label in card["labels"]]
    columns = arrays["columns"].astype(np.int64)
    rarity, bias = arrays["rarity"].astype(np.float32), arrays["bias"].astype(np.float32)
    weights = arrays["weights"].astype(np.float32) * arrays["scale"].astype(np.float32)
    right = (
        card["format"] == FORMAT
        and weights.shape == (len(columns), len(labels))
        and rarity.shape == columns.shape
        and bias.shape == (len(labels),)
        and len(labels) >= FEWEST_LABELS
        and bool(((columns >= 0) & (columns < features.WIDTH)).all())
        and all(np.isfinite(values).all() for values in (weights, rarity, bias))
    )
    if not right:
        raise ValueError
    return Router(labels, columns, rarity, weights, bias, float(card["heat"]), float(card["sure"]))
