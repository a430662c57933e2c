"""Campaigns: opened, filled, closed; rights at both ends; a campaign of public service takes no electioneering."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from kentongan.cli import plan
from kentongan.core import audit, clock, tokens
from kentongan.core.errors import Conflict, Held, Invalid, KentonganError, NotAllowed, NotFound
from kentongan.core.models import User
from kentongan.core.permissions import Role
from kentongan.planning import actions, calendar
from kentongan.planning import queries as planning
from kentongan.planning.campaigns import queries
from kentongan.planning.drafts import CampaignDraft, ItemDraft
from kentongan.planning.models import Campaign, ContentItem
from kentongan.registry import actions as registry
from kentongan.registry.models import Grant
from kentongan.safeguards.purposes import Purpose
from named_cast import SYSTEM, Cast

from .conftest import shorter

SignIn = Callable[[User], Client]
RIVER = CampaignDraft(
    name="Jaga Kali Cikarang",
    purpose=Purpose.SERVICE,
    starts_on=date(2026, 12, 1),
    ends_on=date(2026, 12, 31),
    hashtags=("#JagaKali", "CikarangBersih", "#jagakali"),
    themes=("Sampah rumah tangga", "Banjir"),
)


@pytest.fixture
def river(cast: Cast) -> Campaign:
    """Dewi's campaign at the root."""
    return actions.open_campaign(cast.actor("dewi"), cast.root.pk, RIVER)


@pytest.fixture
def tambun(cast: Cast) -> Campaign:
    """Euis' campaign in Tambun Selatan."""
    return actions.open_campaign(cast.actor("euis"), cast.tambun_selatan.pk, replace(RIVER, name="Tambun Tertib"))


@pytest.mark.django_db
class TestCampaign:
    """What it says, and who may say it."""

    def test_it_keeps_hashtags_without_their_sign_each_once(self, cast: Cast, river: Campaign):
        assert (river.hashtags, river.themes) == (["JagaKali", "CikarangBersih"], ["Sampah rumah tangga", "Banjir"])
        assert (river.state, river.purpose) == ("open", "service")
        entry = audit.trail(river).get()
        assert (entry.verb, entry.user_id, entry.unit_id) == (
            "planning.campaign.open",
            cast.user("dewi").pk,
            cast.root.pk,
        )

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"name": "  "}, "name"),
            ({"purpose": "iklan"}, "purpose"),
            ({"ends_on": date(2026, 11, 30)}, "ends_on"),
            ({"hashtags": ("jaga-kali",)}, "hashtags"),
            ({"hashtags": ("2026",)}, "hashtags"),
            ({"hashtags": tuple(f"tagar{n}" for n in range(11))}, "hashtags"),
            ({"themes": ("x" * 121,)}, "themes"),
        ],
    )
    def test_what_makes_no_sense_is_refused_at_its_field(self, cast: Cast, wrong: dict[str, object], field: str):
        with pytest.raises(Invalid) as refused:
            actions.open_campaign(cast.actor("dewi"), cast.root.pk, replace(RIVER, **wrong))
        assert set(refused.value.fields) == {field}
        assert not Campaign.objects.exists()

    @pytest.mark.parametrize("name", ["hendra", "sari", "maman", "euis"])
    def test_only_who_writes_there_opens_or_changes_one(self, cast: Cast, river: Campaign, name: str):
        who = cast.actor(name)
        with pytest.raises((NotAllowed, NotFound)):
            actions.open_campaign(who, cast.root.pk, replace(RIVER, name="Lain"))
        for act in (
            lambda: actions.change_campaign(who, river.pk, replace(RIVER, name="Lain")),
            lambda: actions.close_campaign(who, river.pk, "x"),
        ):
            with pytest.raises((NotAllowed, NotFound)):
                act()
        river.refresh_from_db()
        assert (river.name, river.state) == (RIVER.name, "open")

    def test_of_those_that_run_at_a_unit_each_has_its_own_name(self, cast: Cast, river: Campaign):
        dewi = cast.actor("dewi")
        with pytest.raises(Invalid) as refused:
            actions.open_campaign(dewi, cast.root.pk, replace(RIVER, name="jaga kali cikarang"))
        assert set(refused.value.fields) == {"name"}
        actions.close_campaign(dewi, river.pk, "Selesai")
        again = actions.open_campaign(dewi, cast.root.pk, RIVER)
        assert again.pk != river.pk
        with pytest.raises(Invalid):
            actions.reopen_campaign(dewi, river.pk)

    def test_closing_needs_a_reason_and_can_be_taken_back(self, cast: Cast, river: Campaign):
        dewi = cast.actor("dewi")
        with pytest.raises(Invalid):
            actions.close_campaign(dewi, river.pk, " \x00")
        actions.close_campaign(dewi, river.pk, "Musim hujan lewat")
        for act in (
            lambda: actions.close_campaign(dewi, river.pk, "Lagi"),
            lambda: actions.change_campaign(dewi, river.pk, replace(RIVER, name="Lain")),
        ):
            with pytest.raises(Conflict):
                act()
        assert actions.reopen_campaign(dewi, river.pk).closed_at is None
        with pytest.raises(Conflict):
            actions.reopen_campaign(dewi, river.pk)

    def test_the_database_holds_it_too(self, cast: Cast, river: Campaign):
        for wrong in ({"name": ""}, {"purpose": "x"}, {"ends_on": date(2000, 1, 1)}, {"state": "closed"}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Campaign.objects.filter(pk=river.pk).update(**wrong)


@pytest.mark.django_db
class TestPurpose:
    """A neutral body has no campaign for candidates; one of public service takes no electioneering."""

    def test_a_neutral_organisation_opens_none_for_candidates(self, cast: Cast, river: Campaign):
        for wanted in (lambda draft: actions.open_campaign(cast.actor("dewi"), cast.root.pk, draft),):
            with pytest.raises(Held):
                wanted(replace(RIVER, name="Pilih kami", purpose=Purpose.CAMPAIGN))
        with pytest.raises(Held):
            actions.change_campaign(cast.actor("dewi"), river.pk, replace(RIVER, purpose=Purpose.CAMPAIGN))
        with pytest.raises(IntegrityError), transaction.atomic():
            Campaign.objects.filter(pk=river.pk).update(purpose=Purpose.CAMPAIGN)

    def test_electioneering_stays_out_of_a_campaign_of_public_service(self, party: Cast, draft: ItemDraft):
        dewi, root = party.actor("dewi"), party.root.pk
        service = actions.open_campaign(dewi, root, RIVER)
        votes = actions.open_campaign(dewi, root, replace(RIVER, name="Menang", purpose=Purpose.CAMPAIGN))
        wanted = shorter(draft, purpose=Purpose.CAMPAIGN)
        with pytest.raises(Invalid) as refused:
            actions.create_item(dewi, replace(wanted, campaign_id=service.pk), unit_id=root)
        assert set(refused.value.fields) == {"campaign"}
        item = actions.create_item(dewi, replace(wanted, campaign_id=votes.pk), unit_id=root)
        with pytest.raises(IntegrityError), transaction.atomic():
            ContentItem.objects.filter(pk=item.pk).update(campaign=service)
        with pytest.raises(Conflict):
            actions.change_campaign(dewi, votes.pk, replace(RIVER, name="Menang"))
        with pytest.raises(IntegrityError), transaction.atomic():
            Campaign.objects.filter(pk=votes.pk).update(purpose=Purpose.SERVICE)
        inside = actions.create_item(dewi, replace(draft, campaign_id=service.pk), unit_id=root)
        with pytest.raises(Invalid):
            actions.change_item(dewi, inside.pk, replace(wanted, campaign_id=service.pk), version=inside.version)


@pytest.mark.django_db
class TestContent:
    """An item is in one campaign at most; who moves it writes at both ends."""

    def test_it_is_chosen_and_changed_without_another_approval(
        self, cast: Cast, river: Campaign, approved: ContentItem, draft: ItemDraft
    ):
        dewi = cast.actor("dewi")
        item = actions.change_item(dewi, approved.pk, replace(draft, campaign_id=river.pk), version=approved.version)
        assert (item.state, item.campaign_id, item.version) == ("approved", river.pk, approved.version)
        entry = audit.trail(item).first()
        assert (entry.before["campaign_id"], entry.after["campaign_id"]) == (None, river.pk)
        assert planning.items(dewi, campaign_id=river.pk).get() == item
        assert planning.state_counts(dewi, campaign_id=river.pk) == {"approved": 1}

    def test_a_closed_one_takes_nothing_and_keeps_what_it_has(self, cast: Cast, river: Campaign, draft: ItemDraft):
        dewi = cast.actor("dewi")
        inside = actions.create_item(dewi, replace(draft, campaign_id=river.pk), unit_id=cast.root.pk)
        actions.close_campaign(dewi, river.pk, "Selesai")
        with pytest.raises(Invalid):
            actions.create_item(dewi, replace(draft, campaign_id=river.pk), unit_id=cast.root.pk)
        changed = actions.change_item(
            dewi, inside.pk, shorter(draft, title="Lain", campaign_id=river.pk), version=inside.version
        )
        assert changed.campaign_id == river.pk

    def test_who_moves_content_writes_at_both_ends(
        self, cast: Cast, river: Campaign, tambun: Campaign, draft: ItemDraft
    ):
        euis, dewi = cast.actor("euis"), cast.actor("dewi")
        with pytest.raises(NotFound):
            actions.create_item(euis, replace(draft, campaign_id=river.pk), unit_id=cast.tambun_selatan.pk)
        item = actions.create_item(dewi, replace(draft, campaign_id=river.pk), unit_id=cast.tambun_selatan.pk)
        for other in (None, tambun.pk):
            with pytest.raises(NotFound):
                actions.change_item(euis, item.pk, replace(draft, campaign_id=other), version=item.version)
        kept = actions.change_item(
            euis, item.pk, shorter(draft, title="Judul Euis", campaign_id=river.pk), version=item.version
        )
        assert kept.campaign_id == river.pk
        moved = actions.change_item(dewi, item.pk, shorter(draft, campaign_id=tambun.pk), version=kept.version)
        assert moved.campaign_id == tambun.pk

    def test_calendar_and_board_are_narrowed_by_it(self, cast: Cast, river: Campaign, draft: ItemDraft):
        dewi = cast.actor("dewi")
        when = clock.now() + timedelta(hours=2)
        inside = shorter(draft, title="Di dalam", campaign_id=river.pk, planned_for=when)
        for one in (inside, shorter(draft, title="Di luar", planned_for=when)):
            actions.create_item(dewi, one, unit_id=cast.root.pk)
        with timezone.override("Asia/Jakarta"):
            period = calendar.period(timezone.localdate(when), 1)
        rows = calendar.listed(dewi, calendar.Wanted(period, campaign_id=river.pk))
        assert [entry.title for entry in calendar.entries_of(dewi, rows)] == ["Di dalam"]
        assert [len(lane.items) for lane in planning.board(dewi, campaign_id=river.pk)] == [1, 0, 0, 0]


@pytest.mark.django_db
class TestScreens:
    """List, page, form; the search on top; the API and the command line."""

    def test_it_is_opened_filled_and_closed_on_the_screens(
        self, cast: Cast, sign_in: SignIn, draft: ItemDraft, rules_loaded: None
    ):
        client = sign_in(cast.user("dewi"))
        empty = client.get(reverse("planning:campaigns"))
        assert "Belum ada program di sini" in empty.content.decode()
        given = {"name": "Jaga Kali", "hashtags": "#JagaKali, bersih", "themes": "Banjir\nSampah", "purpose": "service"}
        bad = client.post(reverse("planning:campaign_create"), {**given, "unit": "32.16", "starts_on": ""})
        assert bad.status_code == 422
        client.post(reverse("planning:campaign_create"), {**given, "unit": "32.16", "starts_on": "2026-12-01"})
        made = Campaign.objects.get()
        assert (made.hashtags, made.themes) == (["JagaKali", "bersih"], ["Banjir", "Sampah"])
        form = client.get(reverse("planning:item_create"), {"campaign": made.pk})
        assert form.context["form"]["campaign"].value() == str(made.pk)
        client.post(
            reverse("planning:item_create"),
            {
                "title": draft.title,
                "purpose": "service",
                "language": "id",
                "unit": "32.16",
                "campaign": made.pk,
                "mastodon_text": "Ayo",
            },
        )
        item = ContentItem.objects.get()
        assert item.campaign == made
        for address in (made.get_absolute_url(), item.get_absolute_url(), reverse("planning:campaigns")):
            assert "Jaga Kali" in client.get(address).content.decode()
        found = client.get(reverse("web:search"), {"q": "#jagakali"}).content.decode()
        assert made.get_absolute_url() in found
        for view in ("planning:index", "planning:items", "planning:calendar"):
            assert f"campaign={made.pk}" in client.get(reverse(view)).content.decode()
        refused = client.post(reverse("planning:campaign_close", args=(made.pk,)), {"reason": ""})
        assert refused.status_code == 422
        client.post(reverse("planning:campaign_close", args=(made.pk,)), {"reason": "Selesai"})
        archive = client.get(reverse("planning:campaigns"), {"state": "closed"}).content.decode()
        assert "Jaga Kali" in archive
        assert "Jaga Kali" not in client.get(reverse("planning:campaigns"), {"state": "open"}).content.decode()
        client.post(reverse("planning:campaign_reopen", args=(made.pk,)))
        made.refresh_from_db()
        assert made.state == "open"

    def test_who_may_not_see_it_is_told_its_name_on_their_item_and_no_more(
        self, cast: Cast, sign_in: SignIn, river: Campaign, draft: ItemDraft, rules_loaded: None
    ):
        dewi = cast.actor("dewi")
        item = actions.create_item(dewi, replace(draft, campaign_id=river.pk), unit_id=cast.tambun_selatan.pk)
        client = sign_in(cast.user("euis"))
        assert client.get(river.get_absolute_url()).status_code == 404
        page = client.get(item.get_absolute_url()).content.decode()
        assert river.name in page
        assert river.get_absolute_url() not in page
        form = client.get(reverse("planning:item_edit", args=(item.pk,))).context["form"]
        assert [value for value, _label in form.fields["campaign"].choices] == ["", river.pk]

    def test_the_list_takes_as_many_queries_for_many(self, cast: Cast, sign_in: SignIn, river: Campaign):
        client = sign_in(cast.user("dewi"))
        client.get(reverse("planning:campaigns"))

        def asked() -> int:
            with CaptureQueriesContext(
                connection,
            ) as queried:
                client.get(reverse("planning:campaigns"))
            return len(queried)

        few = asked()
        for n in range(12):
            actions.open_campaign(cast.actor("dewi"), cast.root.pk, replace(RIVER, name=f"Program {n}"))
        assert asked() == few

    def test_the_api_says_the_same(self, cast: Cast, client: Client, river: Campaign, draft: ItemDraft):
        _row, secret = tokens.create(cast.actor("dewi"), "uji", ["planning:read", "planning:write"])
        say = {"headers": {"Authorization": f"Bearer {secret}"}, "content_type": "application/json"}
        base = "/api/v1/planning/campaigns"
        body = {"name": "Lain", "purpose": "service", "starts_on": "2026-12-01", "unit_id": cast.root.pk}
        made = client.post(base, body, **say)
        assert (made.status_code, made.json()["state"]) == (201, "open")
        assert client.post(base, {**body, "name": "P", "purpose": "campaign"}, **say).status_code >= 400
        number = made.json()["id"]
        changed = client.put(f"{base}/{number}", {**body, "hashtags": ["#Lain"]}, **say)
        assert changed.json()["hashtags"] == ["Lain"]
        item = client.post(
            "/api/v1/planning/items",
            {"title": "M", "purpose": "service", "unit_id": cast.root.pk, "campaign_id": number},
            **say,
        ).json()
        listed = client.get(base, **say).json()["items"]
        assert {row["name"]: row["items"] for row in listed} == {"Lain": 1, river.name: 0}
        kept = client.put(
            f"/api/v1/planning/items/{item['id']}", {"title": "N", "purpose": "service", "version": 1}, **say
        ).json()
        assert kept["campaign_id"] == number
        gone = client.put(
            f"/api/v1/planning/items/{item['id']}",
            {"title": "N", "purpose": "service", "version": kept["version"], "campaign_id": None},
            **say,
        ).json()
        assert gone["campaign_id"] is None
        assert client.post(f"{base}/{number}/close", {"reason": "Selesai"}, **say).json()["state"] == "closed"
        assert client.post(f"{base}/{number}/close", {"reason": "Selesai"}, **say).status_code == 409
        assert client.post(f"{base}/{number}/reopen", {}, **say).json()["state"] == "open"

    def test_the_command_line_opens_lists_and_closes(self, cast: Cast, run_command: Callable[..., object]):
        made = run_command(
            plan,
            "campaign",
            "32.16",
            "Jaga Kali",
            "--purpose",
            "service",
            "--hashtag",
            "#JagaKali",
            "--as",
            "dewi@example.id",
        )
        assert (made["name"], made["hashtags"]) == ("Jaga Kali", ["JagaKali"])
        listed = run_command(plan, "campaigns", "--as", "dewi@example.id")
        assert [row["id"] for row in listed] == [made["id"]]
        closed = run_command(plan, "close-campaign", made["id"], "Selesai", "--as", "dewi@example.id")
        assert closed["state"] == "closed"
        with pytest.raises(KentonganError):
            run_command(plan, "close-campaign", made["id"], "Selesai", "--as", "euis@example.id")


@pytest.mark.django_db(transaction=True)
def test_closing_and_adding_at_once_never_adds_to_a_closed_one(cast: Cast, draft: ItemDraft) -> None:
    """Whoever comes second waits: either the item was in before, or it is refused."""
    river = actions.open_campaign(cast.actor("dewi"), cast.root.pk, RIVER)
    holding, added = threading.Event(), []

    def add() -> None:
        holding.wait(10)
        try:
            actions.create_item(cast.actor("dewi"), replace(draft, campaign_id=river.pk), unit_id=cast.root.pk)
        except Invalid as error:
            added.append(error)
        finally:
            connection.close()

    other = threading.Thread(target=add)
    other.start()
    with transaction.atomic():
        actions.close_campaign(cast.actor("dewi"), river.pk, "Selesai")
        holding.set()
        other.join(0.5)  # it waits for the lock: nothing is in yet
        assert other.is_alive()
    other.join(10)
    assert len(added) == 1
    assert not ContentItem.objects.filter(campaign=river).exists()


@pytest.mark.django_db
def test_losing_the_role_ends_it(cast: Cast, river: Campaign) -> None:
    registry.grant_role(SYSTEM, cast.user("joko").pk, cast.root.pk, Role.EDITOR)
    assert river in queries.open_to(cast.actor("joko"))
    Grant.objects.filter(user=cast.user("joko"), unit=cast.root).delete()
    assert river not in queries.open_to(cast.actor("joko"))
