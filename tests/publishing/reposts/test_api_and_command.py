"""Who reposts whom is chosen through the API and on the command line by the same rules as on the screen."""

import contextlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from typer.testing import CliRunner, Result

from kentongan.cli import context, publish
from kentongan.core import clock
from kentongan.core.errors import Invalid
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import State
from kentongan.registry.models import Account
from publishing.desk import Desk
from publishing.reposts.boosting import Boosting
from publishing.test_api import Api

pytestmark = pytest.mark.django_db
Run = Callable[..., Result]


@pytest.fixture
def api(client: Client, desk: Desk) -> Api:
    """Hendra's, who publishes for the regency and below it."""
    return Api(client, desk, "hendra", "publishing:write")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs the command on the test's database."""
    monkeypatch.setattr(context, "running_database", contextlib.nullcontext)
    return lambda *words, **more: CliRunner().invoke(publish.app, ["schedule", *map(str, words)], **more)


def wanted(accounts: list[Account], **more: Any) -> dict[str, Any]:
    """Return the body of a request for those accounts, the first one posting."""
    due = (clock.now() + timedelta(hours=1)).isoformat()
    return {"account_ids": [one.pk for one in accounts], "due_at": due, "origin_ids": [accounts[0].pk], **more}


class TestApi:
    """`origin_ids` of `POST publishing/deliveries`."""

    def test_the_others_repost_and_say_so(self, desk: Desk, boosting: Boosting, accounts, api: Api):
        item = desk.item(kinds=["mastodon"])
        made = api.post("/deliveries", item_id=item.pk, **wanted(accounts))
        assert made.status_code == 201, made.content
        rows = {row["account_id"]: row for row in made.json()}
        first = rows[accounts[0].pk]
        assert first["repost_of_id"] is None
        assert [rows[one.pk]["repost_of_id"] for one in accounts[1:]] == [first["id"]] * 2
        assert api.get(f"/deliveries/{rows[accounts[1].pk]['id']}").json()["repost_of_id"] == first["id"]

    def test_what_is_out_already_is_reposted_by_its_account(self, desk: Desk, boosting: Boosting, accounts, api: Api):
        item = desk.item(kinds=["mastodon"])
        first = desk.schedule(accounts[0], item=item)
        assert desk.run() == [State.PUBLISHED]
        made = api.post("/deliveries", item_id=item.pk, **wanted(accounts[1:], origin_ids=[accounts[0].pk]))
        assert [row["repost_of_id"] for row in made.json()] == [first.pk] * 2

    @pytest.mark.parametrize(
        ("origin", "told"),
        [
            ("a stranger", "atau sudah memilikinya"),
            ("nobody", "atau sudah memilikinya"),
            ("two", "Di tiap platform"),
            ("another platform's, not chosen", "atau sudah memilikinya"),
            ("another platform's, chosen", "Ruang berita tidak"),
        ],
    )
    def test_a_choice_that_cannot_be_says_what_to_do(
        self, desk: Desk, boosting: Boosting, accounts, api: Api, origin: str, told: str
    ):
        newsroom, stranger = desk.account("newsroom"), desk.account(unit=desk.cast.sukamahi)
        origins = {
            "a stranger": [stranger.pk],
            "nobody": [10**15],
            "two": [accounts[0].pk, accounts[1].pk],
            "another platform's, not chosen": [newsroom.pk],
            "another platform's, chosen": [newsroom.pk],
        }[origin]
        chosen = [*accounts, newsroom] if origin.endswith(", chosen") else accounts
        item = desk.item(kinds=["mastodon", "newsroom"])
        refused = api.post("/deliveries", item_id=item.pk, **wanted(chosen, origin_ids=origins))
        assert refused.status_code == 422
        assert told in refused.json()["error"]["fields"]["origins"][0]
        assert refused.json()["error"]["remedy"]
        assert not Delivery.objects.exists()

    @pytest.mark.parametrize("origins", [[0], [-1], ["satu"], [10**30], [1] * 21, None])
    def test_what_is_no_number_is_refused(self, desk: Desk, boosting, accounts, api: Api, origins: object):
        body = wanted(accounts, origin_ids=origins)
        assert api.post("/deliveries", item_id=desk.item().pk, **body).status_code == 422
        assert not Delivery.objects.exists()

    def test_without_a_right_at_the_account_that_posts_nothing_is_scheduled(
        self, desk: Desk, boosting: Boosting, accounts, client: Client
    ):
        """Joko administers a district, and neither publishes for the regency nor sees what it has posted."""
        item = desk.item(unit=desk.cast.tambun_selatan, kinds=["mastodon"])
        joko, mine = Api(client, desk, "joko", "publishing:write"), accounts[2]
        assert joko.post("/deliveries", item_id=item.pk, **wanted([accounts[0], mine])).status_code == 422
        desk.schedule(accounts[0], item=item)
        refused = joko.post("/deliveries", item_id=item.pk, **wanted([mine], origin_ids=[accounts[0].pk]))
        assert refused.status_code == 422
        assert not Delivery.objects.filter(account=mine).exists()

    def test_a_token_that_only_reads_schedules_nothing(self, desk: Desk, boosting, accounts, client: Client):
        reads = Api(client, desk, "hendra", "publishing:read")
        assert reads.post("/deliveries", item_id=desk.item().pk, **wanted(accounts)).status_code == 403


class TestCommand:
    """`kentongan publish schedule --origin`."""

    def test_the_others_repost(self, desk: Desk, boosting: Boosting, accounts, run: Run):
        item = desk.item(kinds=["mastodon"])
        options = [word for one in accounts for word in ("--account", one.pk)]
        done = run(item.pk, *options, "--origin", accounts[0].pk, "--as", "hendra@example.id", "--json", "--yes")
        assert done.exit_code == 0, done.output
        rows = {row["account_id"]: row for row in json.loads(done.stdout)}
        assert [rows[one.pk]["repost_of_id"] for one in accounts] == [None, *[rows[accounts[0].pk]["id"]] * 2]

    def test_it_is_said_before_and_after(self, desk: Desk, boosting, accounts, run: Run, monkeypatch):
        asked: list[str] = []
        monkeypatch.setattr(publish, "confirmed", lambda question, *, yes: asked.append(question) or yes)
        item = desk.item(kinds=["mastodon"])
        options = ["--account", accounts[0].pk, "--account", accounts[1].pk, "--origin", accounts[0].pk]
        run(item.pk, *options, "--as", "hendra@example.id")
        assert f"the others of a platform repost what {accounts[0]} posts" in asked[0]
        assert not Delivery.objects.exists()
        done = run(item.pk, *options, "--as", "hendra@example.id", "--yes")
        first = Delivery.objects.get(repost_of=None)
        assert f"reposts delivery {first.pk}, is ready" in done.output

    @pytest.mark.parametrize(("who", "origin"), [("hendra", "another"), ("hendra", "none"), ("joko", "the first")])
    def test_what_cannot_be_chosen_is_refused(self, desk: Desk, boosting, accounts, run: Run, who: str, origin: str):
        """Joko has no right at the account that would post."""
        other = desk.account(unit=desk.cast.sukamahi)
        number = {"another": other.pk, "none": 10**9, "the first": accounts[0].pk}[origin]
        item = desk.item(unit=desk.cast.tambun_selatan, kinds=["mastodon"])
        done = run(item.pk, "--account", accounts[2].pk, "--origin", number, "--as", f"{who}@example.id", "--yes")
        assert isinstance(done.exception, Invalid)
        assert done.exception.remedy == "Choose for each platform which account posts it."
        assert not Delivery.objects.exists()
