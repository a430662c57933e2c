"""How far we are ahead of a server, by what its answers say."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from kentongan.channels import server_clock
from kentongan.channels.contract import Absent, Credentials, Found, Post, Sought, Unsure
from kentongan.channels.outcomes import send
from kentongan.core import clock

HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 27, 3, tzinfo=UTC)


def looked_from(headers: dict[str, str], seen: Absent | Unsure | Found) -> list[datetime]:
    """Return from when a post of this moment was looked for, by a server whose answers have those headers."""
    since: list[datetime] = []

    def find(sought: Sought, credentials: Credentials, client: httpx.Client) -> Absent | Unsure | Found:
        since.append(sought.since)
        send(client, client.build_request("GET", "https://contoh.social/"), decides=False)
        return seen

    answers = httpx.MockTransport(lambda request: httpx.Response(200, headers=headers))
    with clock.playing(NOW), httpx.Client(transport=answers) as client:
        sought = Sought(Post("k", "Teks", NOW), NOW)
        assert server_clock.look(find, sought, Credentials({}), client) is seen
    return since


def dated(moment: datetime, **more: str) -> dict[str, str]:
    """Return the headers of an answer."""
    return {"date": format_datetime(moment, usegmt=True)} | more


@pytest.mark.parametrize("seen", [Absent(), Unsure("Tidak jelas")])
def test_by_a_server_behind_ours_it_is_looked_for_from_earlier(seen):
    assert looked_from(dated(NOW - HOUR), seen) == [NOW, NOW - HOUR]


def test_what_was_found_is_looked_for_once():
    assert looked_from(dated(NOW - HOUR), Found("1", "")) == [NOW]


@pytest.mark.parametrize(
    "headers",
    [
        dated(NOW),
        dated(NOW + HOUR),
        dated(NOW - HOUR, age="3600"),
        dated(NOW - timedelta(days=2)),
        {},
        {"date": "kemarin"},
        {"date": "Fri, 27 Nov 99999999999 03:00:00 GMT"},
        {"date": "Fri, 27 Nov 0000 03:00:00 GMT"},
    ],
    ids=["the same", "ahead of ours", "kept by a cache", "no clock", "none", "words", "no year", "year nought"],
)
def test_what_says_nothing_of_our_clock_changes_nothing(headers):
    assert looked_from(headers, Absent()) == [NOW]
