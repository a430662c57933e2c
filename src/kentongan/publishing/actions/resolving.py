"""What only a person may decide: the fate of a delivery that is unknown, and the release of one that is held."""

from enum import StrEnum
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from kentongan.core import audit, clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid
from kentongan.core.permissions import Capability
from kentongan.publishing import access
from kentongan.publishing.actions import answers
from kentongan.publishing.actions.alikeness import check_still_alone
from kentongan.publishing.actions.moves import SEEN, to_ready
from kentongan.publishing.actions.recalling import close
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import State, check_move
from kentongan.safeguards import actions as safeguards
from kentongan.safeguards import queries as rules


class Resolution(StrEnum):
    """What a person found out about a delivery of unknown fate."""

    PUBLISHED = "published"
    SEND_AGAIN = "send_again"
    GIVE_UP = "give_up"


@action("publishing.delivery.resolve")
def resolve(actor: Actor, delivery_id: int, how: Resolution, *, url: str = "", note: str = "") -> Delivery:
    """Move a delivery of unknown fate on by a person's word: it is there (at `url`), send it again, or give up."""
    delivery = access.delivery(actor, delivery_id, Capability.PUBLISH, lock=True)
    if delivery.state != State.UNKNOWN:
        raise Conflict(_("This delivery is not of unknown fate any more."))
    before = audit.snapshot(delivery, *SEEN, "url")
    known = answers.evidence(delivery) if how != Resolution.PUBLISHED else None
    if known is not None:  # the platform has answered meanwhile: nobody has to decide any more
        answers.settle(actor, delivery, known)
        return delivery
    match how:
        case Resolution.PUBLISHED:
            _mark_published(delivery, url.strip())
            answers.ask_for_strays(actor, delivery)
        case Resolution.SEND_AGAIN if delivery.recall_at is not None:
            raise Conflict(_("It is to be taken back, so it is not sent again."), remedy=_("Say what you found there."))
        case Resolution.SEND_AGAIN:
            check_still_alone(actor, delivery)
            to_ready(delivery)
        case Resolution.GIVE_UP:
            wanted_back, delivery.recall_at = delivery.recall_at is not None, None
            check_move(delivery.state, State.RECALLED if wanted_back else State.REJECTED)
            delivery.state = State.RECALLED if wanted_back else State.REJECTED
            delivery.reason = (_("Given up: %(note)s") % {"note": note.strip() or _("not found there")})[:500]
            delivery.look_at = delivery.settled_at = None
            delivery.save()
            close(actor, delivery, _("It is not there: nobody had to answer."), stray=None)
    audit.record(actor, delivery, before=before, after=audit.snapshot(delivery, *SEEN, "url"), note=note)
    return delivery


def _mark_published(delivery: Delivery, url: str) -> None:
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).netloc or len(url) > 300:
        raise Invalid(fields={"url": [_("Give the address of the post, as the browser shows it.")]})
    check_move(delivery.state, State.PUBLISHED)
    delivery.state = State.PUBLISHED
    # The platform's own id is not known to a person; the address stands in for it and is as unique.
    for name, value in answers.out(delivery, url, url).items():
        setattr(delivery, name, value)
    delivery.save()


@action("publishing.delivery.release")
def release(actor: Actor, delivery_id: int, *, reason: str) -> Delivery:
    """Let a delivery that a quiet period holds go out after all, on a named person's written reason."""
    delivery = access.delivery(actor, delivery_id, Capability.PUBLISH, lock=True)
    if delivery.state != State.HELD:
        raise Conflict(_("This delivery is not held."))
    before = audit.snapshot(delivery, *SEEN)
    verdict = rules.check_firing(
        delivery.item.purpose, clock.now(), delivery.unit.area_code, False, delivery.unit.timezone
    )
    delivery.release = safeguards.release(
        actor,
        unit_id=delivery.unit_id,
        subject=str(delivery),
        reason=reason,
        period_id=verdict.period.id if verdict.period else None,
    )
    to_ready(delivery)
    audit.record(actor, delivery, before=before, after=audit.snapshot(delivery, *SEEN), note=reason)
    return delivery
