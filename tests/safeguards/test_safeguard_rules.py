"""Rules as data: the shipped rows, their changes, their constraints, the verdicts."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import Error, IntegrityError, connection, transaction

from kentongan.core import audit
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotAllowed
from kentongan.registry.models import Organisation
from kentongan.safeguards import actions, held, loading, queries
from kentongan.safeguards.actions import Table
from kentongan.safeguards.models import AccountCap, ContentRule, Election, QuietPeriod, Release, Stage
from kentongan.safeguards.neutrality import allows_campaign
from kentongan.safeguards.purposes import Purpose
from named_cast import SYSTEM, Cast

QUIET = datetime(2024, 11, 25, 3, tzinfo=UTC)
BEFORE = datetime(2024, 11, 20, 3, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def rules(db: None) -> None:
    """The shipped rules, also where a transactional test emptied the tables before."""
    actions.load_rules(SYSTEM)


@pytest.fixture
def election(rules: None) -> Election:
    return Election.objects.get(code="pilkada-2024")


def test_every_row_of_the_file_is_in_the_tables(rules: None) -> None:
    rows = loading.read()
    assert Election.objects.count() == len(rows["election"]) == 6
    assert Stage.objects.count() == len(rows["stage"]) == 15
    assert QuietPeriod.objects.count() == len(rows["quiet_period"]) == 8
    assert AccountCap.objects.count() == len(rows["account_cap"]) == 7
    assert ContentRule.objects.filter(purpose=Purpose.CAMPAIGN).count() == 11
    assert not QuietPeriod.objects.filter(source="").exists()


@pytest.mark.parametrize(
    ("code", "campaign_ends", "quiet", "vote"),
    [
        ("pilkada-2018", date(2018, 6, 23), (date(2018, 6, 24), date(2018, 6, 26)), date(2018, 6, 27)),
        ("pilkada-2020", date(2020, 12, 5), (date(2020, 12, 6), date(2020, 12, 8)), date(2020, 12, 9)),
        ("pemilu-2024", date(2024, 2, 10), (date(2024, 2, 11), date(2024, 2, 13)), date(2024, 2, 14)),
        ("pilkada-2024", date(2024, 11, 23), (date(2024, 11, 24), date(2024, 11, 26)), date(2024, 11, 27)),
    ],
)
def test_the_calendar_of_an_election_has_no_gap_before_the_vote(
    rules: None, code: str, campaign_ends: date, quiet: tuple[date, date], vote: date
) -> None:
    assert Stage.objects.get(election__code=code, kind="campaign").ends_on == campaign_ends
    period = QuietPeriod.objects.get(code=f"{code}-quiet")
    assert (period.starts_on, period.ends_on) == quiet
    assert period.ends_on + timedelta(days=1) == vote == Election.objects.get(code=code).vote_on


def test_loading_twice_writes_nothing(rules: None) -> None:
    assert actions.load_rules(SYSTEM) == 0


def test_loading_leaves_an_edited_row_alone_and_repairs_an_untouched_one(rules: None, cast: Cast) -> None:
    edited = QuietPeriod.objects.get(code="pilkada-2024-quiet")
    actions.change(cast.actor("arif"), Table.QUIET_PERIOD, edited.pk, {"verified": True, "note": "Dibandingkan."})
    Election.objects.filter(code="pilkada-2015").update(name="Salah")
    assert actions.load_rules(SYSTEM) == 1
    edited.refresh_from_db()
    assert edited.verified
    assert Election.objects.get(code="pilkada-2015").name == "Pilkada 2015"


def test_an_administrator_verifies_a_row_and_the_trail_says_so(rules: None, cast: Cast) -> None:
    cap = AccountCap.objects.get(code="pemilu-2024-cap")
    actions.change(cast.actor("arif"), Table.ACCOUNT_CAP, cap.pk, {"verified": True})
    entry = audit.trail(cap).get()
    assert (entry.user, entry.actor_label) == (cast.user("arif"), "")
    assert entry.changes == [("verified", False, True)]


@pytest.mark.parametrize("name", ["wulan", "dewi", "hendra", "sari", "maman", "tono", "joko", "euis"])
def test_nobody_else_changes_the_law(rules: None, cast: Cast, name: str) -> None:
    cap = AccountCap.objects.get(code="pemilu-2024-cap")
    with pytest.raises(NotAllowed):
        actions.change(cast.actor(name), Table.ACCOUNT_CAP, cap.pk, {"limit": 1000})
    with pytest.raises(NotAllowed):
        actions.add(cast.actor(name), Table.ELECTION, {"name": "Pemilu 2029", "kind": "national", "source": "saya"})
    with pytest.raises(NotAllowed):
        actions.remove(cast.actor(name), Table.ACCOUNT_CAP, cap.pk)
    with pytest.raises(NotAllowed):
        actions.load_rules(cast.actor(name))
    cap.refresh_from_db()
    assert cap.limit == 20


def _quiet(election: Election, first: date, last: date, **extra: object) -> dict[str, object]:
    values = {"election": election, "name": "Masa tenang", "starts_on": first, "ends_on": last, "source": "PKPU"}
    return values | extra


def test_overlapping_periods_are_refused_by_the_action(cast: Cast, election: Election) -> None:
    with pytest.raises(Invalid):
        actions.add(cast.actor("arif"), Table.QUIET_PERIOD, _quiet(election, date(2024, 11, 26), date(2024, 11, 28)))


def test_overlapping_periods_are_refused_by_the_database(election: Election) -> None:
    row = QuietPeriod(code="own-x", **_quiet(election, date(2024, 11, 26), date(2024, 11, 26)))  # type: ignore[arg-type]
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


def test_the_same_days_elsewhere_are_another_period(cast: Cast, election: Election) -> None:
    row = actions.add(
        cast.actor("arif"),
        Table.QUIET_PERIOD,
        _quiet(election, date(2024, 11, 24), date(2024, 11, 26), area_code="32.16"),
    )
    assert row.pk


@pytest.mark.parametrize(
    "values",
    [
        {"starts_on": date(2029, 2, 13), "ends_on": date(2029, 2, 11)},
        {"area_code": "Bekasi"},
        {"source": ""},
        {"name": ""},
        {"colour": "red"},
    ],
)
def test_rows_that_contradict_themselves_are_refused(cast: Cast, election: Election, values: dict[str, object]) -> None:
    before = QuietPeriod.objects.count()
    good = _quiet(election, date(2029, 2, 11), date(2029, 2, 13))
    with pytest.raises(Invalid):
        actions.add(cast.actor("arif"), Table.QUIET_PERIOD, good | values)
    assert QuietPeriod.objects.count() == before


def test_shipped_rows_stay_and_own_rows_go(cast: Cast, election: Election) -> None:
    shipped = QuietPeriod.objects.get(code="pilkada-2024-quiet")
    with pytest.raises(Conflict):
        actions.remove(cast.actor("arif"), Table.QUIET_PERIOD, shipped.pk)
    own = actions.add(cast.actor("arif"), Table.QUIET_PERIOD, _quiet(election, date(2025, 3, 1), date(2025, 3, 3)))
    actions.remove(cast.actor("arif"), Table.QUIET_PERIOD, own.pk)
    assert not QuietPeriod.objects.filter(code=own.code).exists()


@pytest.mark.parametrize(
    ("purpose", "at", "neutral", "allowed"),
    [
        (Purpose.CAMPAIGN, BEFORE, False, True),
        (Purpose.CAMPAIGN, QUIET, False, False),
        (Purpose.SERVICE, QUIET, False, True),
        (Purpose.SERVICE, QUIET, True, True),
        (Purpose.CAMPAIGN, BEFORE, True, False),
        ("something else", BEFORE, True, False),
    ],
)
def test_verdicts(rules: None, purpose: str, at: datetime, neutral: bool, allowed: bool) -> None:
    verdict = queries.check_firing(purpose, at, "32.16", neutral)
    assert verdict.allowed is allowed
    assert verdict.held is not allowed
    assert bool(verdict.reason) is not allowed


def test_a_held_verdict_names_the_period_and_when_it_ends(rules: None) -> None:
    verdict = queries.check_firing(Purpose.CAMPAIGN, QUIET, "32.16", False)
    assert verdict.period is not None
    assert verdict.period.election == "Pilkada 2024"
    # Voting day follows the quiet period without a free day, so nothing fires before the 28th.
    assert verdict.until == datetime(2024, 11, 27, 17, tzinfo=UTC)


def test_a_period_switched_off_holds_nothing(rules: None, cast: Cast) -> None:
    for period in QuietPeriod.objects.filter(election__code="pilkada-2024"):
        actions.change(cast.actor("arif"), Table.QUIET_PERIOD, period.pk, {"active": False})
    assert queries.check_firing(Purpose.CAMPAIGN, QUIET, "32.16", False).allowed


def test_many_verdicts_cost_one_query(rules: None, django_assert_num_queries: Callable[..., object]) -> None:
    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        calendar = queries.quiet_calendar(QUIET)
        verdicts = [calendar.check(Purpose.CAMPAIGN, QUIET, "32.16", False) for _ in range(200)]
    assert all(verdict.held for verdict in verdicts)


def test_the_clock_counts_down(rules: None, django_assert_num_queries: Callable[..., object]) -> None:
    with django_assert_num_queries(3):  # type: ignore[attr-defined]
        shown = queries.election_clock(datetime(2024, 11, 20, 3, tzinfo=UTC), "32.16")
    assert shown.hold is None
    assert [stage.kind for stage in shown.running] == ["campaign", "media"]
    assert shown.next is not None
    assert (shown.next.kind, shown.next.days) == ("quiet", 4)
    assert shown.last_vote is not None
    assert shown.last_vote.election == "Pemilu 2024"


def test_the_clock_without_anything_ahead(rules: None) -> None:
    shown = queries.election_clock(datetime(2026, 11, 22, 3, tzinfo=UTC), "32.16")
    assert shown.next is None
    assert shown.last_vote is not None
    assert shown.last_vote.election == "Pilkada 2024"


@pytest.mark.parametrize("kind", Organisation.Kind.values)
def test_neutrality_agrees_with_the_registry(kind: str) -> None:
    assert allows_campaign(kind) is not Organisation(kind=kind).neutral


def test_an_unknown_kind_may_not_campaign() -> None:
    assert not allows_campaign("sekte")


# Releases


def _release(actor: Actor, cast: Cast, reason: str = "Klarifikasi resmi atas perintah Bawaslu") -> Release:
    return actions.release(actor, unit_id=cast.root.pk, subject="Sebaran 12", reason=reason)


def test_a_release_is_by_a_named_person_for_a_reason(cast: Cast) -> None:
    row = _release(cast.actor("arif"), cast)
    assert row.by == cast.user("arif")
    entry = audit.trail(row).get()
    assert entry.note == row.reason
    assert entry.unit_id == cast.root.pk
    assert list(queries.releases(cast.actor("arif"))) == [row]
    assert list(queries.releases(cast.actor("joko"))) == []


@pytest.mark.parametrize("reason", ["", "  ok  ", "a" * 14, " \n ".join("abcdef")])
def test_a_release_without_a_real_reason_is_refused(cast: Cast, reason: str) -> None:
    with pytest.raises(Invalid):
        _release(cast.actor("arif"), cast, reason)
    assert not Release.objects.exists()


@pytest.mark.parametrize("name", ["wulan", "dewi", "hendra", "sari", "maman", "tono", "joko"])
def test_only_the_units_administrator_releases(cast: Cast, name: str) -> None:
    with pytest.raises(NotAllowed):
        _release(cast.actor(name), cast)


def test_neither_a_program_nor_the_system_releases(cast: Cast) -> None:
    token = Actor.of_token(cast.user("arif"), frozenset({"safeguards:write"}), "skrip")
    for actor in (token, SYSTEM):
        with pytest.raises(NotAllowed):
            _release(actor, cast)


def test_the_database_keeps_releases_as_they_were_written(cast: Cast) -> None:
    row = _release(cast.actor("arif"), cast)
    with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE safeguards_release SET reason = %s WHERE id = %s", ["lain sekali alasannya", row.pk])
    with pytest.raises(IntegrityError), transaction.atomic():
        Release.objects.create(by=cast.user("arif"), unit_id=cast.root.pk, subject="x", reason="ok")


# What other rooms hold


class Queue:
    """A room that holds two things, the later one first."""

    def count(self, actor: Actor) -> int:
        return 2

    def held(self, actor: Actor, limit: int) -> list[held.HeldItem]:
        return [
            held.HeldItem("kedua", "Bluesky", QUIET + timedelta(hours=1), "Masa tenang", None, "/sebar/2/"),
            held.HeldItem("pertama", "Situs", QUIET, "Masa tenang", None, "/sebar/1/"),
        ][:limit]


def test_what_is_held_comes_from_the_rooms_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "_sources", {})
    held.register("queue", Queue())
    assert held.count(SYSTEM) == 2
    assert [item.title for item in held.held(SYSTEM)] == ["pertama", "kedua"]
    assert len(held.held(SYSTEM, limit=1)) == 1
