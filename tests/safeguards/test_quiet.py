"""When a quiet period holds: whole days, in the zone of the place."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kentongan.core.clock import Zone, zone
from kentongan.safeguards.quiet import Span, holding
from kentongan.safeguards.zones import midnight, zone_of

PILKADA = Span(1, "Masa tenang", "Pilkada 2024", date(2024, 11, 24), date(2024, 11, 26))
VOTING_DAY = Span(2, "Hari pemungutan suara", "Pilkada 2024", date(2024, 11, 27), date(2024, 11, 27))
BEKASI, DENPASAR, JAYAPURA = "32.16", "51.71", "91.71"
ZONES = {BEKASI: Zone.WIB, DENPASAR: Zone.WITA, JAYAPURA: Zone.WIT}
TICK = timedelta(microseconds=1)

days = st.dates(date(2020, 1, 1), date(2040, 12, 31))
moments = st.datetimes(datetime(2020, 1, 2), datetime(2040, 12, 30), timezones=st.just(UTC))
places = st.sampled_from(sorted(ZONES))


@pytest.mark.parametrize(
    ("area", "first", "after_last"),
    [
        (BEKASI, "2024-11-23T17:00:00+00:00", "2024-11-26T17:00:00+00:00"),
        (DENPASAR, "2024-11-23T16:00:00+00:00", "2024-11-26T16:00:00+00:00"),
        (JAYAPURA, "2024-11-23T15:00:00+00:00", "2024-11-26T15:00:00+00:00"),
    ],
)
def test_both_midnights_in_each_zone(area: str, first: str, after_last: str) -> None:
    start, end = datetime.fromisoformat(first), datetime.fromisoformat(after_last)
    assert holding([PILKADA], start - TICK, area) is None
    assert holding([PILKADA], start, area) is not None
    held = holding([PILKADA], end - TICK, area)
    assert held is not None
    assert held.until == end
    assert holding([PILKADA], end, area) is None


def test_the_same_instant_is_quiet_in_jayapura_and_not_yet_in_jakarta() -> None:
    instant = datetime(2024, 11, 23, 15, 30, tzinfo=UTC)
    assert holding([PILKADA], instant, JAYAPURA)
    assert holding([PILKADA], instant, DENPASAR) is None
    assert holding([PILKADA], instant, BEKASI) is None


def test_the_units_own_zone_goes_before_the_provinces() -> None:
    instant = datetime(2024, 11, 23, 15, 30, tzinfo=UTC)
    assert holding([PILKADA], instant, BEKASI, Zone.WIT.value)
    assert holding([PILKADA], instant, JAYAPURA, Zone.WIB.value) is None


def test_periods_that_touch_hold_as_one_so_nothing_fires_on_voting_day() -> None:
    held = holding([PILKADA, VOTING_DAY], datetime(2024, 11, 24, 5, tzinfo=UTC), BEKASI)
    assert held is not None
    assert held.span == PILKADA
    assert held.until == midnight(date(2024, 11, 28), Zone.WIB.value)


@pytest.mark.parametrize(
    ("area", "holds"),
    [
        ("32.16", True),
        ("32.16.09", True),
        ("32.16.09.2001", True),
        ("32.1", False),
        ("32.160", False),
        ("32", False),
        ("", False),
    ],
)
def test_an_area_holds_for_itself_and_what_is_below(area: str, holds: bool) -> None:
    local = Span(3, "Masa tenang", "Pemungutan suara ulang", date(2025, 4, 1), date(2025, 4, 3), "32.16")
    assert bool(holding([local], datetime(2025, 4, 2, 3, tzinfo=UTC), area)) is holds


@given(at=moments, area=places, start=days, length=st.integers(0, 10))
def test_it_holds_exactly_from_the_first_midnight_to_the_last(
    at: datetime, area: str, start: date, length: int
) -> None:
    span = Span(1, "Masa tenang", "Pemilu", start, start + timedelta(days=length))
    zone_name = ZONES[area].value
    opens = midnight(start, zone_name)
    closes = midnight(start + timedelta(days=length + 1), zone_name)
    held = holding([span], at, area)
    assert (held is not None) == (opens <= at < closes)
    if held is not None:
        assert held.until == closes


@given(
    at=moments,
    area=places,
    starts=st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 4)), min_size=1, max_size=6),
)
def test_when_the_hold_ends_nothing_holds_and_until_then_something_always_does(
    at: datetime, area: str, starts: list[tuple[int, int]]
) -> None:
    today = at.date()
    spans = [
        Span(n, "Masa tenang", "Pemilu", today + timedelta(days=offset), today + timedelta(days=offset + length))
        for n, (offset, length) in enumerate(starts)
    ]
    held = holding(spans, at, area)
    if held is None:
        return
    assert held.until > at
    assert holding(spans, held.until, area) is None
    moment = at
    while moment < held.until:
        assert holding(spans, moment, area) is not None
        moment += timedelta(hours=12)


@pytest.mark.parametrize(
    ("area", "expected"),
    [("", Zone.WIB), ("11", Zone.WIB), ("61.71", Zone.WIB), ("62", Zone.WIB), ("64.72", Zone.WITA), ("82", Zone.WIT)],
)
def test_zone_of_a_province(area: str, expected: Zone) -> None:
    assert zone_of(area) == expected.value
    assert zone(zone_of(area)) is not None
