"""When official accounts last posted, and which have fallen silent."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import Case, Exists, OuterRef, Value, When

from kentongan.core import audit, clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import NotFound
from kentongan.registry import rules, states
from kentongan.registry.models import Account, AccountVisit, Connection, Unit

DORMANT = "not_dormant"
READ_WITHIN = timedelta(days=3)


@action("registry.activity.note", may_do_nothing=True)
def note_posts(actor: Actor, latest: Mapping[int, datetime]) -> int:
    """Write when accounts last posted, where that is later than what is known; returns for how many.

    A figure and not a decision, so it is not audited.
    """
    if not actor.is_system:
        raise NotFound()
    known = Account.objects.select_for_update().filter(pk__in=latest, kind=Account.Kind.OFFICIAL)
    fresh = [one for one in known if one.last_posted_at is None or one.last_posted_at < latest[one.pk]]
    for account in fresh:
        account.last_posted_at = latest[account.pk]
    Account.objects.bulk_update(fresh, ["last_posted_at"], batch_size=1000)
    return len(fresh)


@action("registry.activity.sweep", may_do_nothing=True)
def sweep_silent(actor: Actor) -> int:
    """Let accounts rest that have not posted for the days of the rule, and wake those that have; returns how many.

    An account of which nobody knows when it posted is left as it is; so is one whose public posts could not be read
    for days.
    """
    if not actor.is_system:
        raise NotFound()
    rule = rules.current()[DORMANT]
    if not rule.enabled:
        return 0
    now = clock.now()
    limit = now - timedelta(days=rule.days or 0)
    official = Account.objects.filter(kind=Account.Kind.OFFICIAL)
    # A connection that was made after the last post is a sign of life too.
    fresh = Connection.objects.filter(account=OuterRef("pk"), connected_at__gte=limit)
    # A platform that could not be read says nothing: what it would have told may be a post of yesterday.
    doubtful = AccountVisit.objects.filter(account=OuterRef("pk")).exclude(read_at__gte=now - READ_WITHIN)
    resting = official.filter(state__in=states.REST.sources, last_posted_at__lt=limit)
    resting = resting.exclude(Exists(fresh)).exclude(Exists(doubtful))
    rested = resting.update(state=states.REST.target, state_since=now, state_reason="")
    reached = Exists(Connection.objects.filter(account=OuterRef("pk")))
    waking = official.filter(state__in=states.WAKE.sources, last_posted_at__gte=limit)
    back = Case(When(reached, then=Value(Account.State.CONNECTED)), default=Value(states.WAKE.target))
    woken = waking.update(state=back, state_since=now, state_reason="")
    if rested or woken:
        root = Unit.objects.get(parent=None)
        audit.record(actor, root, unit_id=root.pk, after={"fell_silent": rested, "post_again": woken})
    return rested + woken
