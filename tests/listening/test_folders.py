"""Watched folders: complete files come in once, bad ones go aside with a reason."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import xlsxwriter
from django.urls import reverse
from django.utils import translation

from kentongan.core import clock, files, jobs
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from kentongan.core.imports import ImportRun
from kentongan.listening import actions, folders
from kentongan.listening.models import Segment, Source

ROWS = [
    ("2026-11-27 10:00", "jalan rusak parah di Setu sekali", "a"),
    ("2026-11-27 11:00", "banjir di Babelan lagi", "b"),
]
HEAD = ("tanggal", "isi", "akun")


@pytest.fixture(autouse=True)
def _at_home(settings, tmp_path) -> Iterator[None]:
    """Watch folders of this test's own, and read what is said in English."""
    settings.KENTONGAN_HOME = tmp_path
    with translation.override("en"):
        yield


@pytest.fixture
def watched(cast) -> Source:
    """A watched folder of the regency office."""
    source = actions.open_folder(cast.actor("sari"), cast.root.pk, "Ekspor alat")
    folders.look()
    return source


@pytest.fixture
def look(watched) -> Callable[[], Source]:
    """Return a function that looks into the folder a minute later, runs what that queued, and looks once more."""

    def later() -> Source:
        with clock.playing(clock.now() + timedelta(minutes=1)):
            folders.look()
            for run in ImportRun.objects.filter(state=ImportRun.State.RUNNING):
                jobs.run_now(run.job)
            folders.look()
        watched.refresh_from_db()
        return watched

    return later


def csv(*rows: tuple[str, ...]) -> str:
    """Return a table as text."""
    return "\n".join(",".join(row) for row in (HEAD, *rows)) + "\n"


def put(source: Source, name: str, content: str) -> Path:
    """Put a file into the folder."""
    path = folders.folder_of(source) / name
    path.write_text(content)
    return path


def waiting(source: Source) -> list[str]:
    """Return the files in the folder that are not put aside, those that were taken too."""
    folder = folders.folder_of(source)
    return [path.name for path in (*folder.iterdir(), *folder.glob(".taken/*")) if path.is_file()]


@pytest.mark.django_db
def test_csv_excel_and_json_lines_come_in_and_leave_the_folder(watched, look):
    put(watched, "a.csv", csv(*ROWS))
    lines = [dict(zip(HEAD, (at, f"{text} x", who), strict=True)) for at, text, who in ROWS]
    put(watched, "b.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    with xlsxwriter.Workbook(str(folders.folder_of(watched) / "c.xlsx")) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([HEAD, *((at, f"{text} y", who) for at, text, who in ROWS)]):
            sheet.write_row(number, 0, row)
    source = look()
    assert (source.posts, source.healthy) == (6, True)
    assert waiting(watched) == []
    put(watched, "a lagi.csv", csv(*ROWS))
    assert look().posts == 6
    assert ImportRun.objects.count() == 3


@pytest.mark.django_db
def test_what_is_still_written_or_hidden_or_elsewhere_is_left_alone(watched, tmp_path):
    elsewhere = tmp_path / "rahasia.csv"
    elsewhere.write_text(csv(*ROWS))
    folder = folders.folder_of(watched)
    (folder / "tautan.csv").symlink_to(elsewhere)
    for name in (".a.csv", "~$a.xlsx", "a.csv.part", "b.TMP"):
        put(watched, name, csv(*ROWS))
    with clock.playing(clock.now() + timedelta(minutes=1)):
        put(watched, "baru.csv", csv(*ROWS))
        os.utime(folder / "baru.csv", (clock.now().timestamp(), clock.now().timestamp()))
        folders.look()
    assert not ImportRun.objects.exists()
    assert len(list(folder.iterdir())) == 6


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("kosong.csv", "", "empty"),
        ("gambar.csv", "\x89PNG\r\n\x1a\n" + "x" * 50, "cannot be used"),
        ("tanpa-waktu.csv", "isi,akun\njalan rusak parah di Setu sekali,a\n", "No column was found for: Time"),
        ("tanpa-baris.csv", "tanggal,isi,akun\n", "nothing to import"),
    ],
)
def test_a_file_that_cannot_be_read_goes_aside_with_its_reason(watched, look, name, content, reason):
    (folders.folder_of(watched) / name).write_bytes(content.encode("latin-1"))
    put(watched, "z.csv", csv(*ROWS))
    with clock.playing(clock.now() + timedelta(minutes=1)):
        folders.look()
    watched.refresh_from_db()
    assert reason in watched.last_error
    aside = folders.folder_of(watched) / folders.ASIDE
    note = next(aside.glob("*.txt"))
    assert reason in note.read_text()
    assert (aside / note.name.removesuffix(".txt")).exists()
    source = look()
    assert (source.posts, source.healthy) == (2, True)


@pytest.mark.django_db
def test_paused_the_folder_waits(cast, watched, look):
    put(watched, "a.csv", csv(*ROWS))
    actions.pause_source(cast.actor("sari"), watched.pk)
    assert look().posts == 0
    actions.resume_source(cast.actor("sari"), watched.pk)
    assert look().posts == 2


@pytest.mark.django_db
def test_a_folder_that_cannot_be_read_says_so(watched, look):
    folder = folders.folder_of(watched)
    folder.rmdir()
    folder.write_text("a file in its place")
    assert "cannot be read" in look().last_error


@pytest.mark.django_db
def test_a_newer_file_of_the_same_name_stays_and_comes_in_too(watched, look, monkeypatch):
    path = put(watched, "a.csv", csv(ROWS[0]))
    confirm = folders._confirm

    def confirm_late(run: ImportRun) -> None:
        monkeypatch.setattr(folders, "_confirm", confirm)
        path.write_text(csv(ROWS[1]))
        confirm(run)

    monkeypatch.setattr(folders, "_confirm", confirm_late)
    look()
    assert look().posts == 2
    assert waiting(watched) == []


@pytest.mark.django_db
def test_what_is_written_to_while_it_is_read_waits(watched, look, monkeypatch):
    put(watched, "a.csv", csv(ROWS[0]))
    upload = folders._uploaded

    def upload_late(source: Source, file: object, path: Path) -> ImportRun:
        monkeypatch.setattr(folders, "_uploaded", upload)
        run = upload(source, file, path)
        path.write_text(csv(*ROWS))
        return run

    monkeypatch.setattr(folders, "_uploaded", upload_late)
    look()
    assert look().posts == 2
    assert ImportRun.objects.filter(state=ImportRun.State.DISCARDED).count() == 1


@pytest.mark.django_db
def test_a_file_whose_import_failed_is_kept_and_told(watched, look):
    put(watched, "a.csv", csv(*ROWS))
    with clock.playing(clock.now() + timedelta(minutes=1)):
        folders.look()
        ImportRun.objects.update(state=ImportRun.State.FAILED)
        folders.look()
    watched.refresh_from_db()
    assert "Failed" in watched.last_error
    assert len(list((folders.folder_of(watched) / folders.ASIDE).glob("*-a.csv"))) == 1
    assert waiting(watched) == []


@pytest.mark.django_db
def test_neither_a_bad_file_nor_a_bad_folder_starves_the_others(cast, watched, look):
    put(watched, "a.csv", "")
    put(watched, "b.csv", csv(ROWS[0]))
    (folders.folder_of(watched) / folders.ASIDE).write_text("a file in its place")
    other = actions.open_folder(cast.actor("sari"), cast.root.pk, "Alat lain")
    folders.folder_of(other).mkdir()
    put(other, "c.csv", csv(ROWS[1]))
    assert look().posts == 1
    other.refresh_from_db()
    assert other.posts == 1


@pytest.mark.django_db
def test_trouble_that_cannot_be_kept_stops_nothing(cast, watched, look, monkeypatch):
    put(watched, "a.csv", "")
    put(watched, "b.csv", csv(*ROWS))

    def refuse(*_given: object) -> None:
        raise Conflict("This source was removed.")

    monkeypatch.setattr(folders, "note_trouble", refuse)
    assert look().posts == 2


@pytest.mark.django_db
@pytest.mark.parametrize("name", [folders.ASIDE, folders.TAKEN])
def test_no_link_is_followed_out_of_the_folder(watched, look, tmp_path, name):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (folders.folder_of(watched) / name).symlink_to(elsewhere)
    put(watched, "a.csv", "")
    assert f"“{name}” is a link" in look().last_error
    assert list(elsewhere.iterdir()) == []
    (elsewhere / "x.csv").write_text(csv(*ROWS))
    assert look().posts == 0


@pytest.mark.django_db
def test_a_pipe_or_a_link_that_was_taken_is_not_read_and_a_large_file_not_hashed(watched, look, tmp_path, monkeypatch):
    taken = folders.folder_of(watched) / folders.TAKEN
    taken.mkdir()
    os.mkfifo(taken / "1-pipa.csv")
    (tmp_path / "rahasia.csv").write_text(csv(*ROWS))
    (taken / "2-tautan.csv").symlink_to(tmp_path / "rahasia.csv")
    with (taken / "3-besar.csv").open("wb") as file:
        file.truncate(files.MAX_BYTES + 1)
    monkeypatch.setattr(folders.hashlib, "file_digest", None)
    look()
    aside = sorted(path.name.partition("-")[2] for path in (taken.parent / folders.ASIDE).glob("*.csv"))
    assert aside == ["besar.csv", "pipa.csv"]
    assert not ImportRun.objects.exists()


KILLED = """
import os, pathlib, signal, sys
from datetime import timedelta
from django.conf import settings
from kentongan.core import clock
from kentongan.listening import folders

settings.KENTONGAN_HOME = pathlib.Path(sys.argv[2])
def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

owner, name = {"uploaded": (folders, "_confirm"), "taken": (folders, "_uploaded")}[sys.argv[1]]
real_look = folders.look
setattr(owner, name, die)
with clock.playing(clock.now() + timedelta(minutes=1)):
    real_look()
"""


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("point", ["taken", "uploaded"])
def test_killed_in_between_the_file_comes_in_once(watched, look, killed, tmp_path, point):
    put(watched, "a.csv", csv(*ROWS))
    assert killed.run(KILLED, point, str(tmp_path)) == -signal.SIGKILL
    assert len(waiting(watched)) == 1
    assert look().posts == 2
    assert waiting(watched) == []
    assert ImportRun.objects.count() == 1
    assert sum(Segment.objects.values_list("rows", flat=True)) == 2


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["wulan", "dewi", "maman", "euis"])
def test_only_an_analyst_of_the_unit_has_a_folder_watched(cast, who):
    with pytest.raises((NotAllowed, NotFound)):
        actions.open_folder(cast.actor(who), cast.root.pk, "Ekspor")


@pytest.mark.django_db
def test_on_screen(cast, sign_in):
    client = sign_in(cast.user("sari"))
    url = reverse("listening:source_new") + "?kind=folder"
    assert client.get(url).status_code == 200
    answer = client.post(url, {"name": "Ekspor alat", "retention_days": "90"})
    source = Source.objects.get()
    assert (answer["Location"], source.retention_days) == (source.get_absolute_url(), 90)
    assert f"inbox/{source.pk}" in client.get(answer["Location"]).content.decode()
    assert f"inbox/{source.pk}" not in sign_in(cast.user("wulan")).get(answer["Location"]).content.decode()
    client = sign_in(cast.user("sari"))
    assert client.post(url, {"name": "Ekspor alat"}).status_code == 422
    with pytest.raises(Invalid):
        actions.open_folder(cast.actor("sari"), cast.root.pk, " ")
