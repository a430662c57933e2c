"""`kentongan lab cluster`: each row gets the cluster that the stream would give it; what makes no sense is refused."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kentongan import cli
from kentongan.listening.lab import clustering, reading

FLOOD = "Banjir di perumahan Tambun masuk rumah sampai lutut"
MARKET = "Kebakaran pasar Cibitung kios pedagang habis dilalap api"


@pytest.fixture
def ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return a function that clusters a file and returns the exit code."""
    monkeypatch.setenv("LANG", "C")

    def cluster(file: Path, *more: str, out: str = "out.csv") -> int:
        with pytest.raises(SystemExit) as end:
            cli.main(["lab", "cluster", str(file), "--out", str(tmp_path / out), *more])
        return int(end.value.code or 0)

    return cluster


@pytest.fixture
def run(ended: Callable[..., int], tmp_path: Path) -> Callable[..., list[dict[str, str]]]:
    """Return a function that clusters a file and returns the rows of the result."""

    def cluster(file: Path, *more: str) -> list[dict[str, str]]:
        assert ended(file, *more) == 0
        with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as result:
            return list(csv.DictReader(result))

    return cluster


def lines(*texts: str | None, **more: object) -> str:
    return "\n".join(json.dumps({"id": f"p{n}", "text": text} | more) for n, text in enumerate(texts))


def test_rows_of_one_matter_have_one_cluster_and_keep_their_order(run, write):
    rows = run(write("in.jsonl", lines(FLOOD, MARKET, f"{FLOOD} lagi", f"{MARKET} semua")))
    assert [list(row) for row in rows] == [["id", "cluster"]] * 4
    assert [(row["id"], row["cluster"]) for row in rows] == [("p0", "1"), ("p1", "2"), ("p2", "1"), ("p3", "2")]


def test_a_parquet_file_and_a_csv_file_say_the_same(run, write, tmp_path):
    texts = [FLOOD, MARKET, FLOOD]
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"Id": [1, 2, 3], "isi": texts}), path)
    found = run(path, "--id", "Id", "--text", "isi")
    as_csv = run(write("in.csv", "Id;isi\n" + "".join(f"{n};{text}\n" for n, text in enumerate(texts, 1))), *NAMED)
    assert found == as_csv
    assert [row["cluster"] for row in found] == ["1", "2", "1"]


NAMED = ("--id", "Id", "--text", "isi")


def test_the_same_words_a_year_later_are_another_matter_if_the_file_tells_times(run, write):
    when = ("2025-01-01T08:00:00+07:00", "2025-01-01 02:00", "2026-01-01T08:00:00Z")
    texts = (FLOOD, f"{FLOOD} lagi", f"{FLOOD} terus")
    rows = [{"id": n, "text": text, "created_at": at} for n, (text, at) in enumerate(zip(texts, when, strict=True))]
    found = run(write("in.jsonl", "\n".join(map(json.dumps, rows))))
    assert [row["cluster"] for row in found] == ["1", "1", "2"]
    for row in rows:
        del row["created_at"]
    found = run(write("in.jsonl", "\n".join(map(json.dumps, rows))))
    assert [row["cluster"] for row in found] == ["1", "1", "1"]


def test_what_says_nothing_stands_alone_and_every_row_has_its_line(run, write):
    found = run(write("in.jsonl", lines("", FLOOD, None, "yang", FLOOD)))
    assert [row["cluster"] for row in found] == ["1", "2", "3", "4", "2"]


def test_rows_with_the_same_id_keep_a_line_each_and_it_is_said(run, write, capsys):
    found = run(write("in.csv", f"id,text\n7,{FLOOD}\n7,{MARKET}\n8,{FLOOD}\n"))
    assert [(row["id"], row["cluster"]) for row in found] == [("7", "1"), ("7", "2"), ("8", "1")]
    assert "1 rows have an id that another row has too" in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "isi\nhalo\n", "no column “id”"),
        ("a.csv", "id,isi\n1,halo\n", "no column “text”"),
        ("a.csv", "id,text\n1,halo\n ,banjir\n", "Row 2 has no “id”"),
        ("a.jsonl", '{"id": 1, "text": "a"}\n{"text": "b"}\n', "Row 2 has no “id”"),
        ("a.csv", "id,text,created_at\n1,halo,kemarin dulu\n", "“kemarin dulu” is no time"),
        ("a.csv", b"id,text\n1,sakit \xe9\n", "UTF-8"),
        ("a.csv", "id,text\n", "holds no rows"),
    ],
)
def test_what_makes_no_sense_is_refused_and_leaves_nothing(ended, write, capsys, name, content, said):
    path = write(name, content)
    assert ended(path) == 1
    assert list(path.parent.iterdir()) == [path]
    assert said in capsys.readouterr().err


def test_a_column_of_times_that_was_asked_for_must_be_there(ended, write, capsys):
    assert ended(write("in.jsonl", lines(FLOOD)), "--time", "jam") == 1
    assert "no column “jam”" in capsys.readouterr().err


def test_a_file_is_read_in_batches_like_a_stream(write):
    path = write("in.jsonl", lines(*[f"{FLOOD} {n}" if n % 2 else f"{MARKET} {n}" for n in range(600)]))
    with reading.opened(path) as sheet:
        stream = clustering.opened(sheet, clustering.Fields())
        for rows in sheet.batches(100):
            stream.take(rows)
        found = [row["cluster"] for batch in stream.result() for row in batch]
    assert len(found) == 600
    assert len(set(found[0::2])) == len(set(found[1::2])) == 1
    assert found[0] != found[1]
