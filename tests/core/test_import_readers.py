"""Files as tools and offices really write them: delimited text, JSON, workbooks."""

import csv
import io
import json
import random
import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from kentongan.core import sniff
from kentongan.core.errors import Invalid
from kentongan.core.imports.contract import Field
from kentongan.core.imports.layout import Layout, Reader, detect
from kentongan.core.imports.records import Record, delimited
from kentongan.core.imports.values import looks_like_moment, looks_like_prose, moment, number

FIELDS = (
    Field("text", "Teks", required=True, synonyms=("tweet", "isi", "content"), guess=looks_like_prose),
    Field("published_at", "Waktu", required=True, synonyms=("tanggal", "created at", "date"), guess=looks_like_moment),
    Field("author", "Penulis", synonyms=("username", "user.screen_name", "akun")),
)


def write(tmp_path: Path, name: str, content: bytes | str) -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path: Path, sheet: str = "") -> tuple[Layout, list[Record]]:
    layout = detect(path, sniff.media_type(path), FIELDS, sheet)
    return layout, list(Reader(path, layout))


def cells(records: list[Record]) -> list[tuple[Any, ...]]:
    return [record.cells for record in records if not record.fault]


BODY = "username,tanggal,isi\nwulan,2026-11-20 08:00,Jalan Tegal Danas berlubang\narif,2026-11-20 09:30,Tél: 021–88\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_every_encoding_reads_the_same(tmp_path: Path, encoding: str) -> None:
    layout, rows = read(write(tmp_path, "a.csv", BODY.encode(encoding)))
    assert layout.columns == ("username", "tanggal", "isi")
    assert cells(rows)[1] == ("arif", "2026-11-20 09:30", "Tél: 021–88")
    assert [row.line for row in rows] == [2, 3]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_delimiter_and_line_end(tmp_path: Path, delimiter: str, ending: str) -> None:
    body = BODY.replace(",", delimiter).replace("\n", ending)
    layout, rows = read(write(tmp_path, "a.csv", body))
    assert (layout.delimiter, layout.columns) == (delimiter, ("username", "tanggal", "isi"))
    assert len(cells(rows)) == 2


def test_excel_hint_and_title_block_are_passed_over(tmp_path: Path) -> None:
    body = (
        "sep=;\nLaporan Pemantauan Media\n\nPeriode;November 2026\nUsername;Tanggal;Isi\nwulan;20/11/2026;Banjir lagi\n"
    )
    layout, rows = read(write(tmp_path, "a.csv", body))
    assert layout.columns == ("Username", "Tanggal", "Isi")
    assert cells(rows) == [("wulan", "20/11/2026", "Banjir lagi")]
    assert rows[0].line == 6


def test_file_without_headings_keeps_its_first_row(tmp_path: Path) -> None:
    body = (
        "1001,2026-11-20 08:00,Jalan Tegal Danas berlubang lagi\n1002,2026-11-20 09:00,Antre KTP dari subuh di kantor\n"
    )
    layout, rows = read(write(tmp_path, "a.csv", body))
    assert layout.header == -1
    assert len(rows) == 2
    assert len(set(layout.columns)) == 3


def test_quoted_newlines_nul_and_ragged_rows(tmp_path: Path) -> None:
    body = 'username,isi\nwulan,"baris satu\nbaris ""dua"""\narif,a\x00b\ndewi\n\nsari,x,y\n'
    _layout, rows = read(write(tmp_path, "a.csv", body))
    assert cells(rows) == [("wulan", 'baris satu\nbaris "dua"'), ("arif", "ab"), ("dewi",), ("sari", "x", "y")]
    assert [row.line for row in rows] == [2, 4, 5, 7]


def test_open_quotation_mark_spoils_its_own_line_only(tmp_path: Path) -> None:
    lines = ["username,tanggal,isi", 'wulan,2026-11-20,"tidak ditutup']
    lines += [f"arif{index},2026-11-20,baris {index}" for index in range(2000)]
    _layout, rows = read(write(tmp_path, "a.csv", "\n".join(lines)))
    assert cells(rows)[0] == ("wulan", "2026-11-20", '"tidak ditutup')
    assert cells(rows)[1:] == [(f"arif{index}", "2026-11-20", f"baris {index}") for index in range(2000)]


def test_open_quotation_mark_with_wrong_cells_is_a_fault(tmp_path: Path) -> None:
    _layout, rows = read(write(tmp_path, "a.csv", 'username,tanggal,isi\n"wulan,2026\narif,2026-11-20,aman\n'))
    assert [bool(row.fault) for row in rows] == [True, False]
    assert rows[1] == Record(3, ("arif", "2026-11-20", "aman"))


def test_literal_quotation_marks_of_two_lines_do_not_merge_them(tmp_path: Path) -> None:
    body = 'username\ttanggal\tisi\nwulan\t2026\t"Banjir kata warga\narif\t2026\tpukul 5" pagi\ndewi\t2026\taman\n'
    _layout, rows = read(write(tmp_path, "a.tsv", body))
    assert [row.cells[0] for row in rows] == ["wulan", "arif", "dewi"]


def test_very_long_cell_comes_through(tmp_path: Path) -> None:
    long = "panjang " * 60_000
    _layout, rows = read(write(tmp_path, "a.csv", f"username,isi\nwulan,{long}\narif,pendek saja\n"))
    assert [len(str(row.cells[1])) for row in rows] == [len(long), 11]


TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=30)


@settings(max_examples=300)
@given(st.lists(st.lists(TEXT, min_size=3, max_size=3), max_size=12), st.sampled_from(",;\t|"))
def test_what_a_csv_writer_writes_is_read_back(rows: list[list[str]], delimiter: str) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter).writerows(rows)
    file.seek(0)
    found = list(delimited(file, delimiter, 3))
    assert [list(record.cells) for record in found] == [row for row in rows if any(row)]
    assert not any(record.fault for record in found)


@settings(max_examples=300)
@given(st.text(st.sampled_from('ab",\n\r;\x00 '), max_size=200), st.none() | st.integers(1, 4))
def test_no_text_breaks_the_reader_and_no_line_is_lost(text: str, width: int | None) -> None:
    found = list(delimited(io.StringIO(text, newline=""), ",", width))
    assert [record.line for record in found] == sorted({record.line for record in found})
    letters = sum(text.count(letter) for letter in "ab")
    assert sum(str(cell).count(letter) for record in found for cell in record.cells for letter in "ab") == letters


NOISE = random.Random(20261120).randbytes(5000)


@pytest.mark.parametrize(
    "content",
    [NOISE, b"\xff\xfe" + NOISE, b"\xef\xbb\xbf" + NOISE, bytes(4096), b"PK\x03\x04" + NOISE, b"a,b\n" + NOISE[:200]],
    ids=["noise", "under a UTF-16 mark", "under a UTF-8 mark", "zeros", "cut workbook", "below headings"],
)
def test_binary_content_is_refused_whatever_its_name(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path, "a.csv", content)
    with pytest.raises(Invalid) as caught:
        detect(path, sniff.media_type(path), FIELDS)
    assert caught.value.remedy


def test_text_of_other_scripts_and_signs_is_text(tmp_path: Path) -> None:
    body = "username,isi\nꦮꦸꦭꦤ꧀,ꦧꦚ꧀ꦗꦶꦂ ꦭꦒꦶ\narif,🚨🚨🚨🇮🇩\ndewi,洪水又来了\nsari,\x0bbaris\x00\n"
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        _layout, rows = read(write(tmp_path, "a.csv", body.encode(encoding)))
        assert len(cells(rows)) == 4


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_no_bytes_break_detection(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.bin"
    path.write_bytes(content)
    with suppress(Invalid):
        layout = detect(path, sniff.media_type(path), FIELDS)
        assert len(set(layout.columns)) == len(layout.columns) > 0
        list(Reader(path, layout))


def posts(count: int) -> list[dict[str, Any]]:
    return [
        {"text": f'Keluhan nomor {index} di [Cikarang], "parah"', "created_at": "2026-11-20", "user": {"id": index}}
        for index in range(count)
    ]


@pytest.mark.parametrize(
    "write_json",
    [
        lambda rows: "\n".join(json.dumps(row) for row in rows),
        lambda rows: json.dumps(rows),
        lambda rows: json.dumps(rows, indent=2),
        lambda rows: "\n".join(json.dumps(row, indent=2) for row in rows),
        lambda rows: json.dumps({"meta": {"count": len(rows)}, "data": {"posts": rows}}),
    ],
    ids=["lines", "array", "array indented", "objects in a row", "inside an object"],
)
def test_every_shape_of_json(tmp_path: Path, write_json: Any) -> None:
    layout, rows = read(write(tmp_path, "a.json", write_json(posts(3000))))
    assert layout.columns == ("text", "created_at", "user.id")
    assert [row.cells[2] for row in rows] == list(range(3000))
    assert not any(row.fault for row in rows)


def test_bad_lines_among_json_lines_are_faults(tmp_path: Path) -> None:
    body = '{"text": "satu"}\nbukan json\n[1]\n{"text": "dua", "tags": ["a", "b"]}\n'
    _layout, rows = read(write(tmp_path, "a.jsonl", body))
    assert [(row.line, bool(row.fault)) for row in rows] == [(1, False), (2, True), (3, True), (4, False)]
    assert rows[3].cells == ("dua", "a, b")


def test_broken_array_gives_what_came_before(tmp_path: Path) -> None:
    _layout, rows = read(write(tmp_path, "a.json", json.dumps(posts(5))[:-20]))
    assert len(cells(rows)) == 4
    assert rows[-1].fault


def workbook(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    book = xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd hh:mm"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number_, row in enumerate(rows):
            sheet.write_row(number_, 0, row)
    book.close()
    return path


def test_office_sheet_with_title_merged_headings_and_numbers(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx",
        {
            "Petunjuk": [["Cara mengisi"], ["Isi sheet kedua"]],
            "Data": [
                ["PEMERINTAH KABUPATEN BEKASI"],
                [],
                ["Penulis", "Waktu", "Konten", None],
                [None, None, "Isi", "Jumlah suka"],
                ["wulan", datetime(2026, 11, 20, 8, 0), "Banjir di Cikarang", 81234567890.0],
                ["arif", datetime(2026, 11, 20, 9, 0), "Macet total", 12.5],
            ],
        },
    )
    layout, rows = read(path)
    assert (layout.sheet, layout.sheets) == ("Data", ("Petunjuk", "Data"))
    assert layout.columns == ("Penulis", "Waktu", "Isi", "Jumlah suka")
    assert rows[0].line == 5
    assert rows[0].cells == ("wulan", datetime(2026, 11, 20, 8, 0), "Banjir di Cikarang", 81234567890.0)


def test_another_sheet_can_be_chosen(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"A": [["isi", "tanggal"], ["x y", 1]], "B": [["nama", "umur"], ["Ani", 3]]})
    assert read(path, "B")[0].columns == ("nama", "umur")
    with pytest.raises(Invalid):
        detect(path, sniff.media_type(path), FIELDS, "C")


@pytest.mark.parametrize("content", [b"PK\x03\x04 not a zip", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 not a sheet"])
def test_damaged_workbook_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        detect(write(tmp_path, "a.xlsx", content), sniff.XLSX, FIELDS)
    assert caught.value.remedy


def test_workbook_with_a_broken_sheet_says_what_to_do(tmp_path: Path) -> None:
    whole, broken = workbook(tmp_path / "a.xlsx", {"A": [["isi", "tanggal"], ["x y", 1]]}), tmp_path / "b.xlsx"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(broken, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content[: len(content) // 2] if "sheet1" in name else content)
    with pytest.raises(Invalid) as caught:
        detect(broken, sniff.media_type(broken), FIELDS)
    assert caught.value.remedy


def test_workbook_with_a_damaged_directory_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"A": [["isi", "tanggal"], ["x y", 1]]})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 6] = 0xFF  # a version of ZIP that does not exist
    path.write_bytes(content)
    with pytest.raises(Invalid) as caught:
        detect(path, sniff.media_type(path), FIELDS)
    assert caught.value.remedy


def test_sheet_with_rows_goes_before_a_template_with_headings_only(tmp_path: Path) -> None:
    headings = ["isi", "tanggal", "username"]
    path = workbook(
        tmp_path / "a.xlsx", {"Templat": [headings], "Data": [["Konten", "Hari"], ["Banjir di Cikarang", 1]]}
    )
    assert read(path)[0].sheet == "Data"


MOMENT = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "cell",
    [
        "2026-11-20T01:30:00Z",
        "2026-11-20 08:30:00+07:00",
        "2026-11-20 08:30",
        "20/11/2026 08:30",
        "20/11/2026 08.30",
        "20-11-2026 08:30:00",
        "20 November 2026 08:30",
        "Jumat, 20 November 2026 08:30 WIB",
        "20 Nopember 2026 08:30",
        "20/11/2026 09:30 WITA",
        "Fri Nov 20 01:30:00 +0000 2026",
        "Fri, 20 Nov 2026 01:30:00 GMT",
        "1795138200",
        "1795138200000",
        1795138200,
        1795138200000.0,
        datetime(2026, 11, 20, 8, 30),
    ],
)
def test_every_way_to_write_a_time(cell: Any) -> None:
    assert moment(cell, ZoneInfo("Asia/Jakarta")) == MOMENT


@pytest.mark.parametrize("cell", ["", None, "kemarin", "31/02/2026", "99999999999999999", True, 12, "2026"])
def test_what_is_no_time(cell: Any) -> None:
    assert moment(cell, UTC) is None


@given(st.text(max_size=30) | st.floats() | st.integers() | st.booleans() | st.none())
def test_no_cell_breaks_the_parsers(cell: Any) -> None:
    found = moment(cell, UTC)
    assert found is None or found.tzinfo is UTC
    value = number(cell)
    assert value is None or isinstance(value, float)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1234", 1234),
        ("1.234", 1234),
        ("1.234.567", 1234567),
        ("1,234,567", 1234567),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("12,5", 12.5),
        ("1,2 rb", 1200),
        ("3jt", 3_000_000),
        ("-7", -7),
        (5, 5),
        ("tujuh", None),
        ("", None),
        (True, None),
    ],
)
def test_every_way_to_write_a_number(cell: Any, value: float | None) -> None:
    assert number(cell) == value
