"""What imports keep about somebody who leaves: rejected rows and remarks, and the file itself."""

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
FEWEST = 4  # letters or digits that a hint has, so that it means something


class _Digits(Func):
    """The digits of a text, whatever stands between them."""

    function = "regexp_replace"
    template = "%(function)s(%(expressions)s, '[^0-9]', '', 'g')"
    output_field = CharField()


def about_people() -> list[str]:
    """Return the kinds of import that are lists of people."""
    return [kind.name for kind in kinds() if getattr(kind, "about_people", False)]


def erase_files(runs: QuerySet[ImportRun]) -> int:
    """Let the files of these ended imports lose their content; part of an action. Returns how many."""
    wanted = set(runs.values_list("file_id", flat=True))
    # The same file may be on its way in a second time.
    going = ImportRun.objects.filter(file_id__in=wanted).exclude(state__in=OVER).values("file_id")
    return files.erase(StoredFile.objects.filter(pk__in=wanted).exclude(pk__in=going), keep_name=True)


def blank_rows(is_about: Callable[[Cells], bool], *, words: Collection[str] = (), digits: str = "") -> int:
    """Blank the rows of lists of people that were given back and speak of somebody; part of an action.

    `words` and `digits` find rows that may (any of them stands in it), `is_about` decides on cells and reason of each.
    Returns how many.
    """
    hints = Q()
    for word in words:
        hints |= Q(said__icontains=word) if len(word) >= FEWEST else Q()
    if len(digits) >= FEWEST:
        hints |= Q(numbers__contains=digits)
    if not hints:
        return 0
    said = Concat(Cast("original", TextField()), Value(" "), "reason", output_field=TextField())
    rows = ImportReject.objects.filter(run__kind__in=about_people()).annotate(said=said, numbers=_Digits(said))
    found = [row for row in rows.filter(hints).iterator() if is_about([*row.original, row.reason])]
    for row in found:
        row.original, row.reason = [], _("This row was blanked: it was about somebody who left.")
    ImportReject.objects.bulk_update(found, ["original", "reason"], batch_size=500)
    return len(found)
