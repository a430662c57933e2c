"""Files that are broken or meant to break something: refused with a reason, or read as far as they can be."""

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from kentongan.core import sniff
from kentongan.core.errors import Invalid
from kentongan.core.imports import Field, workbooks
from kentongan.core.imports.layout import Reader, detect
from kentongan.core.imports.records import Record, delimited, encoding_of, flatten, open_text

FIELDS = (Field("name", "Name", required=True, synonyms=("nama",)), Field("phone", "Phone", synonyms=("hp",)))
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def workbook(path: Path, rows: Iterable[str]) -> Path:
    """Write the smallest workbook with one sheet of these rows."""
    relation = (
        f'<Relationships xmlns="{RELATIONS}"><Relationship Id="a" Type="{OFFICE}/%s" Target="%s"/></Relationships>'
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{TYPES}"/>')
        archive.writestr("_rels/.rels", relation % ("officeDocument", "xl/workbook.xml"))
        sheets = '<sheets><sheet name="Kader" sheetId="1" r:id="a"/></sheets>'
        archive.writestr("xl/workbook.xml", f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{sheets}</workbook>')
        archive.writestr("xl/_rels/workbook.xml.rels", relation % ("worksheet", "worksheets/sheet1.xml"))
        data = "".join(rows)
        sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{data}</sheetData></worksheet>'
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
    return path


HEAD = f'<row r="1">{cell("A1", "nama")}{cell("B1", "hp")}</row>'
ASEP = f'<row r="2">{cell("A2", "Asep")}{cell("B2", "0812")}</row>'


def test_a_workbook_of_our_own_making_is_read(tmp_path: Path) -> None:
    layout = detect(workbook(tmp_path / "a.xlsx", [HEAD, ASEP]), sniff.XLSX, FIELDS)
    assert [record.cells for record in Reader(tmp_path / "a.xlsx", layout)] == [("Asep", "0812")]


@pytest.mark.parametrize("place", ["XFD1048576", "ZZ900000", "AAAAAA1", "A999999999"])
def test_one_cell_far_out_is_refused_before_memory_is_taken(tmp_path: Path, place: str) -> None:
    path = workbook(tmp_path / "bomb.xlsx", [HEAD, ASEP, f"<row>{cell(place, 'x')}</row>"])
    assert path.stat().st_size < 4096
    with pytest.raises(Invalid) as caught:
        detect(path, sniff.XLSX, FIELDS)
    assert caught.value.remedy


def test_a_reference_at_the_edge_of_two_pieces_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = workbook(tmp_path / "bomb.xlsx", [HEAD, f"<row>{cell('XFD1048576', 'x')}</row>"])
    for size in range(70, 90):
        monkeypatch.setattr(workbooks, "CHUNK", size)
        with pytest.raises(Invalid):
            workbooks.refuse_bombs(path)


def test_a_workbook_that_lies_about_its_size_is_damaged(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [HEAD, ASEP * 1000])
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        true = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    assert content.count(true.to_bytes(4, "little")) == 2  # its own header, and the directory
    path.write_bytes(content.replace(true.to_bytes(4, "little"), (600).to_bytes(4, "little")))
    with pytest.raises(Invalid):
        detect(path, sniff.XLSX, FIELDS)


def test_a_workbook_of_zeros_that_unpacks_to_gigabytes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, "UNPACKED_MAX_BYTES", 1 << 20)
    path = workbook(tmp_path / "a.xlsx", [HEAD, " " * (2 << 20)])
    assert path.stat().st_size < 8192
    with pytest.raises(Invalid, match="2 GB"):
        detect(path, sniff.XLSX, FIELDS)


def read(text: str, width: int | None = None) -> list[Record]:
    return list(delimited(io.StringIO(text, newline=""), ";", width))


def test_a_line_of_ten_million_characters_spoils_only_itself() -> None:
    long = "A" * 10_000_000
    found = read(f"nama;hp\nAsep;0812\nBunga{long};0813\n\nCahya;0814\n", 2)
    assert [(record.line, record.cells[0]) for record in found if not record.fault] == [
        (1, "nama"),
        (2, "Asep"),
        (5, "Cahya"),
    ]
    (broken,) = [record for record in found if record.fault]
    assert (broken.line, len(broken.cells[0] or "")) == (3, 2000)  # type: ignore[arg-type]


def test_a_long_line_inside_quotation_marks_spoils_only_its_record() -> None:
    found = read(f'nama;hp\n"Asep\n{"A" * 5_000_000}";0812\nCahya;0814\n', 2)
    assert [record.cells for record in found if not record.fault][-1] == ("Cahya", "0814")
    assert any(record.fault for record in found)


def test_lines_of_two_encodings_in_one_file_are_both_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("nama;hp\nJosé;1\n".encode() + "Müller;2\n".encode("cp1252") + b"Nul\x00;3\n")
    assert encoding_of(path) == "utf-8"
    with path.open("rb") as file:
        found = [record.cells for record in delimited(open_text(file, "utf-8"), ";")]
    assert found == [("nama", "hp"), ("José", "1"), ("Müller", "2"), ("Nul", "3")]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b"nama\nAsep\n", "utf-8"),
        ("nama\nJosé\n".encode(), "utf-8"),
        ("nama\nJosé\n".encode("cp1252"), "cp1252"),
        ("é".encode() * 3000, "utf-8"),
        (b"x" * 4095 + "é".encode() * 600_000, "utf-8"),
        (b"nama\nAsep" + "é".encode()[:1], "cp1252"),
    ],
)
def test_the_encoding_of_a_file(tmp_path: Path, content: bytes, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    assert encoding_of(path) == encoding


def test_half_characters_and_nul_in_json_do_not_reach_the_database() -> None:
    assert flatten({"a\x00\ud800": "b\x00\udfff", "c": ["d\ud83d"], "e": {"f\x00": 1}}) == {
        "a\ufffd": "b\ufffd",
        "c": "d\ufffd",
        "e.f": 1,
    }
