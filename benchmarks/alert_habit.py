"""How often alerts fire on talk that nothing happens to: `python benchmarks/alert_habit.py`.

Made-up counts with a daily and a weekly rhythm, negative binomial: `mean` posts an hour, variance `restless` times as
large. Printed are false alarms a week of one series at each sensitivity, by days of habit; half a minute.
"""

import sys

import numpy as np

from kentongan.listening.alerts.habit import FROM_SCORE, judge

HOURS = np.array((3, 2, 1, 1, 2, 5, 8, 10, 11, 11, 10, 10, 11, 10, 10, 10, 10, 11, 13, 15, 16, 14, 10, 6)) / 10
WEEK = np.array([0.8, 1, 1, 1, 1, 1.1, 1.3])
LEAST, WEEKS = 20, 26


def week(random: np.random.Generator, mean: float, restless: float, days: int) -> np.ndarray:
    """Return counts of so many days and seven more, a row a day."""
    expected = mean * WEEK[np.arange(days + 7) % 7, None] * HOURS[None, :]
    return random.negative_binomial(expected / (restless - 1), 1 / restless)


def alarms(counts: np.ndarray, days: int) -> list[float]:
    """Return the scores of the hours of the last seven days that have enough posts."""
    same = [ago % 7 == 0 for ago in range(1, days + 1)]
    return [
        judge(int(counts[day, hour]), counts[day - days : day, hour][::-1].tolist(), same).score
        for day in range(days, days + 7)
        for hour in range(24)
        if counts[day, hour] >= LEAST
    ]


def main() -> None:
    """Print a line for each length of the habit and each kind of talk."""
    random = np.random.default_rng(5)
    for days in (2, 7, 13, 14, 28):
        for mean, restless in ((20, 3), (100, 3), (100, 10)):
            scores = np.array([s for _ in range(WEEKS) for s in alarms(week(random, mean, restless, days), days)])
            rates = ", ".join(f"{name} {(scores >= least).sum() / WEEKS:.1f}" for name, least in FROM_SCORE.items())
            sys.stdout.write(f"{days} days, {mean} posts an hour, variance x{restless}: {rates}\n")


if __name__ == "__main__":
    main()
