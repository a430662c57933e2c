"""Rules of what to be told of, what they notice, and whether that was of use."""

from collections.abc import Collection
from dataclasses import asdict, dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from kentongan.core import audit, clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid
from kentongan.core.models import User
from kentongan.core.permissions import Capability
from kentongan.listening import access, taxonomy
from kentongan.listening.models import Alert, AlertRule
from kentongan.registry import access as registry
from kentongan.registry import areas
from kentongan.registry.models import Unit

MOST_READERS = 50
WATCHED = ("watches", "topic", "area_code", "complaints_only")
"""What its alerts are of: when that changes, those that are open are over."""
SEEN = ("name", "watches", "topic", "area_code", "complaints_only", "sensitivity", "least", "state")
State = AlertRule.State


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
    actor: Actor, unit_id: int, given: AlertWish, readers: Collection[int] | None, rule_id: int | None = None
) -> AlertRule:
    """Make a rule of a unit, or change one, whose unit stays; its readers listen there, None leaves them."""
    if rule_id is None:
        rule = AlertRule(unit=registry.get_unit(actor, Capability.ANALYSE, pk=unit_id))
    else:
        rule = access.alert_rule(actor, rule_id, Capability.ANALYSE, lock=True)
    if rule.state == State.ENDED:
        raise Conflict(_("This rule has ended."), remedy=_("Make a new one."))
    before = audit.snapshot(rule, *SEEN) if rule_id else None
    for name, value in asdict(_checked(given, rule.unit)).items():
        setattr(rule, name, value)
    chosen = None if readers is None else _readers(rule.unit, readers)
    if before and any(before[name] != getattr(rule, name) for name in WATCHED):
        _begin_anew(rule)
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError as error:
        raise Invalid(fields={"name": [_("There is a rule of this name already.")]}) from error
    if chosen is not None:
        rule.readers.set(chosen)
    told = sorted(rule.readers.values_list("pk", flat=True))
    audit.record(actor, rule, before=before, after={**audit.snapshot(rule, *SEEN), "readers": told})
    return rule


def _begin_anew(rule: AlertRule) -> None:
    """End what is open of a rule; its next look is its first one again. The caller saves it."""
    rule.begun_at = None
    rule.alerts.filter(ended_at=None).update(ended_at=clock.now())


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
    if len(found) != len(set(wanted)) or not all(listens(user, unit) for user in found):
        raise Invalid(fields={"readers": [_("Only users who listen at this unit can be told.")]})
    if len(found) > MOST_READERS:
        raise Invalid(fields={"readers": [_("At most %(most)s users are told.") % {"most": MOST_READERS}]})
    return found


def listens(user: User, unit: Unit) -> bool:
    """Whether somebody may be told of what is said at a unit."""
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
    _begin_anew(rule)
    rule.save(update_fields=["state", "begun_at"])
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
