"""What is done for an account that is signed in again: what was held for want of it goes on."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from kentongan.core import clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.publishing.actions.moves import stop
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import State


@action("publishing.delivery.reconnect", may_do_nothing=True)
def let_go(actor: Actor, account_id: int) -> int:
    """Put back into the queue what was held because nobody was signed in; returns how many go out after all.

    What is too late by now is missed, and waits for a person. The firing asks everything else again.
    """
    return _let_go(actor, Delivery.objects.filter(account=account_id, state=State.HELD, awaits_sign_in=True))


@action("publishing.delivery.reconnect", may_do_nothing=True)
def let_all_go(actor: Actor, platform: str) -> int:
    """Put back what was held on a platform that showed to nobody what came from our app, as `let_go` does."""
    return _let_go(actor, Delivery.objects.filter(account__platform=platform, state=State.HELD, awaits_sign_in=True))


def _let_go(actor: Actor, held: QuerySet[Delivery]) -> int:
    now, going = clock.now(), 0
    for delivery in held.order_by("due_at", "id").select_for_update(of=("self",)):
        if now > delivery.late_until:
            stop(actor, delivery, State.MISSED, _("It could not go out in time."))
            continue
        stop(actor, delivery, State.READY, "", tries=0, try_at=max(now, delivery.due_at))
        going += 1
    return going
