"""How a worker shares its rows out over threads."""

import threading
from io import BytesIO

import pytest

from core.pictures import as_jpeg
from kentongan.core import files
from kentongan.publishing import worker
from kentongan.publishing.actions import firing
from kentongan.publishing.models import Delivery
from named_cast import SYSTEM
from publishing.desk import Desk


def test_every_row_is_worked_on_once_though_some_fail(caplog: pytest.LogCaptureFixture) -> None:
    worked: list[int] = []

    def work(row: int) -> None:
        worked.append(row)
        if row % 5 == 0:
            raise ValueError(row)

    assert worker.each(work, range(50)) == 50
    assert sorted(worked) == list(range(50))
    assert caplog.text.count("left to the sweep") == 10
    assert worker.each(work, []) == 0


def test_a_slow_row_holds_up_one_thread_only() -> None:
    others, done = threading.Event(), []

    def work(row: int) -> None:
        if row == 0:
            assert others.wait(10), "the rest waits for it"
        done.append(row)
        if len(done) == 19:
            others.set()

    assert worker.each(work, range(20)) == 20
    assert done[-1] == 0


def test_what_is_due_is_claimed_as_it_is_taken(desk: Desk) -> None:
    accounts = [desk.account(handle=f"kabar{number}") for number in range(firing.BATCH * 2 + 1)]
    desk.schedule(*accounts)
    claims = firing.claims()
    next(claims)
    assert Delivery.objects.filter(state="claimed").count() == firing.BATCH, "the rest is open to other workers"
    assert len(list(claims)) == firing.BATCH * 2
    assert not list(firing.claims())


def test_each_lane_takes_its_own(desk: Desk) -> None:
    """What is due goes to exactly one kind of lane; text alone takes no longer anywhere."""
    picture = files.store(SYSTEM, BytesIO(as_jpeg()), "setu.jpg", unit_id=desk.cast.root.pk)
    kinds = ["mastodon", "facebook"]
    text, pictures = desk.item(kinds=kinds), desk.item(kinds=kinds, text="Jalan dibuka", pictures=[picture])
    accounts = [desk.account(handle=handle) for handle in ("satu", "dua", "tiga", "empat")]
    for account, kind in zip(accounts, kinds * 2, strict=True):
        account.platform = kind
        account.save()
    made = [desk.schedule(one, item=item) for one, item in zip(accounts, (text, text, pictures, pictures), strict=True)]
    assert firing.claim_due(8, firing.with_video()) == []
    lanes = [firing.claim_due(8, among) for among in (firing.quick(), firing.slow())]
    taken = [[claim.delivery_id for claim in claims] for claims in lanes]
    assert taken == [[one.pk for one in made[:3]], [made[3].pk]]
