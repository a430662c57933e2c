"""`kentongan lab` on files: rows stay rows in their order, whatever the format; what cannot be read is refused."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kentongan import cli
from kentongan.core.errors import Invalid
from kentongan.listening import routing

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


def test_informal_texts_are_written_out(write, tmp_path):
    path = write("in.jsonl", '{"isi": "gw ga bs login", "formal": 1}\n{"isi": null}\n')
    with pytest.raises(SystemExit) as end:
        cli.main(["lab", "normalise", str(path), "--text", "isi", "--out", str(tmp_path / "out.jsonl")])
    assert not end.value.code
    assert sheet(tmp_path / "out.jsonl") == [
        {"isi": "gw ga bs login", "formal_before": 1, "formal": "saya tidak bisa login ."},
        {"isi": None, "formal": ""},
    ]


ANSWERED = {
    "Dinas PU": "jalan berlubang {} belum diaspal",
    "Dinas Kesehatan": "antre obat di puskesmas {} lama sekali",
    "Dinas Lingkungan": "sampah menumpuk {} tidak diangkut",
}


def answered(write, rows: int = 60) -> Path:
    agencies = list(ANSWERED)
    lines = [f"{ANSWERED[agencies[n % 3]].format(f'blok {n}')},{agencies[n % 3]}" for n in range(rows)]
    return write("answered.csv", "\n".join(["isi,dinas", *lines, "tanpa label,"]))


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return a function that trains `model.kentongan` from a sheet and returns the exit code."""
    monkeypatch.setenv("LANG", "C")

    def train(file: Path, *more: str, label: str = "dinas") -> int:
        words = ["lab", "train", str(file), "--task", "route", "--text", "isi", "--label", label, *more]
        with pytest.raises(SystemExit) as end:
            cli.main([*words, "--out", str(tmp_path / "model.kentongan")])
        return int(end.value.code or 0)

    return train


def test_a_model_is_trained_told_about_and_used(trained, write, tmp_path, monkeypatch, capsys):
    assert trained(answered(write), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["labels"], told["tried_on"], told["accuracy"]) == (60, 3, 6, 1.0)
    new = write("new.csv", 'isi\njln rusak blm diaspal\nobat puskesmas habis\n"sampah, bau"\n')
    words = ["lab", "classify", str(new), "--text", "isi", "--model", str(tmp_path / "model.kentongan")]
    with pytest.raises(SystemExit) as end:
        cli.main([*words, "--out", str(tmp_path / "out.csv")])
    assert not end.value.code
    assert [row["label"] for row in sheet(tmp_path / "out.csv")] == list(ANSWERED)


def test_the_same_sheet_gives_the_same_model(trained, write, tmp_path):
    path = answered(write)
    assert trained(path) == 0
    first = routing.load(tmp_path / "model.kentongan")
    assert trained(path) == 0
    again = routing.load(tmp_path / "model.kentongan")
    assert (first.weights == again.weights).all()
    assert (first.columns == again.columns).all()


@pytest.mark.parametrize(
    ("rows", "label", "said"),
    [(3, "dinas", "too few to learn from"), (60, "instansi", "has no column"), (60, "isi", "different labels")],
)
def test_a_sheet_that_teaches_nothing_is_refused(trained, write, tmp_path, capsys, rows, label, said):
    assert trained(answered(write, rows), label=label) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "model.kentongan").exists()


def test_one_label_only_is_refused(trained, write, capsys):
    assert trained(write("one.csv", "isi,dinas\n" + "jalan rusak,PU\n" * 20)) == 1
    assert "at least two" in capsys.readouterr().err


@pytest.mark.parametrize("harm", ["not a zip", "cut off", "pickled", "other shapes"])
def test_a_model_that_is_none_is_refused_and_runs_nothing(trained, ended, write, tmp_path, capsys, harm):
    assert trained(answered(write)) == 0
    path = tmp_path / "model.kentongan"
    with np.load(path) as arrays:
        parts = dict(arrays)
    match harm:
        case "not a zip":
            path.write_bytes(b"model")
        case "cut off":
            path.write_bytes(path.read_bytes()[:2000])
        case "pickled":
            np.savez(tmp_path / "m.npz", **parts | {"columns": np.array([{"a": 1}], dtype=object)})
            (tmp_path / "m.npz").rename(path)
        case _:
            np.savez(tmp_path / "m.npz", **parts | {"bias": parts["bias"][:1]})
            (tmp_path / "m.npz").rename(path)
    with pytest.raises(Invalid, match="not a routing model"):
        routing.load(path)


def test_task_or_model_must_be_named_and_not_both(ended, write, tmp_path, capsys):
    path = write("in.csv", "text\nhalo\n")
    assert ended(path, "--model", str(path)) == 2
    assert "--task or --model" in capsys.readouterr().err
