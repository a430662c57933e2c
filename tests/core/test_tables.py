"""Tables that leave the system: no formula, no loss, constant memory."""

import csv
import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, QueryDict
from django.http.response import StreamingHttpResponse
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from kentongan.core import tables
from kentongan.core.actor import Actor
from kentongan.core.api import Paging, paginate
from kentongan.core.errors import Invalid
from kentongan.core.models import Job
from kentongan.core.tables import Column
from kentongan.web.templatetags.kentongan import counted

COLUMNS = [Column("Nama", "name"), Column("Nilai", "value")]
SYSTEM = Actor.system("tests")


def as_csv(rows: list[Any], columns: list[Column] = COLUMNS) -> list[list[str]]:
    text = "".join(tables.csv_lines(columns, rows))
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:], newline="")))


def as_xlsx(path: Path, rows: Any, columns: list[Column] = COLUMNS) -> list[list[Any]]:
    tables.write_xlsx(str(path), columns, rows)
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()


@given(st.text(), st.sampled_from(["=", "+", "-", "@", "\t", "\r", "\n", "＝", ""]))
def test_no_text_is_a_formula_and_every_text_can_be_had_back(text: str, start: str) -> None:
    text = (start + text).replace("\x00", "")
    [cell] = as_csv([{"name": text}], COLUMNS[:1])[1] if text else [""]
    assert not cell.startswith(tables.FORMULA_STARTS)
    assert cell in (text, "'" + text)


ATTACKS = ['=HYPERLINK("http://x","y")', "+62811", "-1", "@SUM(A1)", "\t=1", "=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("text", ATTACKS)
def test_known_attacks_are_defused(tmp_path: Path, text: str) -> None:
    assert as_csv([{"name": text, "value": 1}])[1] == ["'" + text, "1"]
    assert as_xlsx(tmp_path / "a.xlsx", [{"name": text, "value": 1}])[1] == [text, 1]
    assert b"<f>" not in unpacked(tmp_path / "a.xlsx")


def unpacked(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return b"".join(archive.read(name) for name in archive.namelist() if "sheet" in name)


MOMENT = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "in_csv", "in_xlsx"),
    [
        (None, "", ""),
        (True, "1", True),
        (-7, "-7", -7),
        (1.5, "1.5", 1.5),
        (Decimal("2.50"), "2.50", 2.5),
        (MOMENT, "2026-11-20T08:30:00+07:00", datetime(2026, 11, 20, 8, 30)),
        (date(2026, 11, 20), "2026-11-20", date(2026, 11, 20)),
        (1234567890123456789, "1234567890123456789", "1234567890123456789"),
        (float("nan"), "nan", "nan"),
        ("baris\nbaru", "baris\nbaru", "baris\nbaru"),
        ("x" * 40_000, "x" * 40_000, "x" * 32_767),
        ("a\x01b", "a\x01b", "a\x01b"),
    ],
)
def test_every_kind_of_value(tmp_path: Path, value: Any, in_csv: str, in_xlsx: Any) -> None:
    rows = [{"name": "n", "value": value}]
    assert as_csv(rows)[1][1] == in_csv
    found = as_xlsx(tmp_path / "a.xlsx", rows)[1]
    assert (found[1] if len(found) > 1 else "") == in_xlsx


def test_columns_follow_paths_mappings_and_functions() -> None:
    columns = [Column("A", "inner.name"), Column("B", lambda row: row["x"] * 2), Column("C", "missing.deep")]
    assert as_csv([{"inner": {"name": "n"}, "x": 4}], columns)[1] == ["n", "8", ""]


def test_export_of_nothing_has_its_headings(tmp_path: Path) -> None:
    assert as_csv([]) == [["Nama", "Nilai"]]
    assert as_xlsx(tmp_path / "a.xlsx", []) == [["Nama", "Nilai"]]


def test_full_sheet_is_followed_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "XLSX_MAX_ROWS", 11)
    tables.write_xlsx(str(tmp_path / "a.xlsx"), COLUMNS, ({"name": "n", "value": index} for index in range(25)))
    book = CalamineWorkbook.from_path(str(tmp_path / "a.xlsx"))
    sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
    assert [len(sheet) for sheet in sheets] == [11, 11, 6]
    assert [row[1] for sheet in sheets for row in sheet[1:]] == list(range(25))


def many(count: int) -> Iterator[dict[str, Any]]:
    return ({"name": f"Desa {index} " + "x" * 200, "value": index} for index in range(count))


@pytest.mark.django_db
@pytest.mark.parametrize("fmt", ["csv", "xlsx"])
def test_memory_does_not_grow_with_the_rows(fmt: str) -> None:
    tables.export("warm", COLUMNS, many(10), fmt).close()
    tracemalloc.start()
    answer = tables.export("besar", COLUMNS, many(20_000), fmt)
    assert isinstance(answer, StreamingHttpResponse)
    size = sum(len(chunk) for chunk in answer)  # type: ignore[arg-type]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    answer.close()
    assert size > 100_000
    assert peak < 4_000_000


@pytest.mark.django_db
def test_names_and_types_of_downloads() -> None:
    for fmt, kind in (("csv", tables.CSV_TYPE), ("xlsx", tables.XLSX_TYPE)):
        answer = tables.export("daftar", COLUMNS, [], fmt)
        assert answer.headers["Content-Type"] == kind
        assert f'filename="daftar.{fmt}"' in answer.headers["Content-Disposition"]
        answer.close()
    with pytest.raises(Invalid):
        tables.export("daftar", COLUMNS, [], "pdf")


@pytest.mark.django_db
@pytest.mark.parametrize(("asked", "given"), [("", 1), ("2", 2), ("99", 3), ("-1", 3), ("x", 1)])
def test_page_out_of_range_is_the_nearest(asked: str, given: int) -> None:
    Job.objects.bulk_create(Job(kind="test", label=str(index)) for index in range(25))
    request = HttpRequest()
    request.GET = QueryDict(f"page={asked}")
    page = tables.page_of(request, Job.objects.order_by("pk"), 10)
    assert page.number == given
    assert page.paginator.count == 25


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("", "bac"),
        ("name", "abc"),
        ("-name", "cba"),
        ("done", "acb"),
        ("-done", "cab"),
        ("secret", "bac"),
        ("-", "bac"),
    ],
)
def test_rows_are_sorted_as_asked_with_what_is_missing_last(asked: str, given: str) -> None:
    rows = [("b", None), ("a", 1), ("c", 2)]
    Job.objects.bulk_create(Job(kind="test", label=label, total=total) for label, total in rows)
    request = HttpRequest()
    request.GET = QueryDict(f"sort={asked}")
    found = tables.sorted_by(request, Job.objects.order_by("pk"), {"name": "label", "done": "total"})
    assert "".join(job.label for job in found) == given


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rows", "shown", "pages", "last"), [(9, "9", 2, 9), (10, "10", 2, 10), (11, "10+", 2, 10), (300, "10+", 2, 10)]
)
def test_a_long_list_is_not_counted_to_its_end(
    monkeypatch: pytest.MonkeyPatch, rows: int, shown: str, pages: int, last: int
) -> None:
    monkeypatch.setattr(tables, "MOST_COUNTED", 10)
    Job.objects.bulk_create(Job(kind="test", label=str(index)) for index in range(rows))
    request = HttpRequest()
    request.GET = QueryDict("page=99")
    page = tables.page_of(request, Job.objects.order_by("pk"), 5)
    assert counted(page.paginator) == shown
    assert (page.number, page.paginator.num_pages, page.end_index()) == (pages, pages, last)
    assert len(page.object_list) == last - 5


@pytest.mark.django_db
def test_a_list_that_is_not_counted_is_not_sorted_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    Job.objects.bulk_create(Job(kind="test", label=label) for label in "bac")
    request = HttpRequest()
    request.GET = QueryDict("sort=name")
    rows = Job.objects.order_by("pk")
    for most, order in ((3, "abc"), (2, "ba")):
        monkeypatch.setattr(tables, "MOST_COUNTED", most)
        page = tables.sorted_page(request, rows, {"name": "label"})
        assert "".join(job.label for job in page) == order
        text = '{% load kentongan %}{% table job in page %}{% column "Name" sort="name" %}{{ job.label }}{% endtable %}'
        drawn = Template(text).render(Context({"page": page, "request": request}))
        assert ("aria-sort" in drawn) == (most == 3)


@pytest.mark.django_db
@pytest.mark.parametrize(("most", "shown", "sortable"), [(3, "3", True), (2, "2+", False)])
def test_a_search_that_finds_too_many_brings_some_and_says_so(
    monkeypatch: pytest.MonkeyPatch, most: int, shown: str, sortable: bool
) -> None:
    Job.objects.bulk_create(Job(kind="test", label=label) for label in ("bac", "bad", "bab", "other"))
    monkeypatch.setattr(tables, "MOST_SOUGHT", most)
    request = HttpRequest()
    request.GET = QueryDict("sort=name")
    found = tables.Sought(Job.objects.filter(label__startswith="ba"), lambda rows: rows.order_by("label"))
    page = tables.sorted_page(request, found, {"name": "label"}, 2)
    assert (len(page.object_list), counted(page.paginator)) == (2, shown)
    text = '{% load kentongan %}{% table job in page %}{% column "Name" sort="name" %}{{ job.label }}{% endtable %}'
    drawn = Template(text).render(Context({"page": page, "request": request}))
    assert ("k-table-note" in drawn) != sortable
    assert ("aria-sort" in drawn) == sortable
    pages = [paginate(found, Paging(page=n, per_page=2), lambda job: job.label) for n in (1, 2)]
    assert [one["items"] for one in pages] == [["bab", "bac"], ["bad"]], "a program gets all, whatever a page shows"
    assert pages[0]["total"] == 3


@pytest.mark.django_db
def test_sorting_says_nothing_of_nulls_where_there_are_none() -> None:
    """An index of PostgreSQL gives rows backwards only in its own order of NULLs."""
    request = HttpRequest()
    request.GET = QueryDict("sort=-name")
    assert "NULLS" not in str(tables.sorted_by(request, Job.objects.all(), {"name": "label"}).query)
    assert "NULLS" in str(tables.sorted_by(request, Job.objects.all(), {"name": "total"}).query)
    assert "NULLS" in str(tables.sorted_by(request, Job.objects.all(), {"name": "created_by__name"}).query)
