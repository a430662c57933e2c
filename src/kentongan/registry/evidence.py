"""The evidence of a case on paper: for the platform's report and for the authority's."""

import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import typst
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from kentongan.channels import registry as channels
from kentongan.channels import reporting
from kentongan.core import audit, clock, files, printing, verbs
from kentongan.core.errors import NotFound, Unavailable
from kentongan.core.models import StoredFile
from kentongan.registry import queries
from kentongan.registry.models import Account, ImpostorCase, ImpostorReport, Unit
from kentongan.registry.queries import impostors

AUTHORITIES = Path(__file__).with_name("authorities.toml")
ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}
PICTURES = 12
LARGEST = 40 << 20


@cache
def authorities() -> dict[str, list[dict[str, Any]]]:
    """Return `basis` (what a report can rest on) and `authority` (who takes it), each with its source."""
    return tomllib.loads(AUTHORITIES.read_text(encoding="utf-8"))


def _moment(value: Any, unit: Unit) -> str:
    local = timezone.localtime(value, clock.zone(unit.timezone))
    return f"{date_format(local, 'j F Y, H.i')} {clock.abbreviation(unit.timezone)}"


def pdf(case: ImpostorCase, by: str) -> bytes:
    """Return the evidence as a PDF; a picture that cannot be set is named instead of shown."""
    told = list(impostors.reports(case))
    pictures = _pictures(told)
    try:
        return printing.pdf("registry/evidence.typ", _data(case, told, by, list(pictures)), pictures)
    except typst.TypstError:
        if not pictures:
            raise
        return printing.pdf("registry/evidence.typ", _data(case, told, by, []))


def _pictures(told: Iterable[ImpostorReport]) -> dict[str, bytes]:
    """Return the screenshots by the name they get on paper, as many as can be set in reasonable memory."""
    shots = {one.screenshot.sha256: one.screenshot for one in told if one.screenshot}
    found: dict[str, bytes] = {}
    size = 0
    for shot in list(shots.values())[:PICTURES]:
        ending = ENDINGS.get(shot.media_type)
        size += shot.size
        if ending is None or size > LARGEST:
            continue
        if content := _content(shot):
            found[f"{shot.sha256}.{ending}"] = content
    return found


def _content(shot: StoredFile) -> bytes:
    try:
        with files.open(shot) as file:
            return file.read()
    except (NotFound, Unavailable):
        return b""


def _data(case: ImpostorCase, told: Sequence[ImpostorReport], by: str, pictures: list[str]) -> dict[str, Any]:
    unit, law = case.unit, authorities()
    desk = reporting.desk(case.platform)
    return {
        "title": _("Report of an account that pretends to be ours"),
        "lead": f"{case.handle} · {channels.label(case.platform)}",
        "organisation": str(queries.organisation() or ""),
        "printed": _("Made on %(when)s by %(who)s") % {"when": _moment(clock.now(), unit), "who": by},
        "headings": {
            "what": _("The account"),
            "ours": _("The official account, to compare"),
            "told": _("What was told"),
            "shots": _("Screenshots"),
            "done": _("What was done"),
            "basis": _("What the report rests on"),
            "where": _("Where to report it"),
        },
        "what": _facts(case),
        "ours": _official(case),
        "told": [[_moment(one.reported_at, unit), one.what or "–", _shot(one)] for one in told],
        "told_columns": [_("When"), _("What was told"), _("Screenshot (SHA-256)")],
        "shots": pictures,
        "done": [[_moment(one.at, unit), verbs.describe(one.verb), one.who or "–"] for one in _timeline(case)],
        "done_columns": [_("When"), _("What"), _("Who")],
        "basis": [[row["text"], str(row["source"])] for row in law["basis"]],
        "where": [
            *([[channels.label(case.platform), desk.url, desk.source]] if desk else []),
            *[[row["name"], row["url"], str(row["source"])] for row in law["authority"]],
        ],
        "where_columns": [_("Who"), _("Address"), _("Source")],
        "basis_columns": [_("Rule"), _("Source")],
        "none": _("Nothing is noted here."),
    }


def doubts(platform: str) -> list[str]:
    """Return what in the pack nobody has compared with its source yet: for whoever sends it, not for the paper."""
    law, desk = authorities(), reporting.desk(platform)
    found = [row["text"] for row in law["basis"] if not row["verified"]]
    found += [f"{row['name']}: {row['url']}" for row in law["authority"] if not row["verified"]]
    if desk:
        looked_up = _("looked up on %(day)s") % {"day": date_format(desk.checked, "j F Y")}
        found.append(f"{channels.label(platform)}: {desk.url} ({looked_up})")
    return found


def _shot(one: ImpostorReport) -> str:
    """Return the checksum of a report's picture in lines that fit their column."""
    if one.screenshot is None:
        return "–"
    return "\n".join(one.screenshot.sha256[start : start + 16] for start in range(0, 64, 16))


def _facts(case: ImpostorCase) -> list[list[str]]:
    facts = [
        [_("Platform"), channels.label(case.platform)],
        [_("Account"), case.handle],
        [_("Address"), case.url or "–"],
        [_("Unit concerned"), case.unit.name],
        [_("First reported"), _moment(case.opened_at, case.unit)],
        [_("Finding"), case.get_state_display()],
    ]
    if case.decided_at:
        facts.append([_("Decided"), _moment(case.decided_at, case.unit)])
    if case.reason:
        facts.append([_("Why"), case.reason])
    return facts


def _official(case: ImpostorCase) -> list[list[str]]:
    """Return the imitated account, or else all official accounts of the unit concerned."""
    shown = [case.imitates] if case.imitates else list(queries.unit_accounts(case.unit)[:12])
    return [row for account in shown for row in _compared(account)]


def _compared(account: Account) -> list[list[str]]:
    rows = [[channels.label(account.platform), f"{account.known_as}\n{account.url}".strip()]]
    if account.letter:
        rows.append([_("Decision letter"), f"{account.letter.number}, {date_format(account.letter.dated, 'j F Y')}"])
    if account.proven_at:
        rows.append([_("Proven"), _moment(account.proven_at, account.unit)])
    return rows


def _timeline(case: ImpostorCase) -> list[Any]:
    return list(audit.trail(case).order_by("id")[:60])
