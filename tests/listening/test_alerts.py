"""Alerts: what is out of the ordinary for its hour, once for as long as it lasts, with its reason and its worth."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from kentongan.core import audit, clock, imports, jobs, ticks
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from kentongan.core.imports import ImportRun
from kentongan.core.models import Message
from kentongan.listening import actions, queries
from kentongan.listening.actions import AlertWish
from kentongan.listening.actions.watching import CALM_AFTER, MOST_AN_HOUR, PURPOSE
from kentongan.listening.alerts.habit import DAYS, FLOOR, NEW_LEVEL_DAYS, judge, judge_young
from kentongan.listening.alerts.wording import why
from kentongan.listening.models import (
    Alert,
    AlertRule,
    Issue,
    IssueCount,
    IssueDistrict,
    IssueSample,
    Source,
    TalkCount,
    Tombstone,
)
from kentongan.listening.posts import RawPost
from kentongan.registry.models import Grant, Unit
from listening_texts import POTHOLE
from named_cast import Cast
from registry.calling import Caller

SYSTEM = Actor.system("listening.watch")
API = "/api/v1/listening/"
MONDAY_NINE = datetime(2026, 11, 16, 2, 40, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    """A Monday, at 09.40 in the morning of Java."""
    with clock.playing(MONDAY_NINE), translation.override("id"):
        yield


def rule(cast: Cast, who: str = "sari", readers: tuple[str, ...] = (), **wish: object) -> AlertRule:
    """Make a rule that has had its first look."""
    wanted = AlertWish(**{"name": "Jalan rusak", "least": 10, **wish})
    made = actions.save_alert_rule(cast.actor(who), cast.root.pk, wanted, [cast.user(name).pk for name in readers])
    watch(cast)
    return made


def issue(cast: Cast, *, days: int = 0, topic: str = "roads", title: str = "Jalan berlubang di Setu") -> Issue:
    first = clock.now() - days * DAY - HOUR
    return Issue.objects.create(unit=cast.root, title=title, topic=topic, first_at=first, last_at=clock.now())


def posts(of: Issue, count: int, *, ago: timedelta = timedelta(0), complaints: int = 0) -> None:
    at = (clock.now() - ago).replace(minute=20, second=0, microsecond=0)
    IssueCount.objects.update_or_create(issue=of, at=at, defaults={"posts": count, "complaints": complaints})
    hour = {"unit": of.unit, "at": at.replace(minute=0), "topic": of.topic, "area_code": ""}
    TalkCount.objects.update_or_create(**hour, defaults={"posts": count, "complaints": complaints})


def talk(cast: Cast, count: int, *, ago: timedelta = timedelta(0), topic: str = "floods", area: str = "") -> None:
    at = (clock.now() - ago).replace(minute=0, second=0, microsecond=0)
    TalkCount.objects.create(unit=cast.root, at=at, topic=topic, area_code=area, posts=count, complaints=count // 2)


def watch(cast: Cast) -> int:
    return actions.watch(SYSTEM, cast.root.pk)


class TestTheHabit:
    """The score of an hour."""

    def test_the_usual_is_not_unusual(self):
        assert abs(judge(20, [20] * DAYS, [False] * DAYS).score) < 0.1

    def test_far_more_than_usual_is(self):
        assert judge(60, [20] * DAYS, [False] * DAYS).score > 6

    def test_every_monday_morning_is_no_wave_on_a_monday_morning(self):
        mondays = [day % 7 == 0 for day in range(1, DAYS + 1)]
        counts = [80 if monday else 20 for monday in mondays]
        assert judge(80, counts, mondays).score < 3
        assert judge(80, [20] * DAYS, mondays).score > 8

    def test_what_is_restless_by_nature_has_to_rise_further(self):
        restless = [0, 60, 5, 40, 0, 20, 15] * 4
        assert judge(60, restless, [False] * DAYS).score < judge(60, [20] * DAYS, [False] * DAYS).score / 2

    def test_an_earlier_flood_does_not_hide_the_next(self):
        flooded = [400, 350, *[20] * (DAYS - 2)]
        assert judge(200, flooded, [False] * DAYS).score > 5

    def test_a_post_after_a_silence_is_no_wave(self):
        found = judge(1, [0] * DAYS, [False] * DAYS)
        assert (found.expected, found.score < 3.5) == (FLOOR, True)

    @given(st.integers(0, 10**6), st.lists(st.tuples(st.integers(0, 10**6), st.booleans()), max_size=DAYS))
    def test_more_posts_never_score_less(self, count: int, earlier: list[tuple[int, bool]]):
        counts, same = [one for one, _same in earlier], [one for _count, one in earlier]
        lower, higher = judge(count, counts, same), judge(count + 1, counts, same)
        assert higher.score >= lower.score
        assert lower.expected >= FLOOR
        assert lower.days <= len(earlier)

    def test_a_level_that_lasts_is_the_habit_after_three_days(self):
        told = []
        for day in range(DAYS):
            counts = [300] * day + [50] * (DAYS - day)
            told.append(judge(300, counts, [ago % 7 == 0 for ago in range(1, DAYS + 1)]).score >= 5)
        assert told == [True] * NEW_LEVEL_DAYS + [False] * (DAYS - NEW_LEVEL_DAYS)

    def test_what_rises_above_a_new_level_is_told(self):
        assert judge(900, [300] * 5 + [50] * 23, [False] * DAYS).score > 5

    def test_a_few_days_are_no_proof_of_calm(self):
        assert judge(40, [20] * 7, [False] * 7).score < 3.5
        assert judge(40, [20] * 14, [False] * 14).score > 3.5

    @pytest.mark.parametrize(("count", "told"), [(20, False), (90, True)])
    def test_the_morning_after_is_held_against_the_day_before(self, count: int, told: bool):
        day = [0] * 14 + [18, 25, 24, 10] + [0] * 6
        assert (judge_young(count, day).score >= 5) is told


@pytest.mark.django_db
class TestIssues:
    """A rule that watches single issues."""

    def test_a_new_issue_is_told_once_with_its_reason_and_to_its_readers(self, cast: Cast):
        made = rule(cast, readers=("sari", "dewi"))
        holes = issue(cast)
        posts(holes, 24)
        assert watch(cast) == 1
        assert watch(cast) == 0, "it goes on: nobody is told again"
        alert = Alert.objects.get()
        assert (alert.rule, alert.issue, alert.observed, alert.is_new) == (made, holes, 24, True)
        assert "24 unggahan" in why(alert)
        told = Message.objects.filter(purpose=PURPOSE)
        assert sorted(one.address for one in told) == ["dewi@example.id", "sari@example.id"]
        assert told[0].link.endswith(holes.get_absolute_url())
        assert audit.trail(alert)[0].verb == "listening.alert.watch"

    def test_what_is_usual_at_this_hour_is_not_told(self, cast: Cast):
        rule(cast)
        holes = issue(cast, days=DAYS)
        for day in range(1, DAYS + 1):
            posts(holes, 24, ago=day * DAY)
        posts(holes, 24)
        assert watch(cast) == 0
        posts(holes, 120)
        assert watch(cast) == 1
        alert = Alert.objects.get()
        assert (alert.days, round(alert.expected)) == (DAYS, 24)
        assert "28 hari" in why(alert)

    def test_other_hours_do_not_count_as_the_habit(self, cast: Cast):
        rule(cast)
        holes = issue(cast, days=DAYS)
        for day in range(1, DAYS + 1):
            posts(holes, 200, ago=day * DAY + 5 * HOUR)
        posts(holes, 60)
        assert watch(cast) == 1

    @pytest.mark.parametrize(
        "wish",
        [{"topic": "floods"}, {"area_code": "32.16.01"}, {"least": 25}, {"complaints_only": True}],
        ids=["topic", "area", "least", "complaints"],
    )
    def test_a_rule_tells_only_of_what_it_watches(self, cast: Cast, wish: dict[str, object]):
        rule(cast, **wish)
        holes = issue(cast)
        Issue.objects.filter(pk=holes.pk).update(posts=24)
        IssueDistrict.objects.create(issue=holes, area_code="32.16.20", posts=20, complaints=0)
        posts(holes, 24, complaints=3)
        assert watch(cast) == 0
        AlertRule.objects.update(topic="roads", area_code="32.16.20", least=16, complaints_only=False)
        assert watch(cast) == 1

    def test_it_ends_when_it_has_been_as_usual_for_a_while_and_what_rises_again_is_new(self, cast: Cast):
        rule(cast)
        holes = issue(cast)
        posts(holes, 24)
        watch(cast)
        with clock.playing(MONDAY_NINE + CALM_AFTER + HOUR):
            assert watch(cast) == 0
            assert not Alert.objects.get().is_open
            posts(holes, 400)
            assert watch(cast) == 1
        assert Alert.objects.count() == 2

    def test_while_it_goes_on_its_highest_hour_is_kept(self, cast: Cast):
        rule(cast)
        holes = issue(cast)
        for count in (24, 90, 30):
            posts(holes, count)
            watch(cast)
        assert Alert.objects.get().observed == 90

    def test_the_database_knows_one_open_alert_of_a_rule_and_an_issue(self, cast: Cast):
        made, now = rule(cast), clock.now()
        values = {"raised_at": now, "above_at": now, "observed": 1, "expected": 1, "score": 1, "days": 0}
        Alert.objects.create(rule=made, issue=None, **values)
        with transaction.atomic(), pytest.raises(IntegrityError):
            Alert.objects.create(rule=made, issue=None, **values)

    def test_who_listens_no_more_is_told_no_more(self, cast: Cast):
        rule(cast, readers=("dewi",))
        cast.user("dewi").grants.all().delete()
        posts(issue(cast), 24)
        assert watch(cast) == 1
        assert not Message.objects.filter(purpose=PURPOSE).exists()


@pytest.mark.django_db
class TestYoung:
    """Issues, and units, that have no habit yet."""

    def test_a_new_issue_is_not_new_again_the_next_morning(self, cast: Cast):
        rule(cast)
        holes = issue(cast)
        for ago in (16, 15, 14):
            posts(holes, 24, ago=ago * HOUR)
        Issue.objects.update(first_at=clock.now() - 17 * HOUR)
        posts(holes, 24)
        assert watch(cast) == 0
        posts(holes, 120)
        assert watch(cast) == 1
        assert "pertama terlihat 15 November, 16.40" in why(Alert.objects.get())

    @pytest.mark.parametrize(("sensitivity", "needed"), [("calm", 60), ("usual", 30), ("keen", 20)])
    def test_the_sensitivity_says_how_many_posts_a_new_issue_needs(self, cast: Cast, sensitivity: str, needed: int):
        rule(cast, least=20, sensitivity=sensitivity)
        holes = issue(cast)
        posts(holes, needed - 1)
        assert watch(cast) == 0
        posts(holes, needed)
        assert watch(cast) == 1

    def test_one_old_post_is_no_month_of_habit(self, cast: Cast):
        rule(cast)
        holes = issue(cast, days=40)
        posts(holes, 1, ago=40 * DAY)
        for day in (1, 2, 3):
            posts(holes, 40, ago=day * DAY)
        posts(holes, 44)
        assert watch(cast) == 0
        posts(holes, 400)
        assert watch(cast) == 1
        assert (Alert.objects.get().days, round(Alert.objects.get().expected)) == (3, 40)

    def test_days_without_any_post_are_no_habit_of_talk(self, cast: Cast):
        rule(cast, watches="talk", topic="floods")
        talk(cast, 1, ago=40 * DAY)
        talk(cast, 30, ago=DAY)
        talk(cast, 300)
        assert watch(cast) == 0


@pytest.mark.django_db
class TestTelling:
    """Who is told, and how often."""

    def told(self) -> list[Message]:
        return list(Message.objects.filter(purpose=PURPOSE).order_by("pk"))

    def test_a_tick_writes_one_message_that_lists_its_alerts(self, cast: Cast):
        rule(cast, readers=("sari",))
        for number in range(25):
            posts(issue(cast, title=f"Isu nomor {number}"), 24 + number)
        assert watch(cast) == 25
        (message,) = self.told()
        assert "25 peringatan" in message.subject
        assert message.body.startswith("Isu nomor 24: 48 unggahan")
        assert "Isu nomor 3:" not in message.body, "twenty are named, the highest first"
        assert message.body.endswith(": 5.")

    def test_an_hour_has_three_messages_and_the_last_says_so(self, cast: Cast):
        rule(cast, readers=("sari",))
        for number in range(MOST_AN_HOUR + 2):
            with clock.playing(MONDAY_NINE + timedelta(minutes=number)):
                posts(issue(cast, title=f"Isu {number}"), 24)
                assert watch(cast) == 1
        assert len(self.told()) == MOST_AN_HOUR
        assert [("hanya di layar" in one.body) for one in self.told()] == [False] * (MOST_AN_HOUR - 1) + [True]
        assert Alert.objects.filter(told_at=None).count() == 2
        with clock.playing(MONDAY_NINE + HOUR + timedelta(minutes=9)):
            posts(issue(cast, title="Isu lain"), 24)
            assert watch(cast) == 1
        assert len(self.told()) == MOST_AN_HOUR + 1

    def test_the_first_look_tells_nobody_of_what_is_there_already(self, cast: Cast):
        posts(issue(cast), 24)
        made = rule(cast, readers=("sari",))
        assert made.alerts.count() == 1
        assert not self.told()
        posts(issue(cast, title="Baru"), 24)
        assert watch(cast) == 1
        assert len(self.told()) == 1


@pytest.mark.django_db
class TestIssuesThatChange:
    """An issue that is emptied, or goes into another."""

    def test_an_import_whose_issue_had_an_alert_is_taken_back(self, cast: Cast, bring: Callable[..., ImportRun]):
        rows = [f"2026-11-16 0{2 - n // 4}:{59 - n % 4:02}:00,w{n},{text}" for n, text in enumerate(POTHOLE)]
        run = bring("a.csv", "created_at,author,text\n" + "\n".join(rows) + "\n")
        alert = self.alert(cast, Issue.objects.get())
        jobs.run_now(imports.undo(cast.actor("sari"), run.pk, inline=True))
        self.emptied(alert)

    def test_posts_that_were_deleted_take_their_issue_along(self, cast: Cast, source: Source):
        texts = enumerate(POTHOLE)
        said = [RawPost(None, clock.now() - timedelta(minutes=n), f"w{n}", text, platform="x") for n, text in texts]
        actions.ingest(cast.actor("sari"), source, said)
        one = Issue.objects.get()
        alert, other = self.alert(cast, one), self.alert(cast, None, name="Semua", watches="talk")
        while sample := IssueSample.objects.first():
            actions.forget_post(cast.actor("sari"), sample.pk, "Diminta penulisnya")
        self.emptied(alert)
        other.refresh_from_db()
        assert other.is_open
        assert Tombstone.objects.count() == len(POTHOLE)

    def alert(self, cast: Cast, of: Issue | None, **wish: object) -> Alert:
        made, now = rule(cast, **wish), clock.now()
        values = {"raised_at": now, "above_at": now, "observed": 9, "expected": 1, "score": 9, "days": 3}
        return Alert.objects.create(rule=made, watches=made.watches, issue=of, **values)

    def emptied(self, alert: Alert) -> None:
        alert.refresh_from_db()
        assert not Issue.objects.exists()
        assert (alert.issue, alert.is_open) == (None, False)
        assert str(alert) == "Isu yang unggahannya sudah tidak ada"
        assert why(alert)

    def test_a_merge_tells_nobody_twice(self, cast: Cast):
        first, second = issue(cast), issue(cast, title="Jalan bolong")
        rule(cast)
        posts(first, 24)
        watch(cast)
        actions.merge(cast.actor("sari"), first.pk, second.pk)
        assert watch(cast) == 0
        assert Alert.objects.get().issue == second

    def test_two_alerts_of_a_rule_become_one(self, cast: Cast):
        first, second = issue(cast), issue(cast, title="Jalan bolong")
        rule(cast)
        posts(first, 24)
        posts(second, 30)
        assert watch(cast) == 2
        actions.merge(cast.actor("sari"), first.pk, second.pk)
        assert [(one.issue, one.is_open) for one in Alert.objects.order_by("pk")] == [(first, False), (second, True)]


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "units"), [("watch", "watched_units"), ("advance", "units_behind")])
def test_what_one_unit_fails_at_holds_up_no_other(monkeypatch: pytest.MonkeyPatch, name: str, units: str):
    seen: list[int] = []

    def work(actor: Actor, unit_id: int) -> int:
        seen.append(unit_id)
        if unit_id == 1:
            raise ValueError("broken")
        return 1

    monkeypatch.setattr(actions, name, work)
    monkeypatch.setattr(queries, units, lambda: [1, 2])
    ticks.run_once({"watch": "listening.watch", "advance": "listening.stream"}[name])
    assert seen == [1, 2]


@pytest.mark.django_db
class TestTalk:
    """A rule that watches all talk of a topic and an area."""

    def test_without_a_habit_nothing_is_said(self, cast: Cast):
        rule(cast, watches="talk", topic="floods")
        talk(cast, 500)
        assert watch(cast) == 0

    def test_the_running_hour_says_so_as_soon_as_it_has_more_than_a_whole_one(self, cast: Cast):
        rule(cast, watches="talk", topic="floods")
        for day in range(1, 15):
            talk(cast, 30, ago=day * DAY)
        talk(cast, 90)
        assert watch(cast) == 1
        assert Alert.objects.get().days == 14

    def test_what_rose_at_the_end_of_the_last_hour_is_seen_too(self, cast: Cast):
        rule(cast, watches="talk", topic="floods")
        for day in range(1, 15):
            talk(cast, 30, ago=day * DAY + HOUR)
        talk(cast, 90, ago=HOUR)
        assert watch(cast) == 1

    def test_topics_and_areas_are_added_up_where_any_is_watched(self, cast: Cast):
        rule(cast, watches="talk")
        rule(cast, watches="talk", name="Babelan", area_code="32.16.07")
        for day in range(1, 15):
            talk(cast, 10, ago=day * DAY)
            talk(cast, 10, ago=day * DAY, topic="roads", area="32.16.07")
        talk(cast, 60)
        talk(cast, 10, topic="roads", area="32.16.07")
        assert watch(cast) == 1
        alert = Alert.objects.get()
        assert (alert.rule.name, alert.observed, round(alert.expected)) == ("Jalan rusak", 70, 20)


@pytest.mark.django_db
class TestRules:
    """Who makes them, and what is refused."""

    @pytest.mark.parametrize(
        ("wish", "field"),
        [
            ({"name": "x"}, "name"),
            ({"topic": "lain"}, "topic"),
            ({"area_code": "11.01.01"}, "area_code"),
            ({"watches": "semua"}, "watches"),
            ({"sensitivity": "sangat"}, "sensitivity"),
            ({"least": 2}, "least"),
        ],
    )
    def test_what_makes_no_sense_is_refused_at_its_field(self, cast: Cast, wish: dict[str, object], field: str):
        with pytest.raises(Invalid) as refused:
            rule(cast, **wish)
        assert list(refused.value.fields) == [field]

    def test_a_name_is_there_once_until_its_rule_has_ended(self, cast: Cast):
        first = rule(cast)
        with pytest.raises(Invalid):
            rule(cast)
        actions.set_alert_rule_state(cast.actor("sari"), first.pk, "ended")
        rule(cast)
        with pytest.raises(Conflict):
            actions.set_alert_rule_state(cast.actor("sari"), first.pk, "active")

    def test_only_who_listens_there_can_be_told(self, cast: Cast):
        cast.user("dewi").grants.all().delete()
        with pytest.raises(Invalid):
            rule(cast, readers=("dewi",))

    def test_editors_make_none_and_strangers_see_none(self, cast: Cast):
        made = rule(cast)
        with pytest.raises(NotAllowed):
            rule(cast, who="dewi")
        with pytest.raises(NotAllowed):
            actions.set_alert_rule_state(cast.actor("dewi"), made.pk, "paused")
        cast.user("dewi").grants.all().delete()
        with pytest.raises(NotFound):
            actions.set_alert_rule_state(cast.actor("dewi"), made.pk, "paused")

    def test_a_paused_rule_watches_nothing_and_its_alerts_are_over(self, cast: Cast):
        made = rule(cast)
        posts(issue(cast), 24)
        watch(cast)
        actions.set_alert_rule_state(cast.actor("sari"), made.pk, "paused")
        assert not Alert.objects.get().is_open
        assert queries.watched_units() == []
        assert watch(cast) == 0

    def test_what_was_told_of_stays_as_it_was_and_is_over_when_something_else_is_watched(self, cast: Cast):
        made = rule(cast, readers=("sari",))
        posts(issue(cast), 24, complaints=20)
        watch(cast)
        kept = AlertWish(name="Jalan rusak", least=10)
        actions.save_alert_rule(cast.actor("sari"), cast.root.pk, replace(kept, sensitivity="calm"), None, made.pk)
        assert Alert.objects.get().is_open
        assert made.readers.get() == cast.user("sari"), "None leaves the readers"
        changed = replace(kept, complaints_only=True)
        actions.save_alert_rule(cast.actor("sari"), cast.root.pk, changed, None, made.pk)
        alert = Alert.objects.get()
        assert not alert.is_open
        assert "24 unggahan" in why(alert)
        assert watch(cast) == 1
        assert "20 keluhan" in why(Alert.objects.latest("pk"))

    def test_most_of_no_use_is_noisy(self, cast: Cast):
        made, now = rule(cast), clock.now()
        for number in range(5):
            one = Alert.objects.create(
                rule=made, raised_at=now, above_at=now, ended_at=now, observed=1, expected=1, score=1, days=0
            )
            actions.judge_alert(cast.actor("dewi"), one.pk, useful=number == 0)
        (judged,) = queries.judged(queries.rules(cast.actor("sari")))
        assert (judged.raised, judged.useful, judged.useless, judged.is_noisy) == (5, 1, 4, True)


@pytest.mark.django_db
class TestScreens:
    """Making a rule, reading its alerts, judging them."""

    def test_a_rule_is_made_its_alert_read_and_judged(self, cast: Cast, sign_in: Callable[..., Client]):
        page = sign_in(cast.user("sari"))
        assert reverse("listening:alert_rule_new") in page.get(reverse("listening:alerts")).text
        entered = {"name": "Banjir Babelan", "watches": "issues", "topic": "floods", "least": "10"}
        wrong = page.post(reverse("listening:alert_rule_new"), entered | {"sensitivity": "usual", "least": "1"})
        assert wrong.status_code == 422
        made = page.post(
            reverse("listening:alert_rule_new"),
            entered | {"sensitivity": "usual", "readers": [cast.user("sari").pk], "area_code": ""},
        )
        assert made.status_code == 302
        flood = issue(cast, topic="floods", title="Banjir di Babelan <b>")
        posts(flood, 30)
        watch(cast)
        shown = page.get(reverse("listening:alerts"))
        assert "Banjir di Babelan &lt;b&gt;" in shown.text
        assert "30 unggahan" in shown.text
        alert = Alert.objects.get()
        page.post(reverse("listening:alert_judge", args=(alert.pk,)), {"useful": "1"})
        alert.refresh_from_db()
        assert (alert.useful, alert.judged_by) == (True, cast.user("sari"))
        assert page.get(reverse("listening:alerts"), {"format": "csv"}).status_code == 200
        assert "Banjir Babelan" in page.get(reverse("listening:alert_rules")).text
        change = reverse("listening:alert_rule", args=(alert.rule_id,))
        assert page.get(change).status_code == 200
        assert page.post(change, entered | {"sensitivity": "calm", "least": "15"}).status_code == 302
        alert.rule.refresh_from_db()
        assert (alert.rule.sensitivity, alert.rule.least) == ("calm", 15)

    def test_who_judges_comes_back_to_the_same_page(self, cast: Cast, sign_in: Callable[..., Client]):
        page = sign_in(cast.user("sari"))
        rule(cast, complaints_only=True)
        posts(issue(cast), 30, complaints=24)
        watch(cast)
        here = reverse("listening:alerts") + "?show=unjudged"
        shown = page.get(here)
        assert f'name="next" value="{here}"' in shown.text
        judge = reverse("listening:alert_judge", args=(Alert.objects.get().pk,))
        assert page.post(judge, {"useful": "1", "next": here}).url == here
        assert page.post(judge, {"useful": "1", "next": "https://evil.example/"}).url == reverse("listening:alerts")
        table = b"".join(page.get(reverse("listening:alerts"), {"format": "csv"}).streaming_content).decode()
        assert "Hanya keluhan" in table.splitlines()[0]

    def test_a_rule_that_has_ended_has_no_form(self, cast: Cast, sign_in: Callable[..., Client]):
        made = rule(cast)
        actions.set_alert_rule_state(cast.actor("sari"), made.pk, "ended")
        assert sign_in(cast.user("sari")).get(reverse("listening:alert_rule", args=(made.pk,))).status_code == 404

    def test_acts_are_offered_where_the_person_analyses(self, cast: Cast, sign_in: Callable[..., Client]):
        made = rule(cast)
        state = reverse("listening:alert_rule_state", args=(made.pk,))
        listening = sign_in(cast.user("dewi"))
        assert state not in listening.get(reverse("listening:alert_rules")).text
        below = Unit.objects.filter(parent=cast.root).first()
        Grant.objects.create(user=cast.user("dewi"), unit=below, role="analyst")
        assert state not in listening.get(reverse("listening:alert_rules")).text
        assert state in sign_in(cast.user("sari")).get(reverse("listening:alert_rules")).text

    def test_who_analyses_at_two_units_chooses_for_which_the_rule_is(self, cast: Cast, sign_in: Callable[..., Client]):
        new = reverse("listening:alert_rule_new")
        page = sign_in(cast.user("sari"))
        below = Unit.objects.filter(parent=cast.root).first()
        assert f"unit={below.pk}" not in page.get(new).text
        Grant.objects.create(user=cast.user("sari"), unit=below, role="analyst")
        assert f"unit={below.pk}" in page.get(new).text
        entered = {"name": "Di bawah", "watches": "issues", "least": "10", "sensitivity": "usual"}
        assert page.post(f"{new}?unit={below.pk}", entered).status_code == 302
        assert AlertRule.objects.get().unit == below
        assert page.get(f"{new}?unit=lain").status_code == 404

    def test_as_many_queries_for_many_as_for_one(self, cast: Cast, sign_in: Callable[..., Client]):
        page, asked = sign_in(cast.user("sari")), []
        for number in (1, 6):
            for each in range(number):
                rule(cast, name=f"Aturan {number} {each}")
            posts(issue(cast, title=f"Isu {number}"), 40)
            watch(cast)
            for address in ("listening:alerts", "listening:alert_rules"):
                with CaptureQueriesContext(
                    connection,
                ) as taken:
                    page.get(reverse(address))
                asked.append(len(taken))
        assert asked[:2] == asked[2:]

    def test_through_the_api(self, cast: Cast):
        caller = Caller(cast, "sari", ("listening:read", "listening:write"), API)
        body = {"unit_id": cast.root.pk, "name": "Semua isu", "least": 10}
        made = caller("post", "alert-rules", body).json()
        posts(issue(cast), 24)
        watch(cast)
        (alert,) = caller("get", "alerts?show=open").json()["items"]
        assert (alert["rule_id"], alert["observed"], alert["useful"]) == (made["id"], 24, None)
        caller("post", f"alerts/{alert['id']}/judge", {"useful": False})
        (one,) = caller("get", "alert-rules").json()
        assert (one["raised"], one["useless"]) == (1, 1)
        assert caller.status("post", f"alert-rules/{made['id']}/state", {"state": "paused"}) == 200
        assert caller.status("put", f"alert-rules/{made['id']}", body | {"name": "Lain"}) == 200
        told = cast.user("sari").pk
        with_readers = caller("put", f"alert-rules/{made['id']}", body | {"readers": [told]}).json()
        assert with_readers["readers"] == [told]
        assert caller("put", f"alert-rules/{made['id']}", body).json()["readers"] == [told], "left as they are"
        assert caller("get", "alert-rules").json()[0]["readers"] == [told]
        assert caller("put", f"alert-rules/{made['id']}", body | {"readers": []}).json()["readers"] == []
        assert Caller(cast, "dewi", ("listening:write",), API).status("post", "alert-rules", body) == 403
