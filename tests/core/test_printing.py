"""Sheets of paper: what people typed is set as it is, our typeface is in it, nothing else is read."""

import re
import zlib

import pytest
import typst
from django.utils import translation

from kentongan.core import printing

HOSTILE = [
    '#import "/etc/passwd"',
    "*tebal* _miring_ $x$ <label> @ref",
    '"; #panic("x")',
    "Dusun 𑀓 é 漢字",
    "\\ # // /* */",
    "",
]


def data(**more: object) -> dict[str, object]:
    return {
        "title": "Wajib punya akun #1",
        "organisation": "DPC Kabupaten Bekasi",
        "parts": [
            {"heading": "Kecamatan", "columns": ["Satuan", "Facebook"], "rows": [["Cibitung", "12"]], "numbers": 1}
        ],
        **more,
    }


def objects(content: bytes) -> bytes:
    """Return a PDF with its compressed streams opened."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.S)
    opened = []
    for stream in streams:
        try:
            opened.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return content + b"\n".join(opened)


def test_a_list_becomes_a_pdf_in_our_typeface() -> None:
    content = printing.pdf("core/table.typ", data(figures=[["12", "lengkap"]], signatures=["Ketua", "Sekretaris"]))
    assert content.startswith(b"%PDF-")
    assert b"PlusJakartaSans" in objects(content)


def test_the_language_of_the_reader_is_in_the_document() -> None:
    with translation.override("en"):
        assert re.search(rb"/Lang\s*\(en\)", objects(printing.pdf("core/table.typ", data())))


@pytest.mark.parametrize("text", HOSTILE)
def test_what_people_typed_is_never_source(text: str) -> None:
    part = {"heading": text, "columns": [text, text], "rows": [[text, text]], "empty": text}
    content = printing.pdf("core/table.typ", data(title=text or "-", lead=text, parts=[part], figures=[[text, text]]))
    assert content.startswith(b"%PDF-")


def test_a_long_list_goes_on_over_pages_with_its_headings() -> None:
    rows = [[f"Desa {number}", str(number)] for number in range(2000)]
    content = printing.pdf("core/table.typ", data(parts=[{"columns": ["Desa", "N"], "rows": rows}]))
    assert len(re.findall(rb"/Type\s*/Page\b", objects(content))) > 30


def test_a_sheet_cannot_read_files_of_the_machine() -> None:
    with pytest.raises(typst.TypstError):
        typst.compile({"main.typ": b'#read("/etc/hostname")'})


def test_a_sheet_that_does_not_exist_is_told() -> None:
    with pytest.raises(LookupError):
        printing.pdf("core/nothing.typ", data())


def test_a_pdf_is_a_download() -> None:
    answer = printing.response('rapat "utama"', b"%PDF-1.7")
    assert answer["Content-Disposition"] == 'attachment; filename="rapat_utama.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
