"""Which zone a place lives in, for things that carry an area code and no zone of their own."""

from datetime import date, datetime, time
from typing import Final

from kentongan.core.clock import Zone, zone

# By the ministry's province codes; every other province, and the country as a whole, keeps WIB.
_CENTRAL: Final = frozenset({"51", "52", "53", "63", "64", "65", "71", "72", "73", "74", "75", "76"})
_EASTERN: Final = frozenset({"81", "82", "91", "92", "93", "94", "95", "96"})


def zone_of(area_code: str) -> str:
    """Return the IANA name of the zone of a dotted area code; WIB for an empty one."""
    province = area_code[:2]
    if province in _CENTRAL:
        return Zone.WITA.value
    return Zone.WIT.value if province in _EASTERN else Zone.WIB.value


def midnight(day: date, timezone: str) -> datetime:
    """Return the first moment of `day` in the zone, aware."""
    return datetime.combine(day, time.min, tzinfo=zone(timezone))
