"""Taking back more of an item or a campaign than goes at once: a job that a killed worker does not end."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from core.databases import environment
from kentongan.channels import registry as channels
from kentongan.cli import publish
from kentongan.core import audit, clock, jobs, tokens
from kentongan.core.errors import Conflict, Invalid
from kentongan.core.models import AuditEntry, Job, User
from kentongan.planning.models import ContentItem
from kentongan.publishing import actions
from kentongan.publishing.actions import recalling_all
from kentongan.publishing.models import Delivery, RecallTask
from kentongan.publishing.recalls import queries
from kentongan.publishing.recalls.queries import Fate
from kentongan.publishing.states import CLAIMS, State
from kentongan.registry.models import Grant
from named_cast import Cast
from publishing.desk import Desk, Platform

API = "/api/v1/publishing/recalls/many"
LATER = timedelta(hours=3)
CLAIM = "3f2b6c1e-0000-4000-8000-000000000001"


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch, db: None) -> Iterator[None]:
    """Five posts are very many, and two a part; everybody reads English."""
    monkeypatch.setattr(queries, "MOST", 4)
    monkeypatch.setattr(recalling_all, "AT_ONCE", 2)
    with translation.override("en"):
        yield


def waiting(desk: Desk, number: int = 7, named: str = "kabar") -> ContentItem:
    """Return an item that waits at so many accounts: of the root, and one of a district."""
    item = desk.item(kinds=["mastodon"])
    accounts = [desk.account(handle=f"{named}{n}") for n in range(number - 1)]
    accounts.append(desk.account(unit=desk.cast.tambun_selatan, handle=named))
    desk.schedule(*accounts, item=item, due_at=clock.now() + LATER)
    return item


@pytest.fixture
def item(desk: Desk) -> ContentItem:
    return waiting(desk)


def begin(desk: Desk, item: ContentItem, who: str = "hendra", *, inline: bool = True) -> Job:
    """Look, and press."""
    actor = desk.cast.actor(who)
    seen = queries.foresee(actor, queries.of(item.pk, None)).digest
    job = actions.recall_many(actor, item_id=item.pk, reason="Keliru", seen=seen, inline=inline).job
    assert job is not None
    return job


def states(item: ContentItem) -> list[str]:
    return sorted(item.deliveries.values_list("state", flat=True))


def put(rows: QuerySet[Delivery], state: State) -> None:
    """Let a delivery be with a worker."""
    claimed = {"claim_token": CLAIM, "claimed_until": clock.now() + LATER}
    rows.update(state=State.CLAIMED, **claimed)
    if state == State.SENDING:
        rows.update(state=state)


class TestTheJob:
    """What more than can be taken back at once becomes."""

    def test_all_are_taken_back_part_by_part(self, desk: Desk, item: ContentItem):
        job = begin(desk, item)
        assert states(item) == ["ready"] * 7
        job = jobs.run_now(job)
        assert (job.state, job.done, job.total) == ("done", 7, 7), job.error
        assert job.result == {"taken": 7, "sending": 0, "people": 0, "elsewhere": 0}
        assert states(item) == ["recalled"] * 7
        trail = [entry.verb for one in item.deliveries.all() for entry in audit.trail(one)]
        assert trail.count("publishing.recall.part") == 7
        assert audit.trail(item)[0].after["job"] == job.pk

    def test_few_are_taken_back_at_once_behind_very_many_that_are(self, desk: Desk, item: ContentItem):
        """What is done already does not stand before what is not."""
        jobs.run_now(begin(desk, item))
        account = desk.account(handle="baru")
        desk.schedule(account, item=item, due_at=clock.now() + LATER)
        hendra = desk.cast.actor("hendra")
        seen = queries.foresee(hendra, queries.of(item.pk, None))
        assert (seen.total, seen.takes_a_job) == (1, False)
        done = actions.recall_many(hendra, item_id=item.pk, reason="Keliru", seen=seen.digest)
        assert (done.total, done.job) == (1, None)
        assert Job.objects.count() == 1

    def test_what_changes_meanwhile_is_no_reason_to_look_again(self, desk: Desk, item: ContentItem):
        hendra, of = desk.cast.actor("hendra"), queries.of(item.pk, None)
        seen = queries.foresee(hendra, of).digest
        put(Delivery.objects.filter(pk=item.deliveries.earliest("pk").pk), State.SENDING)
        recall = partial(actions.recall_many, hendra, item_id=item.pk, reason="Keliru", seen=seen, inline=True)
        desk.schedule(desk.account(handle="baru"), item=item, due_at=clock.now() + LATER)
        with pytest.raises(Conflict):  # there are more of them
            recall()
        item.deliveries.latest("pk").delete()
        assert recall().job is not None

    def test_what_is_with_a_worker_is_taken_back_after_it_or_said(
        self, desk: Desk, item: ContentItem, monkeypatch: pytest.MonkeyPatch
    ):
        """Of two that are being sent the one is free again by the second pass, the other one is not."""
        User.objects.update(language="en")
        first, second = item.deliveries.order_by("pk")[:2]
        put(Delivery.objects.filter(pk__in=[first.pk, second.pk]), State.SENDING)
        job, part = begin(desk, item), actions.recall_part

        def frees(*given, **more):
            if more["after"]:
                free = {"state": State.READY, "claim_token": None, "claimed_until": None}
                Delivery.objects.filter(pk=first.pk, state=State.SENDING).update(**free)
            return part(*given, **more)

        monkeypatch.setattr(actions, "recall_part", frees)
        job = jobs.run_now(job)
        assert job.result == {"taken": 6, "sending": 1, "people": 0, "elsewhere": 0}
        assert "Left: 1 being sent" in job.message
        assert states(item) == ["recalled"] * 6 + ["sending"]

    def test_it_stops_where_that_is_asked(self, desk: Desk, item: ContentItem, monkeypatch: pytest.MonkeyPatch):
        job, part = begin(desk, item), actions.recall_part

        def asked(*given, **more):
            jobs.stop(desk.cast.actor("hendra"), job.pk)
            return part(*given, **more)

        monkeypatch.setattr(actions, "recall_part", asked)
        assert (jobs.run_now(job).state, states(item).count("recalled")) == ("stopped", 2)
        monkeypatch.setattr(actions, "recall_part", part)
        assert jobs.run_now(begin(desk, item)).done == 5


class TestRights:
    """They are asked anew for each part."""

    def test_who_loses_them_in_the_middle_takes_back_no_more(
        self, desk: Desk, item: ContentItem, monkeypatch: pytest.MonkeyPatch
    ):
        job, part, hendra = begin(desk, item), actions.recall_part, desk.cast.user("hendra")

        def ended(*given, **more):
            made = part(*given, **more)
            Grant.objects.filter(user=hendra).delete()
            return made

        monkeypatch.setattr(actions, "recall_part", ended)
        job = jobs.run_now(job)
        assert (job.state, states(item).count("recalled")) == ("failed", 2)
        assert job.remedy

    def test_who_is_erased_leaves_no_job_to_the_system(self, desk: Desk, item: ContentItem):
        job = begin(desk, item)
        Job.objects.filter(pk=job.pk).update(created_by=None)
        assert jobs.run_now(job).state == "failed"
        assert states(item) == ["ready"] * 7

    def test_what_is_elsewhere_stays_and_is_said(self, desk: Desk, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(queries, "MOST", 0)
        item = desk.item(unit=desk.cast.tambun_selatan, kinds=["mastodon"])
        accounts = [desk.account(unit=unit) for unit in (desk.cast.tambun_selatan, desk.cast.root)]
        desk.schedule(*accounts, item=item, due_at=clock.now() + LATER)
        job = jobs.run_now(begin(desk, item, "joko"))
        assert job.result == {"taken": 1, "sending": 0, "people": 0, "elsewhere": 1}
        assert states(item) == ["ready", "recalled"]


class TestOneAtATime:
    """One job takes back an item or a campaign."""

    def test_a_second_press_shows_the_running_one(self, desk: Desk, item: ContentItem):
        job = begin(desk, item)
        assert begin(desk, item) == job
        with pytest.raises(Conflict) as refused:
            begin(desk, item, "arif")
        assert refused.value.code == "running"
        assert Job.objects.count() == 1


def test_the_screen_shows_progress_end_and_what_is_left(
    desk: Desk, item: ContentItem, sign_in: Callable[..., Client]
) -> None:
    User.objects.update(language="en")
    client, page = sign_in(desk.cast.user("hendra")), reverse("publishing:recall_item", args=[item.pk])
    shown = client.get(page)
    assert "taken back in the background" in shown.content.decode()
    pressed = client.post(page, {"seen": shown.context["foreseen"].digest, "reason": "Keliru"})
    assert pressed["Location"] == page
    job = Job.objects.get()
    running = client.get(page).content.decode()
    assert reverse("core:job_progress", args=[job.pk]) in running
    assert reverse("core:job_stop", args=[job.pk]) in running
    assert 'name="seen"' not in running
    other = sign_in(desk.cast.user("dewi")).get(page).content.decode()
    assert "takes all of it back at this moment" in other
    assert reverse("core:job_progress", args=[job.pk]) not in other
    jobs.run_now(job)
    ended = client.get(page).content.decode()
    assert "The last recall of everything" in ended
    assert "7 of 7" in ended
    assert "There is nothing to take back" in ended


def test_the_api_answers_with_the_job(desk: Desk, item: ContentItem, client: Client) -> None:
    _row, secret = tokens.create(desk.cast.actor("hendra"), "uji", ["publishing:read", "publishing:write"])
    post = partial(client.post, API, headers={"Authorization": f"Bearer {secret}"}, content_type="application/json")
    told = post({"item_id": item.pk}).json()
    assert (told["stop"], told["people"], told["job"]) == (7, 0, None)
    begun = post({"item_id": item.pk, "reason": "Keliru", "seen": told["digest"]}).json()["job"]
    assert begun == {"id": Job.objects.get().pk, "state": "queued", "done": 0, "total": None}
    assert post({"item_id": item.pk}).json()["job"] == begun


def test_the_command_line_takes_all_of_them_back(
    desk: Desk, item: ContentItem, capsys: pytest.CaptureFixture[str]
) -> None:
    recall = partial(publish.recall_all.__wrapped__, "Keliru", yes=True)
    recall(item=item.pk)
    assert capsys.readouterr().err.strip().endswith("7 posts are taken back.")
    assert states(item) == ["recalled"] * 7
    few = waiting(desk, 2, "radio")
    recall(item=few.pk, as_json=True)
    assert json.loads(capsys.readouterr().out)["stop"] == 2
    with pytest.raises(Invalid):
        recall()


def test_for_very_many_no_more_is_asked_of_the_database_than_for_few(desk: Desk, item: ContentItem) -> None:
    hendra = desk.cast.actor("hendra")
    small = desk.item(kinds=["mastodon"])
    desk.schedule(desk.account(handle="satu"), item=small, due_at=clock.now() + LATER)
    with CaptureQueriesContext(connection) as few:
        queries.foresee(hendra, queries.of(small.pk, None))
    with CaptureQueriesContext(connection) as many:
        queries.foresee(hendra, queries.of(item.pk, None))
    assert len(many) <= len(few)


FATES: tuple[tuple[Fate, tuple[State, ...], dict[str, object]], ...] = (
    (Fate.STOP, (), {}),
    (Fate.SENDING, (State.CLAIMED,), {}),
    (Fate.SENDING, (State.CLAIMED, State.SENDING), {}),
    (Fate.STOP, (State.MISSED,), {}),
    (Fate.STOP, (State.HELD,), {}),
    (Fate.STOP, (State.CLAIMED, State.SENDING, State.REJECTED), {}),
    (Fate.GONE, (State.RECALLED,), {}),
    (Fate.UNKNOWN, (State.CLAIMED, State.SENDING, State.UNKNOWN), {}),
    (Fate.ASKED, (State.CLAIMED, State.SENDING, State.UNKNOWN), {"recall_at": LATER}),
    (Fate.DELETE, (State.PUBLISHED,), {"published_at": -timedelta(hours=23)}),
    (Fate.ASKED, (State.PUBLISHED,), {"published_at": -timedelta(hours=23), "recall_at": LATER}),
    (Fate.ASK, (State.PUBLISHED,), {"published_at": -timedelta(hours=25)}),
    (Fate.DELETE, (State.HELD,), {"remote_id": "tersembunyi", "look_at": LATER}),
)


def test_what_becomes_of_each_state(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a platform that lets us delete for a day."""
    channel, known = channels.get("mastodon"), channels.get
    within = replace(channel, manifest=replace(channel.manifest, recall_within=timedelta(days=1)))
    monkeypatch.setattr(channels, "get", lambda kind: within if kind == "mastodon" else known(kind))
    item = desk.item(kinds=["mastodon"])
    accounts = [desk.account(handle=f"kabar{n}") for n in range(len(FATES))]
    desk.schedule(*accounts, item=item, due_at=clock.now() + LATER)
    for account, (expected, path, more) in zip(accounts, FATES, strict=True):
        rows, moment = Delivery.objects.filter(account=account), clock.now()
        last = {name: moment + value if isinstance(value, timedelta) else value for name, value in more.items()}
        for state in path:
            fields = {"state": state, "reason": "Uji", "claim_token": None, "claimed_until": None}
            if state in CLAIMS:
                fields |= {"claim_token": CLAIM, "claimed_until": moment + LATER}
            if state == State.UNKNOWN:
                fields |= {"look_at": moment, "settled_at": moment}
            if state == State.PUBLISHED:
                fields |= {"remote_id": str(account.pk)}
            rows.update(**fields | (last if state == path[-1] else {}))
        assert queries.fate_of(rows.get()) == expected, path
    foreseen = queries.foresee(desk.cast.actor("hendra"), queries.of(item.pk, None))
    assert foreseen.counts == Counter(expected for expected, _path, _more in FATES)


def test_what_people_are_asked_for_is_asked_already(desk: Desk, platform: Platform) -> None:
    delivery = desk.schedule(desk.account())
    assert desk.run() == [State.PUBLISHED]
    hendra, of = desk.cast.actor("hendra"), queries.of(delivery.item_id, None)
    asked = {"state": "asked", "reason": "Keliru", "asked_at": clock.now(), "due_at": clock.now() + LATER}
    RecallTask.objects.create(delivery=delivery, unit_id=delivery.unit_id, **asked)
    foreseen = queries.foresee(hendra, of)
    assert (foreseen.total, foreseen.counts[Fate.ASKED], foreseen.people) == (0, 1, 1)


KILLED = """
import django, os, signal, sys
django.setup()
from kentongan.core import jobs
from kentongan.publishing import actions
from kentongan.publishing.actions import recalling_all
recalling_all.AT_ONCE = 2
taken, parts = actions.recall_part, []
def killed(*given, **more):
    if len(parts) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    parts.append(taken(*given, **more))
    return parts[-1]
actions.recall_part = killed
jobs.run(int(sys.argv[1]))
"""


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_does_not_end_it(make_cast: Callable[..., Cast]) -> None:
    """What goes on takes back the rest: nothing twice, and what came to it meanwhile too."""
    desk = Desk(make_cast())
    item = waiting(desk)
    job = begin(desk, item, inline=False)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(job.pk)], env=environment(), timeout=90, capture_output=True
    )
    assert killed.returncode == -9, (killed.stderr, Job.objects.get(pk=job.pk).error)
    assert states(item) == ["ready"] * 3 + ["recalled"] * 4
    desk.schedule(desk.account(handle="baru"), item=item, due_at=clock.now() + LATER)
    Job.objects.filter(pk=job.pk).update(heartbeat_at=clock.now() - jobs.rescue.SILENT_AFTER * 2)
    assert jobs.free_stalled() >= 1
    job = jobs.run_now(job)
    assert (job.state, job.attempts, states(item)) == ("done", 2, ["recalled"] * 8)
    taken = AuditEntry.objects.filter(verb="publishing.recall.part", object_type="publishing.delivery")
    assert sorted(taken.values_list("object_id", flat=True)) == sorted(
        str(pk) for pk in item.deliveries.values_list("pk", flat=True)
    )
    assert job.done == 8
