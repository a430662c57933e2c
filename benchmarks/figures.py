"""Figures that compare clusters with the truth."""

from collections import Counter
from collections.abc import Hashable, Sequence

from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

Labels = Sequence[Hashable]


def b_cubed(truth: Labels, guess: Labels) -> float:
    """Return the B-cubed F1."""
    both, true, found = Counter(zip(truth, guess, strict=True)), Counter(truth), Counter(guess)
    total = len(truth)
    precision = sum(n * n / found[g] for (_t, g), n in both.items()) / total
    recall = sum(n * n / true[t] for (t, _g), n in both.items()) / total
    return 2 * precision * recall / (precision + recall)


def summary(truth: Labels, guess: Labels) -> str:
    """Return NMI, ARI and B-cubed F1 as text."""
    return (
        f"NMI {normalized_mutual_info_score(truth, guess):.3f}, ARI {adjusted_rand_score(truth, guess):.3f},"
        f" B3 {b_cubed(truth, guess):.3f}"
    )
