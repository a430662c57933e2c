"""What answers prove: that a post is there, that one which was given up is there after all, that it is there twice."""

from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When
from django.utils.translation import gettext as _

from kentongan.channels.contract import Found, Published
from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.publishing import hiding
from kentongan.publishing.actions import recalling, reposting
from kentongan.publishing.actions.moves import move, stop
from kentongan.publishing.models import Attempt, Delivery, RecallTask
from kentongan.publishing.states import AFTER_ALL, THERE, Outcome, State

_LOOKED_FOR = Q(in_doubt=True, stray_url="")
"""Of tasks: people look whether there is a second one at all."""


def evidence(delivery: Delivery, **which: int) -> Found | None:
    """Return what a late answer already told us: an attempt that was accepted after its claim had lapsed.

    What everybody sees rather than what nobody does. What was there and is gone is no evidence any more, by a look or
    by the word of who deleted it as one too many.
    """
    told = RecallTask.objects.filter(stray=OuterRef("pk"), state=RecallTask.State.DONE)
    rows = _accepted(delivery).filter(~Exists(told.exclude(_LOOKED_FOR)), **which)
    known = rows.order_by(Case(When(outcome=Outcome.PUBLISHED, then=1), default=0), "pk").last()
    if known is None:
        return None
    unaudited = known.response.get("unaudited") is True
    return Found(known.remote_id, known.url, {"attempt": known.pk}, known.message, unaudited)


def out_after_all(actor: Actor, attempt: Attempt) -> None:
    """Race: the claim had lapsed; what was looked for in vain was held, missed, given up, or waits to be sent again.

    It is there after all, which counts at once. While another worker sends it, or looks for it, that one finds the
    evidence. What was recalled meanwhile is deleted there, as is one post more than the one that was recalled and is
    gone. Where it was sent again meanwhile, and is there, it is there twice.
    """
    delivery = Delivery.objects.select_for_update(of=("self",)).get(pk=attempt.delivery_id)
    _answered(actor, delivery, attempt)
    if delivery.state == State.CLAIMED and (known := evidence(delivery)):  # nothing was sent: its worker loses it
        is_out(actor, delivery, known)
        return
    if delivery.state == State.RECALLED:
        if delivery.remote_id and _is_its(attempt, delivery):  # it is deleted by now
            return
        delivery.recall_at = clock.now()
        if known := evidence(delivery, pk=attempt.pk):
            is_there(actor, delivery, known)
        return
    is_public = delivery.is_hidden and attempt.outcome == Outcome.PUBLISHED
    known = evidence(delivery, pk=attempt.pk) if is_public else None
    if delivery.state in AFTER_ALL and not delivery.is_hidden:
        known = evidence(delivery)
    if known is not None:
        is_there(actor, delivery, known)
    if delivery.state in THERE and delivery.remote_id:
        ask_for_strays(actor, delivery)


def refused_after_all(actor: Actor, attempt: Attempt) -> None:
    """Ask nobody any more to look for what an attempt might have left there: its late answer says that it did not."""
    _answered(actor, Delivery.objects.select_for_update(of=("self",)).get(pk=attempt.delivery_id), attempt)


def _answered(actor: Actor, delivery: Delivery, attempt: Attempt) -> None:
    """Close the task to look for what an attempt left: where its answer shows an address, that is asked for anew."""
    note = _("The platform has answered after all: nobody has to look for it.")
    recalling.close(actor, delivery, note, _LOOKED_FOR, stray=attempt)


def is_out(actor: Actor, delivery: Delivery, known: Found) -> None:
    """Race: an attempt whose claim had lapsed was accepted after all, while this one waited to be sent again."""
    move(delivery, State.SENDING)
    settle(actor, delivery, known)


def settle(actor: Actor, delivery: Delivery, known: Found) -> None:
    """Move on what turned out to be there, and ask for what is there besides. Part of an action."""
    is_there(actor, delivery, known)
    ask_for_strays(actor, delivery)


def is_there(actor: Actor, delivery: Delivery, there: Published | Found, *, teaches: bool = True) -> None:
    """Move on what is there: out, or held while nobody sees it (which may teach of its app). Part of an action."""
    if there.hidden:
        reason = (delivery.recall_at and delivery.reason) or there.hidden  # why it is taken back stays
        stop(actor, delivery, State.HELD, reason, recall_at=delivery.recall_at, **hiding.noted(there))
        if teaches and there.unaudited:
            hiding.learn(actor, delivery.account.platform)
    else:
        stop(actor, delivery, State.PUBLISHED, **out(delivery, there.remote_id, there.url))


def out(delivery: Delivery, remote_id: str, url: str) -> dict[str, Any]:
    """Return what is noted of a delivery that is out, its reason too; a repost of what is taken back is taken back.

    So is what was recalled while nobody knew whether it was out.

    The recall of a post passes over the reposts that are with a worker, or of unknown fate.
    """
    gone, now = reposting.gone(delivery), clock.now()
    wanted_back = gone or delivery.recall_at is not None
    there = {"remote_id": remote_id, "url": url, "published_at": now, "settled_at": None}
    back = {"reason": gone or (delivery.reason if wanted_back else ""), "recall_at": now if wanted_back else None}
    return {**hiding.first_view(delivery.account.platform), **there, **back}


def ask_for_strays(actor: Actor, delivery: Delivery) -> None:
    """Ask people to delete what other attempts at a (locked) delivery that is there left there too. Part of an action.

    Nothing is deleted by itself: people may have answered below either post. That there are two is certain only
    where the platform named both. What was sent after the one that counts, and got no answer that we know of, people
    are asked to look for.
    """
    left = list(_may_have_left(delivery))
    own = [attempt for attempt in left if _is_its(attempt, delivery)]
    known = max((attempt.pk for attempt in own if attempt.remote_id), default=None)
    if len(left) < 2:  # whatever it is called here and there, it is the same
        return
    tasks = delivery.recall_tasks.filter(stray__isnull=False)
    asked = set(tasks.filter(~_LOOKED_FOR).values_list("stray__remote_id", flat=True))
    sought = set(tasks.filter(_LOOKED_FOR).values_list("stray", flat=True))
    for attempt in left:
        if attempt in own or (attempt.remote_id and attempt.remote_id in asked):
            continue
        if attempt.remote_id == "" and (known is None or attempt.pk < known or attempt.pk in sought):
            continue  # looked for in vain before it was sent again, or a person saw that it is not there
        in_doubt = known is None or attempt.remote_id == ""
        reason = _("It may be there twice.") if in_doubt else _("It is there twice.")
        recalling.ask(actor, delivery, reason, stray=attempt, stray_url=attempt.url, in_doubt=in_doubt)
        asked.add(attempt.remote_id)


def _accepted(delivery: Delivery) -> QuerySet[Attempt]:
    """Return the attempts at a delivery that were accepted.

    But for what was looked for by its name and is gone, and for what is another delivery's of the account.
    """
    gone = Attempt.objects.filter(
        delivery=OuterRef("delivery"),
        remote_id=OuterRef("remote_id"),
        outcome=Outcome.ABSENT,
        started_at__gt=OuterRef("ended_at"),
    )
    others = Delivery.objects.filter(account=delivery.account_id, remote_id=OuterRef("remote_id"))
    accepted = Q(
        ~Exists(gone), ~Exists(others.exclude(pk=delivery.pk)), outcome__in=(Outcome.PUBLISHED, Outcome.HIDDEN)
    )
    return delivery.attempts.filter(accepted, kind=Attempt.Kind.PUBLISH).exclude(remote_id="")


def _may_have_left(delivery: Delivery) -> QuerySet[Attempt]:
    """Return the attempts at a delivery that left a post there, or may have, the first one first."""
    absent = Attempt.objects.filter(
        delivery=OuterRef("delivery"), outcome=Outcome.ABSENT, started_at__gt=OuterRef("started_at")
    )
    unanswered = Q(~Exists(absent), outcome__in=(Outcome.AMBIGUOUS, Outcome.OPEN))
    accepted = Q(pk__in=_accepted(delivery).values("pk"))
    return delivery.attempts.filter(accepted | unanswered, kind=Attempt.Kind.PUBLISH).order_by("pk")


def _is_its(attempt: Attempt, delivery: Delivery) -> bool:
    """Whether an attempt left the very post that its delivery stands for; by a person's word that is its address."""
    return delivery.remote_id != "" and delivery.remote_id in (attempt.remote_id, attempt.url)


def is_of_another(remote_id: str) -> Exists:
    """Whether that post is another delivery's of the same account: of two equal texts some platforms keep one."""
    same = Delivery.objects.filter(account=OuterRef("account"), remote_id=remote_id).exclude(remote_id="")
    return Exists(same.exclude(pk=OuterRef("pk")))
