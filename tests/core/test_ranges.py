"""Serving a file in parts."""

from pathlib import Path

import pytest
from django.test import RequestFactory

from kentongan.core import ranges

CONTENT = bytes(range(256)) * 600  # more than one chunk


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "setu.mp4"
    path.write_bytes(CONTENT)
    return path


def ask(path: Path, **headers: str):
    return ranges.serve(RequestFactory().get("/", headers=headers), path, "video/mp4")


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, len(CONTENT)),
        ("bytes=-100", len(CONTENT) - 100, len(CONTENT)),
        ("bytes=0-999999999", 0, len(CONTENT)),
        ("bytes=-999999999", 0, len(CONTENT)),
        (f"bytes={len(CONTENT) - 1}-{len(CONTENT) - 1}", len(CONTENT) - 1, len(CONTENT)),
    ],
)
def test_the_part_that_is_asked_for(path: Path, asked: str, start: int, end: int):
    answer = ask(path, range=asked)
    assert (answer.status_code, answer.getvalue()) == (206, CONTENT[start:end])
    assert answer["Content-Range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"
    assert (answer["Content-Length"], answer["Accept-Ranges"]) == (str(end - start), "bytes")


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "bytes=",
        "bytes=-",
        "bytes=5-4",
        "bytes=0-1,4-5",
        "lines=0-1",
        "bytes=a-b",
        "bytes=٣-٤",
        "bytes=" + "9" * 40 + "-",
    ],
)
def test_what_cannot_be_read_gets_the_whole(path: Path, asked: str):
    answer = ask(path, range=asked)
    assert (answer.status_code, answer.getvalue(), answer["Accept-Ranges"]) == (200, CONTENT, "bytes")


def test_a_condition_that_cannot_be_checked_gets_the_whole(path: Path):
    answer = ask(path, range="bytes=0-9", **{"if-range": '"x"'})
    assert (answer.status_code, answer.getvalue()) == (200, CONTENT)


@pytest.mark.parametrize(
    "asked", [f"bytes={len(CONTENT)}-", f"bytes={len(CONTENT) + 5}-{len(CONTENT) + 9}", "bytes=-0"]
)
def test_a_part_that_is_not_there(path: Path, asked: str):
    answer = ask(path, range=asked)
    assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{len(CONTENT)}")
