"""What the registry's sheets of paper say: plain data for `core.printing`."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from kentongan.core import clock
from kentongan.registry.models import Mandate, Organisation
from kentongan.registry.queries import mandates as reads

MOST_NAMES = 500
YES, NO = "✓", "–"


def count(value: int) -> str:
    """Return a number as the reader's language writes it."""
    return number_format(value, force_grouping=True)


def share(part: reads.Share) -> str:
    """Return `12 / 40 (30 %)`, yes or no for a single one, a dash where nobody has to."""
    if part.ratio is None:
        return NO
    if part.total == 1:
        return YES if part.done else NO
    return f"{count(part.done)} / {count(part.total)} ({part.ratio:.0%})".replace("%", " %")


def printed(organisation: Organisation | None) -> dict[str, str]:
    """Return what stands above and below every sheet."""
    zone = clock.zone(organisation.timezone) if organisation else None
    moment = date_format(timezone.localtime(clock.now(), zone), "j F Y H.i")
    return {"organisation": organisation.name if organisation else "", "printed": _("Printed %s") % moment}


def mandate(matrix: reads.Matrix, missing: QuerySet[Any] | None, organisation: Organisation | None) -> dict[str, Any]:
    """Return the sheet of a mandate at a unit: the numbers, and who lacks what where that fits a meeting."""
    given, whole = matrix.mandate, matrix.whole
    labels = [label for _kind, label in given.platform_labels]
    lines = [*([matrix.own] if matrix.own else []), *matrix.below]
    parts = [
        {
            "heading": _("By unit"),
            "columns": [_("Unit"), _("Complete"), *labels],
            "rows": [[line.unit.name, share(line.complete), *map(share, line.platforms.values())] for line in lines],
            "numbers": 1 + len(labels),
            "empty": _("There are no units below this one."),
        }
    ]
    if missing is not None:
        parts.append(_names(given, list(reads.with_held(given, missing[: MOST_NAMES + 1]))))
    return {
        **printed(organisation),
        "title": given.name,
        "lead": _lead(given, matrix),
        "flipped": len(labels) > 3,
        "figures": [
            [share(whole.complete), _("have everything")],
            [count(whole.complete.missing), _("lack something")],
            [count(matrix.overdue_count), _("of them overdue")],
        ],
        "parts": parts,
        "signatures": [_("Noted by"), _("Signed by")],
    }


def _lead(given: Mandate, matrix: reads.Matrix) -> str:
    lead = _("%(unit)s · by %(day)s") % {"unit": matrix.unit.name, "day": date_format(given.due_on, "j F Y")}
    if given.letter:
        number, day = given.letter.number, date_format(given.letter.dated, "j F Y")
        lead += " · " + _("basis: %(number)s of %(day)s") % {"number": number, "day": day}
    return lead


def _names(given: Mandate, rows: list[Any]) -> dict[str, Any]:
    """Return who lacks something, by name; of more than a meeting can read only how many fit is said."""
    labels = [label for _kind, label in given.platform_labels]
    who = [_("Name"), _("Position"), _("Unit")] if given.of_people else [_("Unit")]
    shown = [] if len(rows) > MOST_NAMES else rows
    too_many = _("More than %d lack something: print the sheet of a unit below, or take the list along as XLSX.")
    return {
        "heading": _("Who lacks something"),
        "columns": [*who, *labels],
        "rows": [
            [*_who(given, row), *(YES if getattr(row, reads.HAS + one) else NO for one in given.platforms)]
            for row in shown
        ],
        "widths": [*([3, 2, 3] if given.of_people else [3]), *([1.2] * len(labels))],
        "empty": too_many % MOST_NAMES if rows else _("Nobody: everyone here has everything."),
    }


def _who(given: Mandate, row: Any) -> list[str]:
    return [row.person.full_name, row.title, row.unit.name] if given.of_people else [row.name]
