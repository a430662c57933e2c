"""Numbers, changes and times as people read them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from kentongan.web import drawing, formatting
from kentongan.web.templatetags import kentongan as tags

MONDAY = datetime(2026, 11, 23, 7, 32, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _indonesian() -> Iterator[None]:
    with translation.override("id"):
        yield


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0"), (1284, "1.284"), (1522.5, "1.522,5"), (-4300000, "-4.300.000")],
)
def test_numbers_have_indonesian_separators(value: float, written: str) -> None:
    assert formatting.number(value) == written


def test_english_has_its_own_separators() -> None:
    with translation.override("en"):
        assert formatting.number(1522.5) == "1,522.5"
        assert formatting.percent(0.91) == "91%"


@pytest.mark.parametrize(
    ("value", "written"), [(9999, "9.999"), (12400, "12,4 ribu"), (4_300_000, "4,3 juta"), (2_000_000_000, "2 miliar")]
)
def test_large_numbers_are_short(value: int, written: str) -> None:
    assert formatting.compact(value).replace(formatting.NBSP, " ") == written


@pytest.mark.parametrize(
    ("now", "before", "text", "tone"),
    [
        (1260, 210, "▲ 6×", "signal"),
        (3200, 1000, "▲ 3,2×", "signal"),
        (124, 100, "▲ 24 %", "signal"),
        (59, 100, "▼ 41 %", "leaf"),
        (103, 100, "seperti biasa", "plain"),
        (0, 0, "seperti biasa", "plain"),
        (7, 0, "baru", "signal"),
        (None, 100, "belum ada pembanding", "plain"),
        (100, None, "belum ada pembanding", "plain"),
    ],
)
def test_a_change_is_said_in_words(now: int | None, before: int | None, text: str, tone: str) -> None:
    said = formatting.delta(now, before, good="down")
    assert (said.text.replace(formatting.NBSP, " "), said.tone) == (text, tone)


def test_times_name_their_zone() -> None:
    jakarta, jayapura = formatting.zone_of("Asia/Jakarta"), formatting.zone_of("Asia/Jayapura")
    assert formatting.short_when(MONDAY, jakarta, now=MONDAY) == "hari ini 14.32 WIB"
    assert formatting.short_when(MONDAY, jayapura, now=MONDAY) == "hari ini 16.32 WIT"
    assert formatting.short_when(MONDAY - timedelta(days=1), jakarta, now=MONDAY) == "kemarin 14.32 WIB"
    assert formatting.short_when(MONDAY - timedelta(days=3), jakarta, now=MONDAY) == "Jumat 14.32 WIB"
    assert formatting.short_when(MONDAY - timedelta(days=30), jakarta, now=MONDAY).startswith("24 Okt")


def test_the_day_is_the_zones_own() -> None:
    late = datetime(2026, 11, 22, 17, 5, tzinfo=UTC)  # already Monday in Jakarta
    assert formatting.short_when(late, formatting.zone_of("Asia/Jakarta"), now=MONDAY) == "hari ini 00.05 WIB"


def test_missing_is_not_zero() -> None:
    assert tags.number_filter(None) == "–"
    assert tags.number_filter(0) == "0"
    assert "belum dilaporkan" in tags.number(None)
    assert "belum dilaporkan" not in tags.number(0)


values = st.lists(st.one_of(st.none(), st.integers(0, 10**9), st.floats(0, 1e9)), max_size=60)


@given(values)
def test_a_curve_stays_in_its_box_and_skips_what_is_missing(series: list[float | None]) -> None:
    curve = drawing.sparkline(series, 150, 44)
    known = [value for value in series if value is not None]
    assert curve.empty == (not known)
    points = [pair.split(" ") for run in curve.line.split("M") if run for pair in run.split("L")]
    assert len(points) == len(known)
    assert all(0 <= float(x) <= 150 and 0 <= float(y) <= 44 for x, y in points)


def test_a_gap_breaks_the_curve() -> None:
    assert drawing.sparkline([1, None, 2], 150, 44).line.count("M") == 2
    assert drawing.sparkline([1, 0, 2], 150, 44).line.count("M") == 1


@given(st.lists(st.one_of(st.none(), st.integers(0, 10**6)), max_size=30))
def test_tiles_are_graded_by_value(numbers: list[int | None]) -> None:
    graded = drawing.tiles([{"code": "X", "label": "x", "value": number} for number in numbers])
    assert all((tile.level == 0) == (not tile.value) for tile in graded)
    assert all(tile.level <= 5 for tile in graded)
    ordered = sorted((tile for tile in graded if tile.value), key=lambda tile: tile.value or 0)
    assert [tile.level for tile in ordered] == sorted(tile.level for tile in ordered)


@pytest.mark.parametrize(
    ("share", "decimals", "written"),
    [(0.0869, 0, "9%"), (0.9999, 0, "99%"), (0.99996, 2, "99.99%"), (1, 0, "100%"), (0, 0, "0%"), (1.125, 0, "112%")],
)
def test_shares_are_rounded_and_all_means_all(share: float, decimals: int, written: str) -> None:
    with translation.override("en"):
        assert formatting.percent(share, decimals) == written


def test_numbers_are_rounded_and_not_cut_off() -> None:
    with translation.override("en"):
        assert formatting.number(1.29) == "1.3"
        assert formatting.number(999.96) == "1,000.0"
