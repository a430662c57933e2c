"""Rules of what to be told of, what they notice, and whether that was of use."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kentongan.core import audit, clock, messages
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid
from kentongan.core.messages import Draft
from kentongan.core.models import User
from kentongan.core.models.messages import Message
from kentongan.core.permissions import Capability
from kentongan.listening import access, taxonomy
from kentongan.listening.alerts import hours, wording
from kentongan.listening.alerts.habit import FEWEST_DAYS, Verdict, judge
from kentongan.listening.models import Alert, AlertRule, Issue
from kentongan.registry import access as registry
from kentongan.registry import areas
from kentongan.registry.models import Unit

PURPOSE = "listening.alert"
CALM_AFTER = timedelta(hours=3)
"""After so long as usual an alert has ended; what rises again then is a new one."""
FROM_SCORE = {
    AlertRule.Sensitivity.CALM: 8.0,
    AlertRule.Sensitivity.USUAL: 5.0,
    AlertRule.Sensitivity.KEEN: 3.5,
}
MOST_READERS = 50
SEEN = ("name", "watches", "topic", "area_code", "complaints_only", "sensitivity", "least", "state")
State = AlertRule.State

messages.declare_purpose(PURPOSE, gettext_lazy("Issues that grow far beyond the usual"))


@dataclass(frozen=True, slots=True)
class AlertWish:
    """What a person enters of a rule; "" is any topic, any area."""

    name: str
    watches: str = AlertRule.Watches.ISSUES.value
    topic: str = ""
    area_code: str = ""
    complaints_only: bool = False
    sensitivity: str = AlertRule.Sensitivity.USUAL.value
    least: int = 20


@action("listening.alert_rule.save")
def save_alert_rule(
    actor: Actor, unit_id: int, given: AlertWish, readers: Collection[int], rule_id: int | None = None
) -> AlertRule:
    """Make a rule of a unit, or change one, whose unit stays; its readers are users who listen there."""
    if rule_id is None:
        rule = AlertRule(unit=registry.get_unit(actor, Capability.ANALYSE, pk=unit_id))
    else:
        rule = access.alert_rule(actor, rule_id, Capability.ANALYSE, lock=True)
    if rule.state == State.ENDED:
        raise Conflict(_("This rule has ended."), remedy=_("Make a new one."))
    before = audit.snapshot(rule, *SEEN) if rule_id else None
    for name, value in asdict(_checked(given, rule.unit)).items():
        setattr(rule, name, value)
    chosen = _readers(rule.unit, readers)
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError as error:
        raise Invalid(fields={"name": [_("There is a rule of this name already.")]}) from error
    rule.readers.set(chosen)
    audit.record(
        actor, rule, before=before, after={**audit.snapshot(rule, *SEEN), "readers": sorted(u.pk for u in chosen)}
    )
    return rule


def _checked(given: AlertWish, unit: Unit) -> AlertWish:
    wrong: dict[str, list[str]] = {}
    name = " ".join(given.name.replace("\x00", "").split())
    if not 3 <= len(name) <= 80:
        wrong["name"] = [_("A name has 3 to 80 characters.")]
    if given.topic and given.topic not in taxonomy.LABELS:
        wrong["topic"] = [_("There is no such topic.")]
    if given.area_code and given.area_code not in {area.code for area in areas.children(unit.area_code)}:
        wrong["area_code"] = [_("Choose an area of this unit.")]
    if given.watches not in AlertRule.Watches.values:
        wrong["watches"] = [_("Choose what is watched.")]
    if given.sensitivity not in AlertRule.Sensitivity.values:
        wrong["sensitivity"] = [_("Choose how sensitive it is.")]
    if not 3 <= given.least <= 1_000_000:
        wrong["least"] = [_("Between 3 and 1,000,000 posts.")]
    if wrong:
        raise Invalid(fields=wrong)
    return AlertWish(**{**asdict(given), "name": name})


def _readers(unit: Unit, wanted: Collection[int]) -> list[User]:
    found = list(User.objects.filter(pk__in=wanted, is_active=True))
    if len(found) != len(set(wanted)) or not all(_listens(user, unit) for user in found):
        raise Invalid(fields={"readers": [_("Only users who listen at this unit can be told.")]})
    if len(found) > MOST_READERS:
        raise Invalid(fields={"readers": [_("At most %(most)s users are told.") % {"most": MOST_READERS}]})
    return found


def _listens(user: User, unit: Unit) -> bool:
    return user.is_active and registry.allows(Actor.of_user(user), Capability.LISTEN, unit)


@action("listening.alert_rule.state")
def set_alert_rule_state(actor: Actor, rule_id: int, state: str) -> AlertRule:
    """Pause a rule, let it go on, or end it for good; its alerts end with it."""
    rule = access.alert_rule(actor, rule_id, Capability.ANALYSE, lock=True)
    if state not in State.values:
        raise Invalid(fields={"state": [_("There is no such state.")]})
    if rule.state == State.ENDED or state == rule.state:
        raise Conflict(_("This is “%(state)s” already.") % {"state": rule.get_state_display()})
    before = audit.snapshot(rule, "state")
    rule.state = state
    rule.save(update_fields=["state"])
    if state != State.ACTIVE:
        rule.alerts.filter(ended_at=None).update(ended_at=clock.now())
    audit.record(actor, rule, before=before, after=audit.snapshot(rule, "state"))
    return rule


@action("listening.alert.judge")
def judge_alert(actor: Actor, alert_id: int, *, useful: bool) -> Alert:
    """Say whether an alert was of use; that can be said anew."""
    alert = access.alert(actor, alert_id, lock=True)
    before = audit.snapshot(alert, "useful")
    alert.useful, alert.judged_at, alert.judged_by_id = useful, clock.now(), actor.user_id
    alert.save(update_fields=["useful", "judged_at", "judged_by"])
    audit.record(actor, alert, before=before, after=audit.snapshot(alert, "useful"))
    return alert


@action("listening.alert.watch", may_do_nothing=True)
def watch(actor: Actor, unit_id: int) -> int:
    """Hold the last hour of a unit's stream against its active rules; return how many alerts are new.

    Race: two workers watch the same unit; the second skips it. Alert and messages are one transaction.
    """
    active = AlertRule.objects.filter(unit=unit_id, state=State.ACTIVE).select_for_update(
        skip_locked=True, of=("self",)
    )
    rules = list(active.order_by("pk").select_related("unit"))
    now, raised = clock.now(), 0
    for look, watches in ((_issues, AlertRule.Watches.ISSUES), (_talk, AlertRule.Watches.TALK)):
        some = [rule for rule in rules if rule.watches == watches]
        for rule, issue, verdict in look(some, now) if some else ():
            raised += _notice(actor, rule, issue, verdict, now)
    ended = Alert.objects.filter(rule__in=rules, ended_at=None, above_at__lt=now - CALM_AFTER)
    ended.update(ended_at=now)
    return raised


Noticed = Iterator[tuple[AlertRule, Issue | None, Verdict]]


def _issues(rules: Sequence[AlertRule], now: datetime) -> Noticed:
    found = hours.of_issues(rules[0].unit_id, now, min(rule.least for rule in rules))
    places = hours.areas_of(found)
    for rule in rules:
        for issue, hour in found.items():
            here = not rule.area_code or rule.area_code in places.get(issue.pk, ())
            if here and rule.topic in ("", issue.topic) and (verdict := _unusual(rule, hour, now, fewest_days=0)):
                yield rule, issue, verdict


def _talk(rules: Sequence[AlertRule], now: datetime) -> Noticed:
    """The running hour is held against a whole one: it says so as soon as it has more, and is never too early."""
    begun = now.replace(minute=0, second=0, microsecond=0)
    for end in (begun + hours.HOUR, begun):
        counts, days = hours.of_talk(rules[0].unit_id, end)
        for rule in rules:
            hour = hours.together(counts, days, topic=rule.topic, area=rule.area_code)
            if verdict := _unusual(rule, hour, end, fewest_days=FEWEST_DAYS):
                yield rule, None, verdict


def _unusual(rule: AlertRule, hour: hours.Hour, end: datetime, *, fewest_days: int) -> Verdict | None:
    observed, earlier = hour.counts(complaints=rule.complaints_only)
    if observed < rule.least or len(earlier) < fewest_days:
        return None
    same = [days % 7 == 0 for days in range(1, len(earlier) + 1)]
    verdict = judge(observed, earlier, same)
    return verdict if verdict.score >= FROM_SCORE[AlertRule.Sensitivity(rule.sensitivity)] else None


def _notice(actor: Actor, rule: AlertRule, issue: Issue | None, found: Verdict, now: datetime) -> int:
    """Raise an alert, or note that the one that is open goes on, with its highest hour; return how many are new."""
    values = {"observed": found.observed, "expected": found.expected, "score": found.score, "days": found.days}
    going_on = Alert.objects.filter(rule=rule, issue=issue, ended_at=None).first()
    if going_on is not None:
        higher = values if found.score > going_on.score else {}
        Alert.objects.filter(pk=going_on.pk).update(above_at=now, **higher)
        return 0
    alert = Alert.objects.create(rule=rule, issue=issue, raised_at=now, above_at=now, **values)
    audit.record(actor, alert, after={"rule": rule.name, **values}, note=str(alert))
    drafts = [_draft(alert, user) for user in rule.readers.all() if _listens(user, rule.unit)]
    if drafts:
        messages.queue_many(actor, drafts)
    return 1


def _draft(alert: Alert, user: User) -> Draft:
    with translation.override(user.language or settings.LANGUAGE_CODE):
        return Draft(
            channel=Message.Channel.EMAIL,
            purpose=PURPOSE,
            address=user.email,
            recipient=user.name,
            unit_id=alert.rule.unit_id,
            subject=_("%(rule)s: %(what)s") % {"rule": alert.rule.name, "what": str(alert)[:110]},
            body=wording.why(alert),
            link=f"{settings.PUBLIC_URL}{alert.get_absolute_url()}",
            dedupe_key=f"alert:{alert.pk}:{user.pk}",
        )
