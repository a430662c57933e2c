"""One row of a spreadsheet of posts, read: when, where to, what."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from django.utils.translation import gettext as _

from kentongan.channels import registry as channels
from kentongan.core import clock
from kentongan.core.imports import Cell, RowError
from kentongan.core.imports.values import moment, text
from kentongan.planning.drafts import plain
from kentongan.safeguards.purposes import Purpose

APART = re.compile(r"\s*[;,\n|]\s*")
CLOCK = re.compile(r"(\d{1,2})(?:[.:](\d{2}))?(?:[.:]\d{2})?\s*(WIB|WITA|WIT)?", re.I)
VARIANT = "text_"
TITLE_CHARS, TEXT_CHARS, LINK_CHARS, CODE_CHARS = 200, 20_000, 500, 80
ZONES = {short: zone for zone, short in clock.ABBREVIATIONS.items()} | {zone: zone for zone in clock.ABBREVIATIONS}
PURPOSES = {
    Purpose.SERVICE: ("service", "public service", "layanan", "layanan publik", "informasi"),
    Purpose.CAMPAIGN: ("electioneering", "campaign", "kampanye", "kampanye pemilu"),
}


@dataclass(frozen=True, slots=True)
class PostEntry:
    """A row as it would come in; `day` is a moment when its cell had a zone, and `zone` is "" for the unit's own."""

    day: Cell
    time: time | None
    zone: str
    code: str
    unit: str
    accounts: tuple[str, ...]
    kinds: tuple[str, ...]
    title: str
    texts: tuple[tuple[str, str], ...]
    text: str
    link: str
    purpose: str
    brief: str
    campaign: str
    picture: str
    alt: str

    def due_at(self, zone: tzinfo) -> datetime:
        """Return when it is wanted, in its own zone or else in `zone`; raise RowError."""
        zone = clock.zone(self.zone) if self.zone else zone
        found = moment(self.day, zone)
        if found is None:
            raise RowError(_("“%(cell)s” is not a date.") % {"cell": text(self.day)[:40]})
        if self.time is not None:
            local = found.astimezone(zone)
            found = local.replace(hour=self.time.hour, minute=self.time.minute, second=0, microsecond=0)
        return found

    def text_for(self, kind: str) -> str:
        """Return the text for a channel: its own, or the general one."""
        return dict(self.texts).get(kind) or self.text


def _after_midnight(span: timedelta) -> time:
    """Return the time of day; spreadsheets keep it as a part of a day."""
    minutes = int(span.total_seconds() // 60) % 1440
    return time(minutes // 60, minutes % 60)


def _time(cell: Cell) -> tuple[time | None, str]:
    """Return the time of day that a cell says, and the zone it names; None for an empty one."""
    match cell:
        case None:
            return None, ""
        case datetime():
            return cell.time(), ""
        case time():
            return cell, ""
        case timedelta():
            return _after_midnight(cell), ""
        case float() if 0 <= cell < 1:
            return _after_midnight(timedelta(minutes=round(cell * 1440))), ""
    found = CLOCK.fullmatch(text(cell))
    try:
        if found:
            return time(int(found[1]), int(found[2] or 0)), (found[3] or "").upper()
    except ValueError:
        pass
    raise RowError(_("“%(cell)s” is not a time; write it like 09.30.") % {"cell": text(cell)[:40]})


def _zone(cell: Cell, named: str) -> str:
    said = text(cell) or named
    if not said:
        return ""
    known = {name.casefold(): zone for name, zone in ZONES.items()}
    try:
        return known[said.casefold()]
    except KeyError:
        raise RowError(_("“%(cell)s” is not a time zone; write WIB, WITA or WIT.") % {"cell": said[:40]}) from None


def _kinds(cell: Cell) -> tuple[str, ...]:
    found = []
    for said in filter(None, APART.split(text(cell))):
        names = {str(channel.manifest.label).casefold(): channel.kind for channel in channels.publishing()}
        names |= {channel.kind: channel.kind for channel in channels.publishing()}
        if said.casefold() not in names:
            raise RowError(_("“%(cell)s” is not a channel that can be published to.") % {"cell": said[:40]})
        found.append(names[said.casefold()])
    return tuple(dict.fromkeys(found))


def purpose_of(said: str) -> str:
    """Return the purpose that a word means, "" for none."""
    word = " ".join(said.casefold().split())
    return next((purpose.value for purpose, words in PURPOSES.items() if word in words), "")


def _purpose(cell: Cell) -> str:
    said = text(cell)
    if said and not purpose_of(said):
        raise RowError(
            _("“%(cell)s” is not a purpose; write “public service” or “electioneering”.") % {"cell": said[:40]}
        )
    return purpose_of(said)


def _variants(values: Mapping[str, Cell]) -> tuple[tuple[str, str], ...]:
    found = (
        (name.removeprefix(VARIANT), plain(text(cell))) for name, cell in values.items() if name.startswith(VARIANT)
    )
    return tuple((kind, words) for kind, words in found if words)


def _check_lengths(entry: PostEntry) -> None:
    for words, most in ((entry.title, TITLE_CHARS), (entry.link, LINK_CHARS), (entry.code, CODE_CHARS)):
        if len(words) > most:
            raise RowError(_("“%(cell)s…” is longer than %(most)s characters.") % {"cell": words[:30], "most": most})
    if any(len(words) > TEXT_CHARS for words in (entry.text, *(words for _kind, words in entry.texts))):
        raise RowError(_("The text is longer than %(most)s characters.") % {"most": TEXT_CHARS})


def read(values: Mapping[str, Cell]) -> PostEntry:
    """Return the entry of a row; raise RowError that says what to correct."""
    when, named = _time(values["time"])
    words, variants = plain(text(values["text"])), _variants(values)
    if not words and not variants:
        raise RowError(_("There is no text."))
    link = text(values["link"])
    if link and not link.lower().startswith(("https://", "http://")):
        raise RowError(_("The link has to begin with https://."))
    main = words or variants[0][1]
    entry = PostEntry(
        day=values["date"],
        time=when,
        zone=_zone(values["zone"], named),
        code=text(values["code"]),
        unit=text(values["unit"]),
        accounts=tuple(filter(None, APART.split(text(values["account"])))),
        kinds=_kinds(values["channel"]),
        title=" ".join(text(values["title"]).split()) or _shortened(main),
        texts=variants,
        text=main,
        link=link,
        purpose=_purpose(values["purpose"]),
        brief=" ".join(text(values["brief"]).split()),
        campaign=" ".join(text(values["campaign"]).split()),
        picture=text(values["picture"]),
        alt=" ".join(text(values["picture_text"]).split()),
    )
    entry.due_at(clock.zone("Asia/Jakarta"))  # whether it is a date at all does not depend on the zone
    _check_lengths(entry)
    if entry.picture and len(entry.alt) < 5:
        raise RowError(_("Describe the picture in a few words, for people who cannot see it."))
    return entry


def _shortened(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= 80 else f"{line[:79].rsplit(' ', 1)[0]}…"
