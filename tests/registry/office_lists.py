"""Lists of people as offices really keep them, made anew for each test."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import xlsxwriter

Rows = Sequence[Sequence[Any]]


def workbook(sheets: dict[str, Rows], merged: Sequence[tuple[str, int, int, int, int, str]] = ()) -> bytes:
    """Return a workbook; `merged` are (sheet, first row, first column, last row, last column, text)."""
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True, "align": "center"})
        made = {}
        for name, rows in sheets.items():
            made[name] = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, value in enumerate(row):
                    if value is not None:
                        made[name].write(number, column, value)
        for name, top, left, bottom, right, text in merged:
            made[name].merge_range(top, left, bottom, right, text, bold)
    return content.getvalue()


def district_office() -> bytes:
    """The list of a regency: merged title, headings in rows 4 and 5 ("Kontak" over "HP" and "E-mail"), numbers."""
    rows: list[list[Any]] = [
        [],
        [],
        [],
        ["No", "Nama Lengkap", "Jabatan", "Kecamatan", "Desa/Kel", "Kontak", None, "Masa Jabatan", "IG", "FB"],
        [None, None, None, None, None, "HP", "E-mail"],
        ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)", "(7)", "(8)", "(9)", "(10)"],
        [1, "Drs. H. Ahmad Sudrajat, S.H., M.Si.", "Ketua / Anggota DPRD", "Kec. Cikarang Pusat", "", 81234567890.0,
         "Ahmad@Example.id", "2024-2029", "@ahmad.sudrajat", "https://www.facebook.com/ahmad.sudrajat"],
        [2, "HJ. SITI AMINAH", "Sekretaris; Bendahara", "CIKARANG PUSAT", "SUKAMAHI", "0812-3456-7891", "-",
         "1 Januari 2024 s/d 31 Desember 2029", "siti aminah cantik", "belum punya"],
        [3, "Budi Santoso", "Anggota", "Tambun sel", "", "+62 812 3456 7892", "", "", "", ""],
        [4, "Cecep", "Anggota", "Kec. Tambun Slatan", "", "6281234567893", "", "", "", ""],
        [5, "Dedi Mulya", "Anggota", "Kec. Babelan", "", "0812 3456 7894", "", "", "", ""],
        [6, "Eka Putri", "Anggota", "Kec. Tambun Selatan", "", "8.12346E+10", "", "", "", ""],
    ]  # fmt: skip
    title = ("Data", 0, 0, 0, 9, "DAFTAR PENGURUS DAN KADER"), ("Data", 1, 0, 1, 9, "KABUPATEN BEKASI TAHUN 2026")
    heads = [("Data", 3, 5, 3, 6, "Kontak")]
    return workbook({"Data": rows}, [*title, *heads])


def a_sheet_each() -> bytes:
    """A workbook with a sheet for each district, headings spelt differently, and one that is no list."""
    heads = ["NO", "NAMA", "JABATAN", "NO. HP"]
    return workbook(
        {
            "Petunjuk": [["Isi data dengan lengkap"], ["Terima kasih"]],
            "Kec. Cikarang Pusat": [["DAFTAR PENGURUS"], [], heads, [1, "Asep Saepudin", "Ketua", "081300000001"],
                                    [2, "Bunga Lestari", "Sekretaris", "081300000002"]],
            "TAMBUN SELATAN": [["DAFTAR PENGURUS"], [], ["No", "No HP", "Nama", "Jabatan"],
                               [1, "081300000003", "Cahya", "Ketua"], [2, "tidak ada", "Dadan", "Sekretaris"]],
        }
    )  # fmt: skip


def csv_of(rows: Rows, delimiter: str = ",") -> bytes:
    """Return rows as delimited text."""
    return "\n".join(delimiter.join(map(str, row)) for row in rows).encode()
