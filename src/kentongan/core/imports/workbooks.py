"""Workbooks that would take all memory: refused before anything opens them."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation import gettext as _

from kentongan.core import sniff
from kentongan.core.errors import Invalid

UNPACKED_MAX_BYTES = 2 << 30
CELLS_MAX = 50_000_000
ROWS_MAX, COLUMNS_MAX = 1 << 20, 1 << 14  # those of a sheet
CHUNK = 1 << 20
# A reference such as XFD1048576: the part of a sheet up to its last cell is laid out in memory, empty cells too.
COLUMN = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{1,7})[0-9]""")
ROW = re.compile(rb"""\sr\s*=\s*["'][A-Za-z]{0,7}([0-9]{1,10})["']""")
OVERLAP = 64


def damaged() -> Invalid:
    """Return the refusal of a workbook that cannot be read."""
    return Invalid(
        _("This workbook cannot be read: it is damaged or has a password."),
        remedy=_("Open it in a spreadsheet program and save it anew as .xlsx without a password."),
    )


def refuse_bombs(path: Path) -> None:
    """Raise Invalid for a workbook that is larger than it looks: unpacked, or by one cell far out."""
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > UNPACKED_MAX_BYTES:
                raise Invalid(_("This workbook is larger than 2 GB when unpacked."), remedy=_("Save it as CSV."))
            if any(entry.filename.lower().endswith("workbook.bin") for entry in entries):
                raise Invalid(_("A binary workbook (.xlsb) is not read."), remedy=_("Save it as .xlsx or CSV."))
            for entry in entries:
                _refuse_far_cells(_pieces(archive, entry))
    except (*sniff.BAD_ZIP, zlib.error, EOFError, RuntimeError):  # the last: an entry is encrypted
        raise damaged() from None


def _pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield a file of the archive; one that is longer than it says fails its checksum at the end."""
    with archive.open(entry) as file:
        before = b""
        while piece := file.read(CHUNK):
            yield before + piece
            before = piece[-OVERLAP:]


def _refuse_far_cells(pieces: Iterator[bytes]) -> None:
    width = height = 1
    for piece in pieces:
        width = max([width, *map(_number, set(COLUMN.findall(piece)))])
        height = max([height, *map(int, set(ROW.findall(piece)))])
        if width * height > CELLS_MAX or height > ROWS_MAX or width > COLUMNS_MAX:
            raise Invalid(
                _("A sheet of this workbook reaches to row %(row)d and column %(column)d; most of it is empty.")
                % {"row": height, "column": width},
                remedy=_("Delete what stands far below or right of the table, or save the sheet as CSV."),
            )


def _number(letters: bytes) -> int:
    """Return the number of a column from 1: A is 1, AA is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
