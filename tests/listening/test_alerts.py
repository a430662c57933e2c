"""Alerts: what is out of the ordinary for its hour, once for as long as it lasts, with its reason and its worth."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from kentongan.core import audit, clock
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from kentongan.core.models import Message
from kentongan.listening import actions, queries
from kentongan.listening.actions import AlertWish
from kentongan.listening.actions.alerts import CALM_AFTER, PURPOSE
from kentongan.listening.alerts.habit import DAYS, FLOOR, judge
from kentongan.listening.alerts.wording import why
from kentongan.listening.models import Alert, AlertRule, Issue, IssueCount, IssueDistrict, TalkCount
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
    wanted = AlertWish(**{"name": "Jalan rusak", "least": 10, **wish})
    return actions.save_alert_rule(cast.actor(who), cast.root.pk, wanted, [cast.user(name).pk for name in readers])


def issue(cast: Cast, *, days: int = 0, topic: str = "roads", title: str = "Jalan berlubang di Setu") -> Issue:
    first = clock.now() - days * DAY - HOUR
    return Issue.objects.create(unit=cast.root, title=title, topic=topic, first_at=first, last_at=clock.now())


def posts(of: Issue, count: int, *, ago: timedelta = timedelta(0), complaints: int = 0) -> None:
    at = (clock.now() - ago).replace(minute=20, second=0, microsecond=0)
    IssueCount.objects.update_or_create(issue=of, at=at, defaults={"posts": count, "complaints": complaints})


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
        assert lower.days == len(earlier)


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
        AlertRule.objects.update(topic="roads", area_code="32.16.20", least=20, complaints_only=False)
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
        assert Caller(cast, "dewi", ("listening:write",), API).status("post", "alert-rules", body) == 403
