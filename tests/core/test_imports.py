"""Imports from upload to undo, against a kind of their own."""

import csv
import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from core import villages
from core.databases import environment
from kentongan.core import audit, clock, imports, jobs
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from kentongan.core.imports import Field, guessing
from kentongan.core.imports.values import looks_like_moment
from kentongan.core.models import AuditEntry, ImportRun, Job, User
from named_cast import Cast

SYSTEM = Actor.system("tests")
State = ImportRun.State
SignIn = Callable[[User], Client]


@pytest.fixture
def kind(db: None) -> Iterator[Any]:
    villages.create_table()
    return villages.install()


def upload(content: bytes, actor: Actor = SYSTEM, unit_id: int | None = None, name: str = "desa.csv") -> ImportRun:
    return imports.upload(actor, "test.villages", unit_id, BytesIO(content), name)


def bring_in(content: bytes, actor: Actor = SYSTEM, unit_id: int | None = None) -> ImportRun:
    run = upload(content, actor, unit_id)
    job = jobs.run_now(imports.confirm(actor, run.pk, inline=True))
    assert job.state == Job.State.DONE, job.error
    return ImportRun.objects.get(pk=run.pk)


def figures(run: ImportRun) -> tuple[int, int, int, int, int]:
    return run.rows_read, run.rows_new, run.rows_same, run.rows_changed, run.rows_rejected


def test_columns_are_guessed_and_rows_come_in(kind: Any) -> None:
    run = upload(villages.csv_of(250))
    assert run.mapping == {"code": "Kode Wilayah", "name": "Nama Desa"}
    assert villages.rows() == {}
    jobs.run_now(imports.confirm(SYSTEM, run.pk, inline=True))
    run.refresh_from_db()
    assert (run.state, figures(run)) == (State.DONE, (250, 250, 0, 0, 0))
    assert len(villages.rows()) == 250


def test_the_same_file_twice_adds_nothing_and_is_recognised(kind: Any) -> None:
    first = bring_in(villages.csv_of(30))
    second = upload(villages.csv_of(30), name="salinan.csv")
    assert imports.earlier(second).get() == first
    jobs.run_now(imports.confirm(SYSTEM, second.pk, inline=True))
    second.refresh_from_db()
    assert figures(second) == (30, 0, 30, 0, 0)
    assert len(villages.rows()) == 30


def test_bad_rows_are_listed_with_line_reason_and_cells(kind: Any, tmp_path: Path) -> None:
    content = "kode,nama\n32.16.20.0001,A\nsalah,B\n32.16.20.0003,\n32.16.20.0004,D,lebih\n32.16.20.0001,TABRAKAN\n"
    run = bring_in(content.encode())
    assert figures(run) == (5, 1, 0, 0, 4)
    path = tmp_path / "ditolak.csv"
    assert imports.write_rejects(run, path) == 4
    found = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    assert [row[0] for row in found[1:]] == ["3", "4", "5", "6"]
    assert found[0][2:] == ["kode", "nama"]
    assert found[1][2:] == ["salah", "B"]
    assert all(row[1] for row in found)


def test_changed_rows_are_counted_apart(kind: Any) -> None:
    bring_in(b"kode,nama\n32.16.20.0001,A\n32.16.20.0002,B\n")
    run = bring_in(b"kode,nama\n32.16.20.0001,A\n32.16.20.0002,Baru\n")
    assert figures(run) == (2, 0, 1, 1, 0)


def test_undo_takes_back_this_run_and_nothing_else(kind: Any) -> None:
    bring_in(villages.csv_of(10))
    run = bring_in(villages.csv_of(10, first=6))
    assert len(villages.rows()) == 15
    job = jobs.run_now(imports.undo(SYSTEM, run.pk, inline=True))
    run.refresh_from_db()
    assert (job.state, run.state, run.rows_undone) == (Job.State.DONE, State.UNDONE, 5)
    assert len(villages.rows()) == 10
    assert not imports.earlier(upload(villages.csv_of(10, first=6))).exists()
    with pytest.raises(Conflict):
        imports.undo(SYSTEM, run.pk)


def test_stop_in_the_middle_keeps_what_is_in_and_goes_on_later(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def press_stop(_kind: Any, run: ImportRun) -> None:
        Job.objects.filter(pk=ImportRun.objects.get(pk=run.pk).job_id).update(stop_requested_at=clock.now())

    run = upload(villages.csv_of(250))
    with monkeypatch.context() as patch:
        patch.setattr(villages.Villages, "after_batch", press_stop)
        job = jobs.run_now(imports.confirm(SYSTEM, run.pk, inline=True))
    run.refresh_from_db()
    assert (job.state, run.state, figures(run)) == (Job.State.STOPPED, State.STOPPED, (100, 100, 0, 0, 0))
    assert job.result["new"] == 100
    jobs.run_now(imports.resume(SYSTEM, run.pk, inline=True))
    run.refresh_from_db()
    assert (run.state, figures(run)) == (State.DONE, (250, 250, 0, 0, 0))
    assert len(villages.rows()) == 250


def test_a_failure_in_the_middle_can_be_continued(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_kind: Any, run: ImportRun) -> None:
        raise ZeroDivisionError

    run = upload(villages.csv_of(150))
    with monkeypatch.context() as patch:
        patch.setattr(villages.Villages, "after_batch", fail)
        job = jobs.run_now(imports.confirm(SYSTEM, run.pk, inline=True))
    run.refresh_from_db()
    assert (job.state, run.state, run.rows_new) == (Job.State.FAILED, State.FAILED, 100)
    assert job.remedy
    jobs.run_now(imports.resume(SYSTEM, run.pk, inline=True))
    run.refresh_from_db()
    assert (run.state, run.rows_new, run.rows_same) == (State.DONE, 150, 0)


def test_mapping_is_remembered_for_the_same_headings(kind: Any) -> None:
    run = upload(b"a,b\n32.16.20.0001,Satu\n")
    assert run.mapping == {}
    with pytest.raises(Invalid) as caught:
        imports.confirm(SYSTEM, run.pk)
    assert set(caught.value.fields) == {"code", "name"}
    imports.confirm(SYSTEM, run.pk, {"code": "a", "name": "b"}, inline=True)
    assert upload(b"b,a\nDua,32.16.20.0002\n").mapping == {"code": "a", "name": "b"}


@pytest.mark.parametrize(
    "mapping",
    [{"code": "kode"}, {"code": "kode", "name": "kode"}, {"code": "kode", "name": "tidak ada"}, {"x": "kode"}],
)
def test_a_wrong_mapping_starts_nothing(kind: Any, mapping: dict[str, str]) -> None:
    run = upload(b"kode,nama\n32.16.20.0001,A\n")
    with pytest.raises(Invalid):
        imports.confirm(SYSTEM, run.pk, mapping)
    run.refresh_from_db()
    assert run.state == State.DRAFT
    assert not Job.objects.exists()


def test_confirmed_twice_runs_once(kind: Any) -> None:
    run = upload(villages.csv_of(3))
    imports.confirm(SYSTEM, run.pk, inline=True)
    with pytest.raises(Conflict):
        imports.confirm(SYSTEM, run.pk, inline=True)
    assert Job.objects.count() == 1


def test_only_those_with_the_right_import_and_see(kind: Any, cast: Cast) -> None:
    joko, arif, dewi = cast.actor("joko"), cast.actor("arif"), cast.actor("dewi")
    run = upload(villages.csv_of(3), joko, cast.tambun_selatan.pk)
    assert imports.get(arif, run.pk) == run
    with pytest.raises(NotFound):
        imports.get(dewi, run.pk)
    with pytest.raises(NotFound):
        imports.confirm(dewi, run.pk)
    with pytest.raises(NotAllowed):
        upload(villages.csv_of(3), joko, cast.root.pk)
    with pytest.raises(NotAllowed):
        upload(villages.csv_of(3), dewi, cast.root.pk)


def test_every_step_is_audited(kind: Any) -> None:
    run = bring_in(villages.csv_of(3))
    jobs.run_now(imports.undo(SYSTEM, run.pk, inline=True))
    verbs = set(AuditEntry.objects.filter(object_type="core.importrun").values_list("verb", flat=True))
    assert verbs == {"core.import.upload", "core.import.confirm", "core.import.undo"}


def test_the_log_keeps_no_name_of_a_file_and_names_it_to_readers_while_it_is_there(kind: Any) -> None:
    run = upload(villages.csv_of(3), name="zubaidah.csv")
    jobs.run_now(imports.confirm(SYSTEM, run.pk, inline=True))
    jobs.run_now(imports.undo(SYSTEM, run.pk, inline=True))
    kept = AuditEntry.objects.values_list("object_label", "before", "after")
    assert kept.count() > 4
    assert "zubaidah" not in str(list(kept))
    about = AuditEntry.objects.filter(object_type__in=("core.importrun", "core.job"))
    assert all("zubaidah.csv" in entry.object_label for entry in audit.named(about))


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n\x00\x00", b"<html><body>x</body></html>", b"\n\n"])
def test_what_is_no_table_is_refused_with_a_remedy(kind: Any, content: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        upload(content)
    assert caught.value.remedy
    assert not ImportRun.objects.exists()


@pytest.mark.parametrize("content", [b"kode,nama\n", b"kode,nama\n\n,\n", b"\xef\xbb\xbfkode;nama"])
def test_headings_without_rows_are_nothing_to_import(kind: Any, cast: Cast, sign_in: SignIn, content: bytes) -> None:
    file = BytesIO(content)
    file.name = "desa.csv"
    fields = {"kind": "test.villages", "unit": cast.root.pk, "file": file}
    answer = sign_in(cast.user("arif")).post("/impor/baru/", fields)
    assert answer.status_code == 422
    assert "Tidak ada yang diimpor" in answer.content.decode()
    assert not ImportRun.objects.exists()


POSTS = (
    Field("text", "Text", required=True, synonyms=("full_text", "tweet", "isi")),
    Field("published_at", "Published", required=True, synonyms=("created_at", "date"), guess=looks_like_moment),
    Field("author", "Author", synonyms=("username", "screen_name")),
    Field("likes", "Likes", synonyms=("favorite_count", "like_count", "suka")),
)


@pytest.mark.parametrize(
    ("columns", "row", "wanted"),
    [
        (
            ["conversation_id_str", "created_at", "favorite_count", "full_text", "username"],
            ["1", "Fri Nov 20 01:30:00 +0000 2026", 3, "banjir", "wulan"],
            {"text": "full_text", "published_at": "created_at", "author": "username", "likes": "favorite_count"},
        ),
        (["Tweet Text", "Date", "UserName"], ["x", "2026-11-20", "a"], {"text": "Tweet Text", "author": "UserName"}),
        (["isi ", "tanggal"], ["x", "20/11/2026 08:00"], {"text": "isi ", "published_at": "tanggal"}),
        (["ful_text", "createdAt"], ["x", "2026-11-20"], {"text": "ful_text", "published_at": "createdAt"}),
        (["Date", "created_at"], ["no time", "2026-11-20"], {"published_at": "created_at"}),
    ],
)
def test_guessing_by_heading_and_by_values(columns: list[str], row: list[Any], wanted: dict[str, str]) -> None:
    found = {name: guess.column for name, guess in guessing.guess(POSTS, columns, [row]).items()}
    assert found.items() >= wanted.items()


def test_screens_lead_from_upload_to_undo(kind: Any, cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.user("arif"))
    assert client.get("/impor/baru/").status_code == 200
    file = BytesIO(b"kode,nama\n32.16.20.0001,=A\nsalah,B\n")
    file.name = "desa.csv"
    answer = client.post("/impor/baru/", {"kind": "test.villages", "unit": cast.root.pk, "file": file})
    run = ImportRun.objects.get()
    assert answer.headers["Location"] == run.get_absolute_url()
    draft = client.get(run.get_absolute_url())
    assert draft.context["preview"].good == draft.context["preview"].bad == 1
    columns = {"column:code": "kode", "column:name": "nama"}
    swapped = {"column:code": "nama", "column:name": "kode"}
    tried = client.post(f"/impor/{run.pk}/pratinjau/", swapped, headers={"HX-Request": "true"})
    assert tried.context["preview"].bad == 2
    assert client.post(f"/impor/{run.pk}/terima/", {"column:code": "kode"}).status_code == 422
    assert client.post(f"/impor/{run.pk}/terima/", columns).status_code == 302
    jobs.run_now(Job.objects.get())
    page = client.get(run.get_absolute_url())
    assert page.context["run"].rows_new == 1
    rejected = b"".join(client.get(f"/impor/{run.pk}/ditolak/").streaming_content).decode("utf-8-sig")
    assert rejected.splitlines()[1].startswith("3,")
    assert client.post(f"/impor/{run.pk}/batalkan/").status_code == 302
    jobs.run_now(Job.objects.latest("pk"))
    assert villages.rows() == {}
    assert client.get(run.get_absolute_url()).status_code == 200
    assert client.get("/impor/").status_code == 200


def test_list_costs_the_same_for_many(
    kind: Any, cast: Cast, sign_in: SignIn, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    client = sign_in(cast.user("arif"))
    for index in range(12):
        upload(villages.csv_of(1, first=index), cast.actor("arif"), cast.root.pk)
    with django_assert_max_num_queries(20):
        assert client.get("/impor/").status_code == 200


def test_a_stranger_is_shown_nothing(kind: Any, cast: Cast, sign_in: SignIn) -> None:
    run = upload(villages.csv_of(3), cast.actor("arif"), cast.root.pk)
    client = sign_in(cast.user("maman"))
    for url in ("/impor/", "/impor/baru/"):
        assert client.get(url).status_code == 403
    client = sign_in(cast.user("dewi"))  # who writes brings posts in, and nothing else
    assert run.file.name not in client.get("/impor/").content.decode()
    for url in (run.get_absolute_url(), f"/impor/{run.pk}/ditolak/"):
        assert client.get(url).status_code == 404
    for act in ("terima", "batalkan", "buang", "lanjutkan", "lembar", "pratinjau"):
        assert client.post(f"/impor/{run.pk}/{act}/").status_code == 404


KILLED = """
import django, os, signal, sys
django.setup()
from core import villages
from kentongan.core import jobs
batches = []
class Killed(villages.Villages):
    def after_batch(self, run):
        batches.append(run)
        if len(batches) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
villages.install(Killed())
jobs.run(int(sys.argv[1]))
"""


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_killed_worker_leaves_an_import_that_another_completes_without_doubles() -> None:
    villages.create_table()
    villages.install()
    run = upload(villages.csv_of(450))
    job = imports.confirm(SYSTEM, run.pk)
    command = [sys.executable, "-c", KILLED, str(job.pk)]
    killed = subprocess.run(command, env=environment(), timeout=60, capture_output=True)
    assert killed.returncode == -9, killed.stderr
    run.refresh_from_db()
    assert (run.state, run.position, len(villages.rows())) == (State.RUNNING, 200, 200)
    Job.objects.filter(pk=job.pk).update(heartbeat_at=clock.now() - jobs.rescue.SILENT_AFTER * 2)
    assert jobs.free_stalled() >= 1
    assert jobs.run_now(job).state == Job.State.DONE
    run.refresh_from_db()
    assert (run.state, figures(run)) == (State.DONE, (450, 450, 0, 0, 0))
    assert len(villages.rows()) == 450
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE test_village")
