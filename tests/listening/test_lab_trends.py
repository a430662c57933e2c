"""`kentongan lab trends`: each hour of a file against the same hour of its earlier days."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kentongan import cli

MONDAY = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return a function that looks for trends in rows of (time, topic) and returns the exit code."""
    monkeypatch.setenv("LANG", "C")

    def look(rows: list[tuple[str, str]], *more: str) -> int:
        with (tmp_path / "in.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("created_at", "topic"), *rows])
        with pytest.raises(SystemExit) as end:
            cli.main(["lab", "trends", str(tmp_path / "in.csv"), "--out", str(tmp_path / "out.csv"), *more])
        return int(end.value.code or 0)

    return look


def found(tmp_path: Path) -> list[dict[str, str]]:
    with (tmp_path / "out.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def posts(at: datetime, count: int, topic: str = "floods") -> list[tuple[str, str]]:
    return [((at + timedelta(seconds=n)).isoformat(), topic) for n in range(count)]


def test_a_burst_is_unusual_and_what_comes_every_day_is_not(ended: Callable[..., int], tmp_path: Path):
    usual = [row for day in range(14) for row in posts(MONDAY + day * DAY, 30)]
    assert ended([*usual, *posts(MONDAY + 14 * DAY, 200)]) == 0
    hours = found(tmp_path)
    assert len(hours) == 15
    assert [row["hour"] for row in hours if row["unusual"] == "True"] == [(MONDAY + 14 * DAY).isoformat()]
    assert (hours[-1]["posts"], hours[-1]["expected"], hours[-1]["days"]) == ("200", "30.0", "14")


def test_groups_are_counted_apart(ended: Callable[..., int], tmp_path: Path):
    usual = [row for day in range(14) for row in posts(MONDAY + day * DAY, 30, "roads")]
    burst = posts(MONDAY + 14 * DAY, 30, "roads") + posts(MONDAY + 14 * DAY + HOUR, 60, "floods")
    assert ended(usual + burst, "--by", "topic") == 0
    assert [row["group"] for row in found(tmp_path) if row["unusual"] == "True"] == ["floods"]


def test_without_enough_days_nothing_is_unusual(ended: Callable[..., int], tmp_path: Path):
    assert ended(posts(MONDAY, 30) + posts(MONDAY + DAY, 500)) == 0
    assert not [row for row in found(tmp_path) if row["unusual"] == "True"]
    assert ended(posts(MONDAY, 30) + posts(MONDAY + DAY, 500), "--days", "1") == 0
    assert [row["posts"] for row in found(tmp_path) if row["unusual"] == "True"] == ["500"]


@pytest.mark.parametrize("time", ["kemarin", ""])
def test_a_row_without_a_time_is_refused(
    ended: Callable[..., int], tmp_path: Path, time: str, capsys: pytest.CaptureFixture[str]
):
    assert ended([*posts(MONDAY, 2), (time, "roads")]) != 0
    assert "Row 3" in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()


def test_an_empty_file_and_a_missing_column_are_told(ended: Callable[..., int], capsys: pytest.CaptureFixture[str]):
    assert ended(posts(MONDAY, 2), "--by", "wilayah") != 0
    assert "wilayah" in capsys.readouterr().err
