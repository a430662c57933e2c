"""The calendar as an iCalendar file (RFC 5545), for the calendar programs of phones and desks."""

from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone
from icalendar import Calendar, Event

from kentongan.core import clock
from kentongan.planning.calendar.contract import Entry

LENGTH = timedelta(minutes=15)
AGAIN = timedelta(minutes=30)
STATUS = {"published": "CONFIRMED", "ready": "CONFIRMED", "recalled": "CANCELLED"}


def write(name: str, entries: Iterable[Entry]) -> bytes:
    """Return the file; times are in the viewer's zone, whose rules are in the file."""
    found = Calendar()
    found.add("prodid", "-//Kentongan//Kalender//ID")
    found.add("version", "2.0")
    found.add("method", "PUBLISH")
    found.add("x-wr-calname", name)
    found.add("x-wr-timezone", timezone.get_current_timezone_name())
    found.add("refresh-interval", AGAIN, parameters={"VALUE": "DURATION"})
    for entry in entries:
        found.add_component(_event(entry))
    found.add_missing_timezones()
    return bytes(found.to_ical())


def _event(entry: Entry) -> Event:
    event, start = Event(), timezone.localtime(entry.at)
    event.add("uid", f"{entry.source}-{entry.pk}@{urlsplit(settings.PUBLIC_URL).hostname}")
    event.add("dtstamp", clock.now())
    event.add("dtstart", start)
    event.add("dtend", start + LENGTH)
    event.add("summary", f"{entry.title} ({entry.label})")
    event.add("description", " · ".join(part for part in (entry.unit, entry.account, entry.label) if part))
    event.add("url", f"{settings.PUBLIC_URL}{entry.url}")
    event.add("status", STATUS.get(entry.state, "TENTATIVE"))
    event.add("transp", "TRANSPARENT")
    return event
