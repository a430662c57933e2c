"""Actions on many things: all of them or none, each refusal with its reason and its position."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from kentongan.core.copying import rewrite
from kentongan.core.errors import Conflict, Invalid, NotFound
from kentongan.core.models import Job
from kentongan.core.several import Refusals, Several, alone, among


def test_every_refusal_is_told_with_its_position_and_the_first_reason() -> None:
    refusals = Refusals()
    for position, error in ((2, Conflict("dua")), (0, Invalid("nol")), (2, NotFound("lagi"))):
        with refusals.of(position):
            raise error
    with pytest.raises(Several) as caught:
        refusals.check()
    assert [(position, error.message) for position, error in caught.value.errors.items()] == [(0, "nol"), (2, "dua")]


def test_nothing_refused_is_no_error_and_a_mistake_of_ours_is_no_refusal() -> None:
    refusals = Refusals()
    refusals.check()
    with pytest.raises(ZeroDivisionError), refusals.of(0):
        _ = 1 / 0
    refusals.check()


def test_the_only_one_is_refused_by_its_own_error_and_a_part_by_its_place_in_the_whole() -> None:
    with pytest.raises(Conflict, match="satu"), alone():
        raise Several({0: Conflict("satu")})
    with pytest.raises(Several) as caught, among([4, 7, 9]):
        raise Several({1: Conflict("tujuh")})
    assert list(caught.value.errors) == [7]


@pytest.mark.django_db
def test_rows_are_rewritten_by_one_statement_and_only_where_they_are_named() -> None:
    jobs = [Job.objects.create(kind="uji", label=f"Nomor {number}", args={"n": number}) for number in range(5)]
    untouched, moment = jobs.pop(), datetime(2027, 3, 1, 2, 5, tzinfo=UTC)
    for number, job in enumerate(jobs):
        job.label, job.message = f"“Baru” \\ {number}\n'; --", "tidak disimpan"
        job.args, job.heartbeat_at = {"dalam": [number, None, "ü"]}, moment + timedelta(seconds=number)
    with CaptureQueriesContext(connection) as captured:
        rewrite(jobs, ["label", "args", "heartbeat_at"])
        rewrite([], ["label"])
    assert len(captured) == 1
    for job in jobs:
        there = Job.objects.get(pk=job.pk)
        assert (there.label, there.args, there.heartbeat_at) == (job.label, job.args, job.heartbeat_at)
        assert there.message == ""
    untouched.refresh_from_db()
    assert (untouched.label, untouched.heartbeat_at) == ("Nomor 4", None)


@pytest.mark.django_db
def test_checks_of_the_database_hold_for_what_is_rewritten() -> None:
    job = Job.objects.create(kind="uji", label="Uji")
    job.kind = None  # type: ignore[assignment]
    with pytest.raises(IntegrityError), transaction.atomic():
        rewrite([job], ["kind"])
    job.refresh_from_db()
    assert job.kind == "uji"
