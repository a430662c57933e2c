"""Serving a file in parts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.http.response import HttpResponseBase
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


def test_a_long_part_is_cut_and_says_so(path: Path):
    answer = ranges.serve(RequestFactory().get("/", headers={"range": "bytes=10-"}), path, "video/mp4", most=50)
    assert answer.status_code == 206
    assert answer.getvalue() == CONTENT[10:60]
    assert (answer["Content-Range"], answer["Content-Length"]) == (f"bytes 10-59/{len(CONTENT)}", "50")


@pytest.mark.django_db
class TestToAll:
    """What whoever has an address may fetch leaves threads for others."""

    @pytest.fixture(autouse=True)
    def _four_threads(self, settings) -> Iterator[None]:
        settings.KENTONGAN_WEB_THREADS = 4
        ranges._slots.cache_clear()
        yield
        ranges._slots.cache_clear()

    def ask(self, path: Path, **headers: str) -> HttpResponseBase:
        return ranges.a_few_at_once(ranges.serve)(RequestFactory().get("/", headers=headers), path, "video/mp4")

    def test_readers_who_do_not_read_hold_half_of_the_threads_at_most(self, path: Path):
        held = [self.ask(path), self.ask(path, range="bytes=0-")]
        turned_away = self.ask(path)
        assert (turned_away.status_code, turned_away["Retry-After"]) == (503, "3")
        turned_away.close()
        assert self.ask(path).status_code == 503
        for answer in held:
            answer.close()
            answer.close()
        again = [self.ask(path), self.ask(path, range=f"bytes={len(CONTENT)}-")]
        assert [one.status_code for one in again] == [200, 416]
        assert self.ask(path).status_code == 503

    def test_what_was_read_to_its_end_holds_nothing(self, path: Path):
        for _time in range(5):
            answer = self.ask(path, range="bytes=0-99")
            assert answer.getvalue() == CONTENT[:100]
            answer.close()

    def test_what_is_not_there_holds_nothing(self, path: Path, tmp_path: Path):
        for _time in range(3):
            with pytest.raises(FileNotFoundError):
                self.ask(tmp_path / "hilang.mp4")
        assert self.ask(path).status_code == 200
