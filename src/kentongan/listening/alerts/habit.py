"""Whether an hour is out of the ordinary: against the same hour of earlier days, the same weekday counting most.

After Farrington and others, "A statistical algorithm for the early detection of outbreaks of infectious disease"
(Journal of the Royal Statistical Society A, 1996): counts on the 2/3 power scale, where they are about normal; an
overdispersed habit, so that what is restless by nature has to rise further; earlier outbreaks weighed down, so that one
week of floods does not hide the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

DAYS = 28
"""How many earlier days are looked at, at most."""
FEWEST_DAYS = 14
"""With fewer, all talk together has no habit yet, and how restless something is cannot be said from its days alone."""
UNSURE_SPREAD = 3.0
"""How restless talk is taken to be at least, as long as too few days say so themselves."""
NEW_LEVEL_DAYS = 3
"""So many days in a row that are outbreaks and agree with each other are no outbreak: that is how it is now."""
FROM_SCORE = {"calm": 8.0, "usual": 5.0, "keen": 3.5}
"""From which score on an hour is out of the ordinary, by how sensitive a rule is."""
OUTBREAK = 2.58
"""From this score on an earlier hour counts less, by the square of its score."""
FLOOR = 0.5
"""What is expected at least: the first post after a silence is no wave."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an hour had, what was expected, and how far apart they are, in standard deviations; `days` of habit."""

    observed: int
    expected: float
    score: float
    days: int


def judge(observed: int, earlier: Sequence[int], weekdays: Sequence[bool]) -> Verdict:
    """Return how unusual a count is, given the counts of the same hour on earlier days and which are its weekday.

    The latest day comes first. Without any, only the floor is expected. What the weekdays say counts the more, the more
    there are. Single outbreaks weigh little; a level that has lasted for days is the habit, and what was before is not.
    """
    counts, same = np.asarray(earlier, float), np.asarray(weekdays, bool)
    lasting = _days_of_new_level(counts, same)
    if lasting:
        counts, same = counts[:lasting], same[:lasting]
    groups = [counts[chosen] for chosen in (same, ~same) if chosen.any()]
    least_spread = UNSURE_SPREAD if len(counts) < FEWEST_DAYS else 1.0
    if not groups:
        return Verdict(observed, FLOOR, _score(observed, FLOOR, least_spread, 1.0), 0)
    spread = _first_spread(groups)
    weights = [np.ones(len(group)) if lasting else _weights(group, spread) for group in groups]
    means = [max(float(np.average(group, weights=own)), FLOOR) for group, own in zip(groups, weights, strict=True)]
    share = same.sum() / (same.sum() + 1) if len(groups) == 2 else 1.0
    expected = share * means[0] + (1 - share) * means[-1]
    restless = np.concatenate([(group - mean) ** 2 / mean for group, mean in zip(groups, means, strict=True)])
    every = np.concatenate(weights)
    spread = max(least_spread, float(np.average(restless, weights=every)))
    enough = float(every.sum() ** 2 / np.square(every).sum())
    return Verdict(observed, expected, _score(observed, expected, spread, 1 + 1 / enough), len(counts))


def judge_young(observed: int, hours: Sequence[int]) -> Verdict:
    """Return how unusual a count is beside the hours of the day before it: for what is too young for a habit."""
    counts = np.asarray(hours, float)
    expected = max(float(counts.mean()), FLOOR)
    spread = max(UNSURE_SPREAD, float(np.mean((counts - expected) ** 2 / expected)))
    return Verdict(observed, expected, _score(observed, expected, spread, 1 + 1 / len(counts)), 0)


def _days_of_new_level(counts: np.ndarray, same: np.ndarray) -> int:
    """Return for how many of the latest days the count has been on a new, higher level; 0 without one."""
    groups = [counts[chosen] for chosen in (same, ~same) if chosen.any()]
    if len(counts) <= NEW_LEVEL_DAYS:
        return 0
    spread = _first_spread(groups)
    usual = [max(float(np.median(counts[same == kind])), FLOOR) for kind in same]
    level = max(float(np.median(counts[:NEW_LEVEL_DAYS])), FLOOR)
    lasting = 0
    for count, before in zip(counts, usual, strict=True):
        risen = _score(count, before, spread, 1.0) > OUTBREAK
        agrees = abs(_score(count, level, max(spread, UNSURE_SPREAD), 1.0)) <= OUTBREAK
        if not (risen and agrees):
            break
        lasting += 1
    return lasting if lasting >= NEW_LEVEL_DAYS else 0


def _first_spread(groups: Sequence[np.ndarray]) -> float:
    """Return how restless the habit is, by medians: an outbreak among the earlier days does not count."""
    off = np.concatenate([np.abs(group - np.median(group)) for group in groups])
    usual = max(float(np.median(np.concatenate(groups))), FLOOR)
    return max(1.0, float((1.4826 * np.median(off)) ** 2 / usual))


def _weights(group: np.ndarray, spread: float) -> np.ndarray:
    usual = max(float(np.median(group)), FLOOR)
    scores = np.array([_score(count, usual, spread, 1.0) for count in group])
    return 1.0 / np.square(np.maximum(scores / OUTBREAK, 1.0))


def _score(count: float, expected: float, spread: float, doubt: float) -> float:
    """Return the distance on the 2/3 power scale; `doubt` is the share of variance that the habit itself adds."""
    deviation = 2 / 3 * expected ** (1 / 6) * (spread * doubt) ** 0.5
    return float((count ** (2 / 3) - expected ** (2 / 3)) / deviation)
