"""`kentongan lab` on files: rows stay rows in their order, whatever the format; what cannot be read is refused."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kentongan import cli

TEXTS = [
    "Jalan di depan sekolah rusak parah, kapan diperbaiki pak",
    "Pelayanan di kantor ini bagus sekali, terima kasih banyak",
    '=HYPERLINK("http://contoh.id") dalane bubrah pak, sampun suwe',
    "",
]


@pytest.fixture
def ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return a function that classifies a file and returns the exit code."""
    monkeypatch.setenv("LANG", "C")

    def classify(file: Path, *more: str, task: str = "sentiment", text: str = "text", out: str = "out.csv") -> int:
        words = ["lab", "classify", str(file), "--task", task, "--text", text, "--out", str(tmp_path / out), *more]
        with pytest.raises(SystemExit) as end:
            cli.main(words)
        return int(end.value.code or 0)

    return classify


@pytest.fixture
def run(ended: Callable[..., int], tmp_path: Path) -> Callable[..., Path]:
    """Return a function that classifies a file and returns the result."""

    def classify(file: Path, *more: str, out: str = "out.csv", **options: str) -> Path:
        assert ended(file, *more, out=out, **options) == 0
        return tmp_path / out

    return classify


@pytest.fixture
def refused(ended: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Return a function that sees a file refused with nothing left behind, and returns what was said."""

    def classify(file: Path, **options: str) -> str:
        there = sorted(file.parent.iterdir())
        assert ended(file, **options) == 1
        assert sorted(file.parent.iterdir()) == there
        return capsys.readouterr().err

    return classify


def sheet(path: Path) -> list[dict[str, object]]:
    match path.suffix:
        case ".csv":
            with path.open(newline="", encoding="utf-8") as file:
                return list(csv.DictReader(file))
        case ".parquet":
            return pq.read_table(path).to_pylist()
        case _:
            return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def given(write, suffix: str) -> Path:
    rows = [{"id": str(number), "text": text} for number, text in enumerate(TEXTS)]
    if suffix == ".jsonl":
        return write("in.jsonl", "\n".join(map(json.dumps, rows)))
    path = write(f"in{suffix}", b"")
    if suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        with path.open("w", newline="", encoding="utf-8") as file:
            out = csv.DictWriter(file, ["id", "text"], delimiter=";")
            out.writeheader()
            out.writerows(rows)
    return path


@pytest.mark.parametrize(("suffix", "out"), [(".csv", ".jsonl"), (".jsonl", ".parquet"), (".parquet", ".csv")])
def test_rows_stay_in_their_order_in_every_format(run, write, suffix, out):
    rows = sheet(run(given(write, suffix), out=f"out{out}"))
    assert [row["id"] for row in rows] == ["0", "1", "2", "3"]
    assert [row["label"] for row in rows[:2]] == ["negative", "positive"]
    assert all(0 < float(row["score"]) <= 1 for row in rows[:3])
    assert not rows[3]["label"]
    assert not rows[3]["score"]


def test_a_cell_that_would_be_a_formula_is_text_in_csv_only(run, write):
    path = given(write, ".jsonl")
    assert sheet(run(path))[2]["text"] == f"'{TEXTS[2]}"
    assert sheet(run(path, out="out.jsonl"))[2]["text"] == TEXTS[2]


@pytest.mark.parametrize("task", ["language", "topic", "complaint"])
def test_each_task_has_its_own_labels(run, write, task):
    labels = [row["label"] for row in sheet(run(given(write, ".csv"), task=task))]
    expected = {"language": "id", "topic": "roads", "complaint": "complaint"}
    assert labels[0] == expected[task]


def test_doubt_is_a_low_score_or_with_unsure_silence(run, write):
    path = write("in.csv", "text\nanu\nJalan rusak parah kapan diperbaiki kecewa sekali\n")
    always, sometimes = sheet(run(path)), sheet(run(path, "--unsure"))
    assert always[0]["label"]
    assert not sometimes[0]["label"]
    assert always[0]["score"] == sometimes[0]["score"]
    assert always[1] == sometimes[1]


def test_a_label_of_the_files_own_is_kept_beside_ours(run, write):
    path = write("in.csv", "label,text,label_before\nnetral,Bagus sekali pelayanannya,x\n")
    (row,) = sheet(run(path))
    assert (row["label_before_before"], row["label_before"], row["label"]) == ("netral", "x", "positive")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "id,isi\n1,halo\n", "Its columns are: id, isi"),
        ("a.csv", b"text\nsakit \xe9\n", "UTF-8"),
        ("a.csv", b"", "holds no rows"),
        ("a.csv", "text\n", "holds no rows"),
        ("a.csv", "id,text\n1,a\n2,b,c\n", "line 3 has 3 cells"),
        ("a.csv", "text,text\n1,a\n", "stands there twice"),
        ("a.jsonl", "", "holds no rows"),
        ("a.jsonl", '{"text": "a"}\n[1]\n', "line 2 is not one JSON object"),
        ("a.jsonl", b'{"text": "a"}\n{"text": "\xe9"}\n', "UTF-8"),
        ("a.parquet", b"PAR1 no more", "cannot be read"),
        ("a.xlsx", b"PK", "must end in .csv"),
    ],
)
def test_what_cannot_be_read_is_refused_and_leaves_nothing(refused, write, name, content, said):
    assert said in refused(write(name, content))


def test_a_result_in_an_unknown_format_in_no_folder_or_over_its_source_is_refused(refused, write, tmp_path):
    path = write("in.csv", "text\nhalo\n")
    assert "must end in .csv" in refused(path, out="out.xlsx")
    assert "cannot be written" in refused(path, out="none/out.csv")
    assert "overwrite" in refused(path, out="in.csv")
    assert "There is no file" in refused(tmp_path / "gone.csv")
