"""What is thrown away after a while, and what is not."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest

from core import villages
from kentongan.core import clock, imports, retention
from kentongan.core.actor import Actor
from kentongan.core.models import ImportReject, ImportRun, Job

SYSTEM = Actor.system("tests")
pytestmark = pytest.mark.django_db


def job(state: str, days: int) -> Job:
    return Job.objects.create(
        kind="test.count", label="Menghitung", state=state, finished_at=clock.now() - timedelta(days=days)
    )


def run_with_reject(state: str, days: int, content: bytes) -> ImportRun:
    run = imports.upload(SYSTEM, "test.villages", None, BytesIO(content), "desa.csv")
    ImportReject.objects.create(run=run, line=2, reason="Tanpa nama")
    run.job = job(Job.State.DONE if state == ImportRun.State.DONE else Job.State.FAILED, days)
    run.state, run.finished_at = state, clock.now() - timedelta(days=days)
    run.save()
    return run


def test_ended_jobs_go_after_the_days_and_others_stay(settings: Any) -> None:
    settings.KENTONGAN_KEEP_DAYS = 90
    for state in Job.FINAL:
        job(state, 91)
    kept = job(Job.State.DONE, 89)
    waiting = Job.objects.create(kind="test.count", label="Menunggu")
    assert retention.purge() == 3
    assert retention.purge() == 0
    assert set(Job.objects.all()) == {kept, waiting}


def test_rejected_rows_go_and_the_counts_stay(settings: Any) -> None:
    villages.create_table()
    villages.install()
    settings.KENTONGAN_KEEP_DAYS = 90
    old = run_with_reject(ImportRun.State.DONE, 91, b"kode,nama\n1,A\n")
    young = run_with_reject(ImportRun.State.DONE, 89, b"kode,nama\n2,B\n")
    open_run = run_with_reject(ImportRun.State.FAILED, 91, b"kode,nama\n3,C\n")
    assert retention.purge() == 2
    assert set(ImportReject.objects.values_list("run", flat=True)) == {young.pk, open_run.pk}
    old.refresh_from_db()
    assert old.job is None
    open_run.refresh_from_db()
    assert open_run.job is not None


def test_a_batch_at_a_time(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.KENTONGAN_KEEP_DAYS = 90
    monkeypatch.setattr(retention, "BATCH", 2)
    for _number in range(5):
        job(Job.State.DONE, 100)
    assert [retention.purge() for _round in range(4)] == [2, 2, 1, 0]


def test_zero_keeps_everything(settings: Any) -> None:
    settings.KENTONGAN_KEEP_DAYS = 0
    job(Job.State.DONE, 1000)
    assert retention.purge() == 0
    assert Job.objects.count() == 1
