"""Jobs: progress, stop, endings, killed workers."""

import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext, gettext_lazy
from procrastinate.contrib.django.models import ProcrastinateJob

from core.databases import environment
from kentongan.core import clock, jobs
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotFound
from kentongan.core.jobs import Job, Progress, queue, registry, rescue
from kentongan.core.models import User
from named_cast import Cast

SYSTEM = Actor.system("tests")
State = Job.State
SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test have handlers of its own."""
    monkeypatch.setattr(registry, "_handlers", dict(registry._handlers))


def start(kind: str = "test.count", actor: Actor = SYSTEM, **args: Any) -> Job:
    return jobs.start(actor, kind, "Menghitung", inline=True, **args)


def count_to(progress: Progress, *, number: int) -> dict[str, int]:
    progress.total(number)
    for _index in range(number):
        progress.check()
        progress.advance()
    return {"counted": number}


@pytest.mark.django_db
def test_job_runs_to_its_end_and_keeps_its_figures() -> None:
    jobs.handler("test.count")(count_to)
    seen: list[int] = []
    job = jobs.run_now(start(number=50), lambda progress: seen.append(progress.done))
    assert (job.state, job.done, job.total, job.result) == (State.DONE, 50, 50, {"counted": 50})
    assert job.rate is not None
    assert job.fraction == 1.0
    assert job.started_at
    assert job.finished_at
    assert seen[-1] == 50


@pytest.mark.django_db
def test_unknown_kind_is_a_mistake_of_ours() -> None:
    with pytest.raises(LookupError):
        start("test.nothing")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "message"),
    [(Invalid("Kolomnya salah.", remedy="Perbaiki."), "Kolomnya salah."), (ZeroDivisionError(), "")],
)
def test_failure_is_told_with_a_remedy(error: Exception, message: str) -> None:
    @jobs.handler("test.fail")
    def fail(progress: Progress) -> None:
        progress.result = {"until": 3}
        raise error

    job = jobs.run_now(start("test.fail"))
    assert (job.state, job.result) == (State.FAILED, {"until": 3})
    assert message in job.error
    assert job.error
    assert job.remedy


@pytest.mark.parametrize(("language", "word"), [("id", "Pilih CSV atau XLSX."), ("en", "Choose CSV or XLSX.")])
def test_a_job_speaks_the_language_of_who_began_it(cast: Cast, language: str, word: str) -> None:
    @jobs.handler("test.words")
    def work(progress: Progress) -> None:
        progress.result = {"word": gettext("Choose CSV or XLSX.")}
        raise Invalid(gettext_lazy("Choose CSV or XLSX."))

    user = cast.user("arif")
    user.language = language
    user.save()
    with translation.override("en" if language == "id" else "id"):
        job = jobs.run_now(start("test.words", cast.actor("arif")))
    assert (job.result["word"], job.error) == (word, word)


@pytest.mark.django_db
def test_stop_is_obeyed_and_the_partial_result_kept() -> None:
    @jobs.handler("test.long")
    def work(progress: Progress) -> None:
        for index in range(100):
            progress.result = {"done": index}
            progress.advance()
            if index == 4:
                jobs.stop(SYSTEM, progress.job.pk)
            progress.check()

    job = jobs.run_now(start("test.long"))
    assert (job.state, job.done, job.result) == (State.STOPPED, 5, {"done": 4})


@pytest.mark.django_db
def test_waiting_job_stops_at_once_and_never_runs() -> None:
    jobs.handler("test.count")(count_to)
    job = start(number=3)
    assert jobs.stop(SYSTEM, job.pk).state == State.STOPPED
    assert jobs.run(job.pk) is None
    with pytest.raises(Conflict):
        jobs.stop(SYSTEM, job.pk)


@pytest.mark.django_db
def test_ctrl_c_leaves_a_stopped_job() -> None:
    @jobs.handler("test.interrupted")
    def work(progress: Progress) -> None:
        progress.advance(7)
        raise KeyboardInterrupt

    job = start("test.interrupted")
    with pytest.raises(KeyboardInterrupt):
        jobs.run_now(job)
    job.refresh_from_db()
    assert (job.state, job.done) == (State.STOPPED, 7)


@pytest.mark.django_db
def test_on_end_sees_every_ending_in_the_same_transaction() -> None:
    ended: list[str] = []

    @jobs.handler("test.watched", on_end=lambda job: ended.append(job.state))
    def work(progress: Progress, *, fail: bool) -> None:
        if fail:
            raise Invalid("Salah.")

    jobs.run_now(start("test.watched", fail=False))
    jobs.run_now(start("test.watched", fail=True))
    jobs.stop(SYSTEM, start("test.watched", fail=False).pk)
    assert ended == [State.DONE, State.FAILED, State.STOPPED]


@pytest.mark.django_db
def test_enqueued_twice_is_one_call_and_the_transaction_lives() -> None:
    jobs.handler("test.count")(count_to)
    job = jobs.start(SYSTEM, "test.count", "Menghitung", number=1)
    assert ProcrastinateJob.objects.filter(queueing_lock=f"core.job.{job.pk}").count() == 1
    with transaction.atomic():
        assert queue.enqueue(job) is False
        assert Job.objects.filter(pk=job.pk).exists()


@pytest.mark.django_db
def test_job_of_an_action_that_fails_does_not_exist() -> None:
    jobs.handler("test.count")(count_to)

    @action("test.failing")
    def failing(actor: Actor) -> None:
        jobs.start(actor, "test.count", "Menghitung", number=1)
        raise Conflict()

    with pytest.raises(Conflict):
        failing(SYSTEM)
    assert not Job.objects.exists()
    assert not ProcrastinateJob.objects.exists()


def silence(job: Job) -> None:
    """Make a job look as if its worker had been killed a while ago."""
    Job.objects.filter(pk=job.pk).update(
        state=State.RUNNING,
        claim="00000000-0000-4000-8000-000000000000",
        started_at=clock.now(),
        attempts=1,
        heartbeat_at=clock.now() - rescue.SILENT_AFTER - timedelta(seconds=1),
    )


@pytest.mark.django_db
def test_silent_resumable_job_is_run_again() -> None:
    jobs.handler("test.count", resumable=True)(count_to)
    job = start(number=2)
    silence(job)
    assert jobs.free_stalled() == 1
    job.refresh_from_db()
    assert (job.state, job.claim) == (State.QUEUED, None)
    assert ProcrastinateJob.objects.filter(queueing_lock=f"core.job.{job.pk}", status="todo").exists()
    assert jobs.run_now(job).state == State.DONE


@pytest.mark.django_db
def test_a_call_that_was_lost_is_made_again_however_many_wait_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs.handler("test.count", resumable=True)(count_to)
    monkeypatch.setattr(rescue, "BATCH", 2)
    waiting = [start(number=1) for _number in range(4)]
    assert all(queue.enqueue(job) for job in waiting)
    lost = start(number=1)
    Job.objects.update(queued_at=clock.now() - rescue.WAITING_AFTER * 2)
    assert jobs.free_stalled() == 1
    kept = ProcrastinateJob.objects.filter(status="todo").values_list("queueing_lock", flat=True)
    assert sorted(kept) == sorted(f"core.job.{job.pk}" for job in (*waiting, lost))


@pytest.mark.django_db
def test_silent_job_that_cannot_be_repeated_fails_with_a_clear_message() -> None:
    ended: list[str] = []
    jobs.handler("test.count", on_end=lambda job: ended.append(job.state))(count_to)
    job = start(number=2)
    silence(job)
    jobs.free_stalled()
    job.refresh_from_db()
    assert job.state == State.FAILED
    assert job.error
    assert job.remedy
    assert ended == [State.FAILED]


@pytest.mark.django_db
def test_job_that_kills_its_worker_again_and_again_is_given_up() -> None:
    jobs.handler("test.count", resumable=True)(count_to)
    job = start(number=2)
    silence(job)
    Job.objects.filter(pk=job.pk).update(attempts=rescue.MAX_ATTEMPTS)
    jobs.free_stalled()
    job.refresh_from_db()
    assert job.state == State.FAILED


@pytest.mark.django_db
def test_living_job_is_left_alone() -> None:
    jobs.handler("test.count", resumable=True)(count_to)
    job = start(number=2)
    silence(job)
    Job.objects.filter(pk=job.pk).update(heartbeat_at=clock.now())
    assert jobs.free_stalled() == 0


@pytest.mark.django_db
def test_lost_call_is_made_again() -> None:
    jobs.handler("test.count")(count_to)
    job = start(number=2)
    Job.objects.filter(pk=job.pk).update(queued_at=clock.now() - rescue.WAITING_AFTER * 2)
    assert jobs.free_stalled() == 1
    assert jobs.free_stalled() == 0


@pytest.mark.django_db
def test_worker_that_was_thought_dead_can_no_longer_write() -> None:
    @jobs.handler("test.slow", resumable=True)
    def work(progress: Progress) -> None:
        silence(progress.job)
        jobs.free_stalled()
        progress.check()
        pytest.fail("the claim is lost")

    job = start("test.slow")
    assert jobs.run(job.pk) is None
    job.refresh_from_db()
    assert job.state == State.QUEUED


@pytest.mark.django_db(transaction=True)
def test_progress_is_seen_by_others_while_the_handler_is_in_a_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs.progress, "BEAT_SECONDS", 0.01)
    written, checked = threading.Event(), threading.Event()
    seen: list[tuple[str, int]] = []

    @jobs.handler("test.inside")
    def work(progress: Progress) -> None:
        with transaction.atomic():
            progress.total(10)
            progress.advance(4)
            written.set()
            assert checked.wait(10)

    def look() -> None:
        assert written.wait(10)
        for _try in range(500):
            job = Job.objects.get()
            if job.done:
                seen.append((job.state, job.done))
                jobs.stop(SYSTEM, job.pk)
                break
        checked.set()
        connection.close()

    job = start("test.inside")
    watcher = threading.Thread(target=look)
    watcher.start()
    ended = jobs.run_now(job)
    watcher.join()
    assert seen == [(State.RUNNING, 4)]
    assert (ended.state, ended.total) == (State.DONE, 10)


@pytest.mark.django_db(transaction=True)
def test_two_workers_run_a_job_once() -> None:
    ran: list[int] = []
    jobs.handler("test.once")(lambda progress: ran.append(progress.job.pk))
    job = start("test.once")
    barrier = threading.Barrier(6)

    def work() -> None:
        barrier.wait()
        jobs.run(job.pk)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ran == [job.pk]


WORKER = """
import asyncio, django, os, signal, sys
django.setup()
from kentongan.core import jobs
from procrastinate.contrib.django import app

@jobs.handler("test.fatal", resumable=True)
def fatal(progress):
    progress.advance()
    os.kill(os.getpid(), signal.SIGKILL)

worker = app.with_connector(app.connector.get_worker_connector())
with worker.open():
    worker.run_worker(queues=["jobs"], wait=False, install_signal_handlers=False)
"""


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_killed_worker_is_noticed_and_nothing_stays_behind() -> None:
    jobs.handler("test.fatal", resumable=True)(lambda progress: {"again": True})
    job = jobs.start(SYSTEM, "test.fatal", "Mati")
    killed = subprocess.run([sys.executable, "-c", WORKER], env=environment(), timeout=60, capture_output=True)
    assert killed.returncode == -9, killed.stderr.decode()
    job.refresh_from_db()
    assert job.state == State.RUNNING
    calls = ProcrastinateJob.objects.filter(queueing_lock=f"core.job.{job.pk}")
    assert [call.status for call in calls] == ["doing"]
    Job.objects.update(heartbeat_at=clock.now() - rescue.SILENT_AFTER * 2)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '5 minutes'")
    assert jobs.free_stalled() == 1
    assert [call.status for call in calls.all()] == ["todo"]
    done = jobs.run_now(job)
    assert (done.state, done.result, done.attempts) == (State.DONE, {"again": True}, 2)


TWO_PLACES = """
import django, threading
django.setup()
from kentongan.core import jobs
from procrastinate.contrib.django import app

ran, working = threading.Event(), []

@jobs.handler("test.heavy", alone=True)
def heavy(progress):
    working.append(progress.job.pk)
    found = {"others_run": ran.wait(20), "at_work": list(working)}
    working.remove(progress.job.pk)
    return found

@jobs.handler("test.light")
def light(progress):
    ran.set()

worker = app.with_connector(app.connector.get_worker_connector())
with worker.open():
    for _time in range(2):  # without waiting it ends once nothing is left that may begin
        worker.run_worker(queues=["jobs"], concurrency=2, wait=False, install_signal_handlers=False)
"""


@pytest.mark.django_db(transaction=True)
def test_two_jobs_that_take_hours_leave_a_place_to_all_others() -> None:
    jobs.handler("test.heavy", alone=True)(lambda progress: None)
    jobs.handler("test.light")(lambda progress: None)
    first, second, light = (jobs.start(SYSTEM, f"test.{kind}", kind) for kind in ("heavy", "heavy", "light"))
    ended = subprocess.run([sys.executable, "-c", TWO_PLACES], env=environment(), timeout=120, capture_output=True)
    assert ended.returncode == 0, ended.stderr.decode()
    for job in (first, second, light):
        job.refresh_from_db()
        assert job.state == State.DONE
    assert first.result == {"others_run": True, "at_work": [first.pk]}
    assert second.result == {"others_run": True, "at_work": [second.pk]}
    assert light.started_at < first.finished_at < second.started_at


@pytest.mark.django_db
def test_a_kind_that_runs_alone_stays_so_when_its_call_is_made_again() -> None:
    jobs.handler("test.heavy", alone=True, resumable=True)(lambda progress: None)
    silent, lost = start("test.heavy"), start("test.heavy")
    silence(silent)
    Job.objects.filter(pk=lost.pk).update(queued_at=clock.now() - rescue.WAITING_AFTER * 2)
    assert jobs.free_stalled() == 2
    assert set(ProcrastinateJob.objects.values_list("lock", flat=True)) == {"core.jobs.test.heavy"}


def test_job_is_seen_by_its_starter_and_the_units_administrators(cast: Cast, sign_in: SignIn) -> None:
    jobs.handler("test.count")(count_to)
    job = jobs.start(cast.actor("euis"), "test.count", "Menghitung", unit_id=cast.tambun_selatan.pk, number=3)
    for name in ("euis", "joko", "arif"):
        assert jobs.get(cast.actor(name), job.pk) == job
    for name in ("dewi", "tono", "maman", "wulan"):
        with pytest.raises(NotFound):
            jobs.get(cast.actor(name), job.pk)
    client = sign_in(cast.user("dewi"))
    assert client.get(job.get_absolute_url()).status_code == 404
    assert client.post(f"/pekerjaan/{job.pk}/hentikan/").status_code == 404


def test_screens_follow_a_job_to_its_end(cast: Cast, sign_in: SignIn) -> None:
    jobs.handler("test.count")(count_to)
    client = sign_in(cast.user("joko"))
    assert client.get("/pekerjaan/").status_code == 200
    job = jobs.start(cast.actor("joko"), "test.count", "Menghitung desa", unit_id=cast.tambun_selatan.pk, number=3)
    assert b"Menghitung desa" in client.get("/pekerjaan/").content
    assert client.get(job.get_absolute_url()).status_code == 200
    assert "HX-Refresh" not in client.get(f"/pekerjaan/{job.pk}/kemajuan/").headers
    jobs.run_now(job)
    assert client.get(f"/pekerjaan/{job.pk}/kemajuan/").headers["HX-Refresh"] == "true"
    assert client.get(job.get_absolute_url()).status_code == 200
    other = jobs.start(cast.actor("joko"), "test.count", "Menghitung", number=3)
    assert client.post(f"/pekerjaan/{other.pk}/hentikan/").status_code == 302
    other.refresh_from_db()
    assert other.state == State.STOPPED
    assert client.post(f"/pekerjaan/{other.pk}/hentikan/").status_code == 409


def test_list_costs_the_same_for_many(
    cast: Cast, sign_in: SignIn, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    jobs.handler("test.count")(count_to)
    for _index in range(20):
        jobs.start(cast.actor("arif"), "test.count", "Menghitung", number=1)
    client = sign_in(cast.user("arif"))
    with django_assert_max_num_queries(12):
        assert client.get("/pekerjaan/").status_code == 200
