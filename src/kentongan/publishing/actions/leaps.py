"""What is done when the one clock was moved: whatever waits for time to pass waits anew.

Times of the calendar (when a post is due, until when it may be late) stand as they were written.
"""

from datetime import timedelta

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest

from kentongan.channels import registry as channels
from kentongan.core import clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.common_clock import LEAP
from kentongan.publishing import hiding
from kentongan.publishing.actions.circuits import FIRST_REST, LONGEST_REST
from kentongan.publishing.actions.firing import FIRST_WAIT, LEASE, LONGEST_WAIT, lease, with_video
from kentongan.publishing.models import Circuit, Delivery
from kentongan.publishing.states import State


@action("publishing.clock.renew", may_do_nothing=True)
def renew(actor: Actor, leap: timedelta) -> int:
    """Give claims their whole lease and platforms their whole settling time again; returns how many claims.

    A claim that only seems to have lapsed may still be at its call. What would wait for longer than anything waits, as
    after a clock was moved back, waits the usual time. To do it twice (several workers notice) does no harm.
    """
    held = _hold_anew(Delivery.objects.filter(state=State.CLAIMED), Delivery.objects.filter(state=State.SENDING))
    for channel in channels.publishing():
        unknown = Delivery.objects.filter(state=State.UNKNOWN, account__platform=channel.kind)
        for video, rows in ((True, unknown.filter(with_video())), (False, unknown.exclude(with_video()))):
            settled_at = clock.in_database() + channel.manifest.settles(video=video)
            rows.update(settled_at=settled_at, look_at=clock.in_database())
    _shorten_waits()
    if leap < timedelta(0):
        _look_further_back(-leap)
    return held


def _look_further_back(leap: timedelta) -> None:
    """Let what was tried by the clock as it was be looked for from then on.

    To do it twice looks further back than it has to: that finds no less.
    """
    at_work = Q(state__in=(State.CLAIMED, State.SENDING, State.UNKNOWN))
    waits_again = Q(state=State.READY) & ~Q(reason="")
    Delivery.objects.filter(at_work | waits_again).update(clock_went_back=F("clock_went_back") + leap)


def _hold_anew(claimed: QuerySet[Delivery], sending: QuerySet[Delivery]) -> int:
    held = claimed.update(claimed_until=lease())
    whole = clock.in_database() + (F("claimed_until") - F("changed_at"))  # both were written when it began
    return held + sending.update(claimed_until=whole, changed_at=clock.in_database())


@action("publishing.clock.renew", may_do_nothing=True)
def renew_strays(actor: Actor) -> int:
    """Give claims that were written by the clock as it was, after it was moved back, the lease that is theirs now.

    Race: one is written by a statement that had begun before, just after all others were renewed: it would be held for
    as long as the clock was moved. Nobody begins in the future.
    """
    soon = clock.in_database() + LEAP
    claimed = Delivery.objects.filter(state=State.CLAIMED, claimed_until__gt=soon + LEASE)
    return _hold_anew(claimed, Delivery.objects.filter(state=State.SENDING, changed_at__gt=soon))


def _shorten_waits() -> None:
    now, longest = clock.in_database(), clock.in_database() + LONGEST_WAIT
    # Only what waits for a reason: without one it waits for the time that a person chose.
    again = Delivery.objects.filter(state=State.READY, try_at__gt=longest).exclude(reason="")
    again.update(try_at=Greatest(now + FIRST_WAIT, F("due_at")))
    Delivery.objects.filter(recall_at__gt=longest).update(recall_at=longest)
    shown = Delivery.objects.filter(state__in=(State.PUBLISHED, State.HELD), look_at__gt=now + hiding.HIDDEN_VIEWS[-1])
    shown.update(look_at=now)
    resting = Circuit.objects.filter(open_until__gt=now + LONGEST_REST)
    resting.update(opened_at=now, open_until=now + FIRST_REST)
