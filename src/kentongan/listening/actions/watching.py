"""The look at the last hour: which rules raise an alert, and who is told."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy

from kentongan.core import audit, clock, messages
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.messages import Draft
from kentongan.core.models import User
from kentongan.core.models.messages import Message
from kentongan.listening.actions.alerts import listens
from kentongan.listening.alerts import hours, wording
from kentongan.listening.alerts.habit import FEWEST_DAYS, FROM_SCORE, Verdict, judge, judge_young
from kentongan.listening.models import Alert, AlertRule, Issue

PURPOSE = "listening.alert"
CALM_AFTER = timedelta(hours=3)
"""After so long as usual an alert has ended; what rises again then is a new one."""
MOST_AN_HOUR = 3
"""So many messages of one rule go to its readers in an hour; what is over waits on the screen."""
Sensitivity = AlertRule.Sensitivity
YOUNG_TIMES = {Sensitivity.CALM: 3.0, Sensitivity.USUAL: 1.5, Sensitivity.KEEN: 1.0}
"""How many times the rule's least an issue needs that has no habit to be held against."""

messages.declare_purpose(PURPOSE, gettext_lazy("Issues that grow far beyond the usual"))


@dataclass(frozen=True, slots=True)
class Noticed:
    """What a rule noticed: an issue or all talk, first seen a short while ago or before."""

    rule: AlertRule
    issue: Issue | None
    verdict: Verdict
    first_at: datetime | None = None

    @property
    def values(self) -> dict[str, float]:
        """What an alert keeps of its hour."""
        found = self.verdict
        return {"observed": found.observed, "expected": found.expected, "score": found.score, "days": found.days}


Keyed = dict[tuple[int, int | None], Noticed]
"""What was noticed, by rule and issue."""


@action("listening.alert.watch", may_do_nothing=True)
def watch(actor: Actor, unit_id: int) -> int:
    """Hold the last hour of a unit's stream against its active rules; return how many alerts are new.

    Race: two workers watch the same unit; the second skips it. Alert and messages are one transaction.
    """
    active = AlertRule.objects.filter(unit=unit_id, state=AlertRule.State.ACTIVE)
    locked = active.select_for_update(skip_locked=True, of=("self",)).order_by("pk")
    rules = list(locked.select_related("unit").prefetch_related("readers"))
    now, found = clock.now(), Keyed()
    for look, watches in ((_issues, AlertRule.Watches.ISSUES), (_talk, AlertRule.Watches.TALK)):
        some = [rule for rule in rules if rule.watches == watches]
        for one in look(some, now) if some else ():
            key = (one.rule.pk, one.issue.pk if one.issue else None)
            if key not in found or one.verdict.score > found[key].verdict.score:
                found[key] = one
    raised = _keep(actor, rules, found, now)
    _tell(actor, raised, now)
    Alert.objects.filter(rule__in=rules, ended_at=None, above_at__lt=now - CALM_AFTER).update(ended_at=now)
    AlertRule.objects.filter(pk__in=[rule.pk for rule in rules], begun_at=None).update(begun_at=now)
    return len(raised)


def _issues(rules: Sequence[AlertRule], now: datetime) -> Iterator[Noticed]:
    found = hours.of_issues(rules[0].unit_id, now, min(rule.least for rule in rules))
    places = hours.areas_of(found)
    verdicts: dict[tuple[int, bool], Verdict] = {}
    for rule in rules:
        for issue, hour in found.items():
            key = (issue.pk, rule.complaints_only)
            if not _may_be(rule, issue, hour, places):
                continue
            if key not in verdicts:
                verdicts[key] = _verdict(hour, complaints=rule.complaints_only)
            if verdicts[key].score >= FROM_SCORE[rule.sensitivity]:
                yield Noticed(rule, issue, verdicts[key], hour.first_at)


def _may_be(rule: AlertRule, issue: Issue, hour: hours.Hour, places: Mapping[int, Collection[str]]) -> bool:
    """Whether an issue is what a rule watches, and has posts enough."""
    here = not rule.area_code or rule.area_code in places.get(issue.pk, ())
    return here and rule.topic in ("", issue.topic) and _enough(rule, hour)


def _enough(rule: AlertRule, hour: hours.Hour) -> bool:
    times = 1.0 if hour.first_at is None else YOUNG_TIMES[Sensitivity(rule.sensitivity)]
    return hour.counts(complaints=rule.complaints_only)[0] >= rule.least * times


def _talk(rules: Sequence[AlertRule], now: datetime) -> Iterator[Noticed]:
    """The running hour is held against a whole one: it says so as soon as it has more, and is never too early."""
    begun = now.replace(minute=0, second=0, microsecond=0)
    for end in (begun + hours.HOUR, begun):
        counts, days = hours.of_talk(rules[0].unit_id, end)
        if len(days) < FEWEST_DAYS:
            continue
        wanted = {(rule.topic, rule.area_code) for rule in rules}
        sums = {(topic, area): hours.together(counts, days, topic=topic, area=area) for topic, area in wanted}
        for rule in rules:
            hour = sums[rule.topic, rule.area_code]
            if not _enough(rule, hour):
                continue
            verdict = _verdict(hour, complaints=rule.complaints_only)
            if verdict.score >= FROM_SCORE[rule.sensitivity]:
                yield Noticed(rule, None, verdict)


def _verdict(hour: hours.Hour, *, complaints: bool) -> Verdict:
    observed, earlier = hour.counts(complaints=complaints)
    if hour.first_at is not None:
        return judge_young(observed, earlier)
    return judge(observed, earlier, [days % 7 == 0 for days in hour.ago])


def _keep(actor: Actor, rules: Sequence[AlertRule], found: Keyed, now: datetime) -> list[Alert]:
    """Raise alerts, and note which of those that are open go on, with their highest hour; return the new ones."""
    still_open = {(one.rule_id, one.issue_id): one for one in Alert.objects.filter(rule__in=rules, ended_at=None)}
    new = [_alert(one, now) for key, one in found.items() if key not in still_open]
    Alert.objects.bulk_create(new, batch_size=1000)
    audit.record_each(actor, ((one, None, _picture(one)) for one in new))
    _go_on([(still_open[key], one) for key, one in found.items() if key in still_open], now)
    return new


def _alert(one: Noticed, now: datetime) -> Alert:
    rule = one.rule
    return Alert(
        rule=rule,
        issue=one.issue,
        watches=rule.watches,
        complaints_only=rule.complaints_only,
        first_at=one.first_at,
        raised_at=now,
        above_at=now,
        **one.values,
    )


def _picture(alert: Alert) -> dict[str, object]:
    seen = audit.snapshot(alert, "observed", "expected", "score", "days")
    return {"rule": alert.rule.name, "issue": alert.issue_id, **seen}


def _go_on(going_on: Sequence[tuple[Alert, Noticed]], now: datetime) -> None:
    Alert.objects.filter(pk__in=[alert.pk for alert, _seen in going_on]).update(above_at=now)
    higher = [(alert, seen) for alert, seen in going_on if seen.verdict.score > alert.score]
    for alert, seen in higher:
        for name, value in seen.values.items():
            setattr(alert, name, value)
        alert.first_at = seen.first_at
    fields = ("observed", "expected", "score", "days", "first_at")
    Alert.objects.bulk_update([alert for alert, _seen in higher], fields, batch_size=1000)


def _tell(actor: Actor, raised: Sequence[Alert], now: datetime) -> None:
    """Write to the readers of each rule, one message for its new alerts; none about what its first look found.

    One message too many for the hour is not written: those alerts are on the screen.
    """
    by_rule: dict[AlertRule, list[Alert]] = defaultdict(list)
    for alert in raised:
        if alert.rule.begun_at is not None:
            by_rule[alert.rule].append(alert)
    before, told, drafts = _told(list(by_rule), now), list[Alert](), list[Draft]()
    listening: dict[int, bool] = {}
    for rule, alerts in by_rule.items():
        readers = [user for user in rule.readers.all() if _listens(listening, user, rule)]
        if readers and before[rule.pk] < MOST_AN_HOUR:
            last = before[rule.pk] == MOST_AN_HOUR - 1
            drafts += [_draft(rule, alerts, user, last=last) for user in readers]
            told += alerts
    if drafts:
        messages.queue_many(actor, drafts)
        Alert.objects.filter(pk__in=[alert.pk for alert in told]).update(told_at=now)


def _told(rules: Sequence[AlertRule], now: datetime) -> Mapping[int, int]:
    """Return how many messages of each rule went out in the last hour."""
    times = Alert.objects.filter(rule__in=rules, told_at__gt=now - hours.HOUR).values_list("rule", "told_at").distinct()
    counts: dict[int, int] = defaultdict(int)
    for rule, _at in times:
        counts[rule] += 1
    return counts


def _listens(known: dict[int, bool], user: User, rule: AlertRule) -> bool:
    if user.pk not in known:
        known[user.pk] = listens(user, rule.unit)
    return known[user.pk]


def _draft(rule: AlertRule, alerts: Sequence[Alert], user: User, *, last: bool) -> Draft:
    with translation.override(user.language or settings.LANGUAGE_CODE):
        subject, body, link = wording.letter(rule, alerts, most=MOST_AN_HOUR, last=last)
        return Draft(
            channel=Message.Channel.EMAIL,
            purpose=PURPOSE,
            address=user.email,
            recipient=user.name,
            unit_id=rule.unit_id,
            subject=subject,
            body=body,
            link=f"{settings.PUBLIC_URL}{link}",
            dedupe_key=f"alert:{rule.pk}:{user.pk}:{alerts[0].pk}",
        )
