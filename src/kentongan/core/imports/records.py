"""Records of text files, streamed: delimited text and JSON, however badly they were written."""

import codecs
import csv
import io
import json
import re
import unicodedata
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from django.utils.translation import gettext as _

from kentongan.core.errors import Invalid
from kentongan.core.imports.contract import Cell
from kentongan.core.imports.values import readable

RECORD_MAX_LINES = 500
RECORD_MAX_CHARS = 1 << 20
LINE_MAX_CHARS = 4 << 20
SHOWN_CHARS = 2000
JSON_CHUNK = 1 << 18
JSON_MAX_DOCUMENT = 64 << 20
STRAY_CHARS = 2
STRAY_SHARE = 0.05
NO_TEXT = frozenset({"Cc", "Cn", "Co"})  # control, unassigned, private use
JSON_BETWEEN = re.compile(r"[\s,\[\]\ufeff]*")
csv.field_size_limit(LINE_MAX_CHARS)


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it stands in the file: its line (or row) number from 1, its cells; `fault` when unreadable.

    `sheet` tells it apart from the same line of another sheet, where several are read together.
    """

    line: int
    cells: tuple[Cell, ...]
    fault: str = ""
    sheet: str = ""


class Meter:
    """Tells which share of a file has been read, 0 to 1."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.file, self.size = file, size

    def fraction(self) -> float:
        """Return the share read; a decoder reads ahead by some kilobytes."""
        if self.file.closed or not self.size:
            return 1.0
        return min(self.file.tell() / self.size, 1.0)


class Runaway(Exception):
    """A record has swallowed more lines than any honest one has: a quotation mark that is never closed."""


class _Cut(str):
    """The beginning of a line that is longer than any honest one; the rest was read over."""

    __slots__ = ()


def _whole_line(file: TextIO) -> str:
    """Return the next line, "" at the end; of one that is too long its beginning, as _Cut."""
    line = file.readline(LINE_MAX_CHARS)
    if len(line) < LINE_MAX_CHARS or line.endswith("\n"):
        return line
    while (more := file.readline(LINE_MAX_CHARS)) and not more.endswith("\n"):
        continue
    return _Cut(line[:SHOWN_CHARS] + "\n")


def _too_long() -> str:
    return _("This line is longer than 4 million characters.")


class _Lines:
    """The physical lines of a file for csv.reader, remembered for as long as their record is not complete."""

    END = "\x00\n"

    def __init__(self, file: TextIO) -> None:
        self.file = file
        self.again: deque[str] = deque()
        self.taken: list[str] = []
        self.number = 0
        self.ended = self.cut = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if self.ended:
            raise StopIteration
        if len(self.taken) >= RECORD_MAX_LINES or sum(map(len, self.taken)) > RECORD_MAX_CHARS:
            raise Runaway
        line = self.again.popleft() if self.again else self._read()
        if not line:
            # A last line that no file can hold (NUL is taken out below): an open quotation mark swallows it too.
            self.ended = True
            line = self.END
        elif "\x00" in line:
            line = line.replace("\x00", "")
        self.taken.append(line)
        return line

    def _read(self) -> str:
        line = _whole_line(self.file)
        if isinstance(line, _Cut):
            self.cut = True
            return _Cut(line.replace('"', "").replace("\x00", ""))
        return line

    @property
    def too_long(self) -> bool:
        """Whether one of the lines of this record was cut."""
        return self.cut and any(isinstance(line, _Cut) for line in self.taken)

    def complete(self) -> int:
        """Forget the lines of the record just read; return the number of its first line."""
        first = self.number + 1
        self.number += len(self.taken)
        self.taken.clear()
        return first

    def give_back(self) -> tuple[int, str]:
        """Keep only the first line of the broken record, to be read over from the second; return number and line."""
        first, *rest = self.taken
        self.again.extendleft(reversed([line for line in rest if line is not self.END]))
        self.taken.clear()
        self.number += 1
        self.ended = False
        return self.number, first


def _literal(number: int, line: str, delimiter: str, width: int | None) -> Record:
    """Return a line whose quotation marks do not pair up: taken as they stand if the cells are right in number."""
    bare = line.rstrip("\r\n")
    cells = bare.split(delimiter)
    if width is not None and len(cells) == width:
        return Record(number, tuple(cells))
    return Record(number, (bare[:SHOWN_CHARS],), _("A quotation mark is opened and never closed."))


def delimited(file: TextIO, delimiter: str, width: int | None = None) -> Iterator[Record]:
    """Yield the records of delimited text; `file` was opened with newline="", `width` is the number of columns.

    Blank lines are left out but counted. A quotation mark that is never closed spoils at most its own line: the
    lines that it swallowed are read over.
    """
    lines = _Lines(file)
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        try:
            cells = next(reader)
            if len(lines.taken) > 1 and (lines.ended or _is_merged(lines.taken, delimiter, width)):
                raise Runaway
        except StopIteration:
            return
        except (Runaway, csv.Error):
            number, line = lines.give_back()
            yield _literal(number, line, delimiter, width)
            reader = csv.reader(lines, delimiter=delimiter)
            continue
        if lines.ended:
            return
        too_long = lines.too_long
        number = lines.complete()
        if too_long:
            yield Record(
                number, (delimiter.join(cells)[:SHOWN_CHARS],), _("This line is longer than 4 million characters.")
            )
        elif any(cells):
            yield Record(number, tuple(cells))


def _is_merged(taken: list[str], delimiter: str, width: int | None) -> bool:
    """Whether quotation marks that were meant literally have made one record of several lines.

    Then the first line has the right number of cells by itself, and the marks stand where no writer puts them.
    """
    if width is None or taken[0].count(delimiter) + 1 != width:
        return False
    try:
        list(csv.reader(taken, delimiter=delimiter, strict=True))
    except csv.Error:
        return True
    return False


def flatten(value: Mapping[str, Any], prefix: str = "") -> dict[str, Cell]:
    """Return a JSON object with its inner objects' keys joined by dots; lists become text."""
    flat: dict[str, Cell] = {}
    for said, inner in value.items():
        key = readable(said)
        match inner:
            case dict():
                flat |= flatten(inner, f"{prefix}{key}.")
            case list():
                plain = all(isinstance(part, str | int | float) for part in inner)
                text = ", ".join(map(str, inner)) if plain else json.dumps(inner, ensure_ascii=False)
                flat[prefix + key] = readable(text)
            case str():
                flat[prefix + key] = readable(inner)
            case _:
                flat[prefix + key] = inner
    return flat


def json_lines(file: TextIO) -> Iterator[tuple[int, Any, str]]:
    """Yield (line, value, fault) of a file with one JSON value a line."""
    number = 0
    while line := _whole_line(file):
        number += 1
        if isinstance(line, _Cut):
            yield number, line.strip(), _too_long()
            continue
        if not line.strip():
            continue
        try:
            yield number, json.loads(line), ""
        except (ValueError, RecursionError):
            yield number, line.strip()[:SHOWN_CHARS], _("This line is not JSON.")


def json_values(file: TextIO) -> Iterator[tuple[int, Any, str]]:
    """Yield (ordinal, value, fault) of a JSON array, or of JSON values that follow each other, in constant memory."""
    decoder, buffer, at, count, ended = json.JSONDecoder(), "", 0, 0, False
    while True:
        skipped = JSON_BETWEEN.match(buffer, at)
        at = skipped.end() if skipped else at
        try:
            value, end = decoder.raw_decode(buffer, at)
            if end == len(buffer) and not ended:
                raise ValueError  # a number may go on in the next piece
        except (ValueError, RecursionError):
            buffer, at = buffer[at:], 0
            if not ended and len(buffer) < JSON_MAX_DOCUMENT:
                piece = file.read(max(JSON_CHUNK, len(buffer)))
                ended = not piece
                buffer += piece
                continue
            if buffer:
                yield count + 1, buffer[:SHOWN_CHARS], _("From here on the file is not JSON.")
            return
        count += 1
        yield count, value, ""
        at = end


def json_document(file: TextIO) -> Iterator[tuple[int, Any, str]]:
    """Yield (ordinal, value, fault) of the longest list of objects inside one JSON object."""
    content = file.read(JSON_MAX_DOCUMENT)
    if file.read(1):
        raise Invalid(
            _("This JSON file is one object of more than 64 MB."), remedy=_("Save it as JSON lines: one object a line.")
        )
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise Invalid(_("This file is not JSON."), remedy=_("Export it anew from the tool it comes from.")) from None
    for ordinal, value in enumerate(_longest(_lists(document)) or [document], start=1):
        yield ordinal, value, ""


def _longest(lists: Iterator[list[Any]]) -> list[Any]:
    return max(lists, key=lambda found: len(found), default=[])


def _lists(value: Any, depth: int = 0) -> Iterator[list[Any]]:
    if isinstance(value, list):
        if value and isinstance(value[0], dict):
            yield value
    elif isinstance(value, dict) and depth < 4:
        for inner in value.values():
            yield from _lists(inner, depth + 1)


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    """Read what is no UTF-8 as Windows writes it: lists are pasted together from files of several programs."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("kentongan.cp1252", _as_cp1252)


def open_text(file: BinaryIO, encoding: str) -> TextIO:
    """Return a reader of text over `file` that never fails on a wrong byte and leaves the ends of lines as they are."""
    errors = "kentongan.cp1252" if encoding.startswith("utf-8") else "replace"
    return io.TextIOWrapper(file, encoding=encoding, errors=errors, newline="")


def is_text(sample: str) -> bool:
    """Whether decoded bytes were text: a stray NUL may be, what cp1252 or UTF-16 makes of binary content is not."""
    strange = sum(
        char == "\ufffd" or (char not in "\t\n\v\f\r" and unicodedata.category(char) in NO_TEXT) for char in sample
    )
    return strange <= max(STRAY_CHARS, STRAY_SHARE * len(sample))


def encoding_of(path: Path) -> str:
    """Return how a text file is encoded: by its byte-order mark, by where its zeros are, else UTF-8 or cp1252.

    Where lines of both stand in one file it is UTF-8; `open_text` reads the others.
    """
    with path.open("rb") as file:
        head = file.read(4096)
        for mark, name in (
            (codecs.BOM_UTF8, "utf-8-sig"),
            (codecs.BOM_UTF16_LE, "utf-16"),
            (codecs.BOM_UTF16_BE, "utf-16"),
        ):
            if head.startswith(mark):
                return name
        if head.count(0) > len(head) // 4:
            return "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"
        return "utf-8" if _is_utf8(file, head) else "cp1252"


def _is_utf8(file: BinaryIO, head: bytes) -> bool:
    """Whether all is UTF-8, or (with something else between) some of it."""
    strict, lenient = codecs.getincrementaldecoder("utf-8")(), codecs.getincrementaldecoder("utf-8")("ignore")
    whole, some, chunk = True, False, head
    while chunk:
        if whole:
            try:
                strict.decode(chunk)
            except UnicodeDecodeError:
                whole = False
        some = some or not lenient.decode(chunk).isascii()
        if some and not whole:
            return True
        chunk = file.read(1 << 20)
    return some or (whole and not strict.getstate()[0])
