"""What imports keep about somebody who leaves: rejected rows and remarks, and the file itself."""

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

from django.db.models import CharField, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from kentongan.core import files
from kentongan.core.imports.contract import kinds
from kentongan.core.models import ImportReject, ImportRun, StoredFile

Cells = Sequence[Any]
OVER = (ImportRun.State.DONE, ImportRun.State.UNDONE, ImportRun.State.DISCARDED)
# Nothing works on these: they ended, or wait for somebody to go on or to go on undoing, which needs no file.
RESTING = (*OVER, ImportRun.State.STOPPED, ImportRun.State.FAILED, ImportRun.State.UNDOING)
FEWEST = 4  # digits that a hint has, so that it means something


class _Digits(Func):
    """The digits of a text, whatever stands between them."""

    function = "regexp_replace"
    template = "%(function)s(%(expressions)s, '[^0-9]', '', 'g')"
    output_field = CharField()


class _NoApostrophes(Func):
    """A text without apostrophes, which lists set or leave out, and set in several ways."""

    function = "regexp_replace"
    template = "%(function)s(%(expressions)s, '[''`´‘’ʼʻ]', '', 'g')"
    output_field = TextField()


def _without_apostrophes(word: str) -> str:
    return re.sub("['`´‘’ʼʻ]", "", word)


def about_people() -> list[str]:
    """Return the kinds of import that are lists of people."""
    return [kind.name for kind in kinds() if getattr(kind, "about_people", False)]


def erase_files(runs: QuerySet[ImportRun]) -> int:
    """Let the files of these imports, which are at rest, lose their content; part of an action. Returns how many."""
    chosen = dict(runs.values_list("pk", "file_id"))
    wanted = set(chosen.values())
    # The same file may be on its way in a second time.
    others = ImportRun.objects.filter(file_id__in=wanted).exclude(pk__in=chosen)
    going = others.exclude(state__in=OVER).values("file_id")
    return files.erase(StoredFile.objects.filter(pk__in=wanted).exclude(pk__in=going), keep_name=True)


def blank_rows(is_about: Callable[[Cells], bool], *, words: Collection[str] = (), digits: str = "") -> int:
    """Blank the rows of lists of people that were given back and speak of somebody; part of an action.

    `words` and `digits` find rows that may (any of them stands in it, apostrophes left out), `is_about` decides on
    cells and reason of each. Returns how many.
    """
    hints = Q()
    for word in filter(None, map(_without_apostrophes, words)):
        hints |= Q(plain__icontains=word)
    if len(digits) >= FEWEST:
        hints |= Q(numbers__contains=digits)
    if not hints:
        return 0
    said = Concat(Cast("original", TextField()), Value(" "), "reason", output_field=TextField())
    rows = ImportReject.objects.filter(run__kind__in=about_people())
    rows = rows.annotate(plain=_NoApostrophes(said), numbers=_Digits(said))
    found = [row for row in rows.filter(hints).iterator() if is_about([*row.original, row.reason])]
    for row in found:
        row.original, row.reason = [], _("This row was blanked: it was about somebody who left.")
    ImportReject.objects.bulk_update(found, ["original", "reason"], batch_size=500)
    return len(found)
