"""What answers prove: that a post is there, that one which was given up is there after all, that it is there twice."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from kentongan.channels.contract import Found, Published
from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.publishing import hiding
from kentongan.publishing.actions import recalling, reposting
from kentongan.publishing.actions.moves import move, stop
from kentongan.publishing.models import Attempt, Delivery
from kentongan.publishing.states import AFTER_ALL, THERE, Outcome, State


def evidence(delivery: Delivery, **which: int) -> Found | None:
    """Return what a late answer already told us: an attempt that was accepted after its claim had lapsed.

    What came out hidden and was gone when it was looked at later is no evidence any more.
    """
    known = _accepted(delivery).filter(**which).last()
    if known is None or Delivery.objects.filter(is_of_another(known.remote_id), pk=delivery.pk).exists():
        return None
    unaudited = known.response.get("unaudited") is True
    return Found(known.remote_id, known.url, {"attempt": known.pk}, known.message, unaudited)


def out_after_all(actor: Actor, attempt: Attempt) -> None:
    """Race: the claim had lapsed; what was looked for in vain was held, missed, given up, or waits to be sent again.

    It is there after all, which counts at once. While another worker has it, that worker finds the evidence; what was
    recalled meanwhile is deleted there, as is one post more than the one that was recalled and is gone. Where it was
    sent again meanwhile, and is there, it is there twice.
    """
    rows = Delivery.objects.select_for_update(of=("self",)).filter(pk=attempt.delivery_id)
    delivery, which = rows.filter(state__in={*AFTER_ALL, *THERE}).first(), {}
    if delivery is None:
        return
    if delivery.state in THERE and delivery.remote_id:
        ask_for_strays(actor, delivery)
        return
    if delivery.state == State.RECALLED:
        if delivery.remote_id and delivery.remote_id in (attempt.remote_id, attempt.url):  # it is deleted by now
            return
        delivery.recall_at, which = clock.now(), {"pk": attempt.pk}
    if known := evidence(delivery, **which):
        is_there(actor, delivery, known)
        ask_for_strays(actor, delivery)


def is_out(actor: Actor, delivery: Delivery, known: Found) -> None:
    """Race: an attempt whose claim had lapsed was accepted after all, while this one waited to be sent again."""
    move(delivery, State.SENDING)
    is_there(actor, delivery, known)


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


def is_of_another(remote_id: str) -> Exists:
    """Whether that post is another delivery's of the same account: of two equal texts some platforms keep one."""
    same = Delivery.objects.filter(account=OuterRef("account"), remote_id=remote_id).exclude(remote_id="")
    return Exists(same.exclude(pk=OuterRef("pk")))


def ask_for_strays(actor: Actor, delivery: Delivery) -> None:
    """Ask people to delete what other attempts at a (locked) delivery that is there left there too. Part of an action.

    Nothing is deleted by itself: people may have answered below either post. What was sent after the one that counts,
    and got no answer that we know of, may be there as well: that one they are asked to look for.
    """
    known = _accepted(delivery).filter(_is_its(delivery)).last()
    if known is None and _rests_on_a_word(delivery):
        return
    for stray in _strays(delivery, known):
        reason = _("It is there twice.") if stray.remote_id else _("It may be there twice.")
        recalling.ask(actor, delivery, reason, stray=stray)


def refused_after_all(actor: Actor, attempt: Attempt) -> None:
    """Close the task about what an attempt might have left there: its late answer says that it left nothing."""
    delivery = Delivery.objects.select_for_update(of=("self",)).get(pk=attempt.delivery_id)
    recalling.close(actor, delivery, stray=attempt)


def _accepted(delivery: Delivery) -> QuerySet[Attempt]:
    """Return the attempts at a delivery that were accepted; what came out hidden and was gone later is not there."""
    gone = _absent(after=OuterRef("ended_at"))
    accepted = Q(outcome=Outcome.PUBLISHED) | Q(~Exists(gone), outcome=Outcome.HIDDEN)
    return delivery.attempts.filter(accepted, kind=Attempt.Kind.PUBLISH).exclude(remote_id="")


def _absent(after: OuterRef) -> QuerySet[Attempt]:
    """Return the looks at the same delivery that found nothing, and began after that."""
    return Attempt.objects.filter(delivery=OuterRef("delivery"), outcome=Outcome.ABSENT, started_at__gt=after)


def _is_its(delivery: Delivery) -> Q:
    """Return the condition that an attempt left the very post that its delivery stands for."""
    return Q(remote_id=delivery.remote_id) | (~Q(url="") & Q(url__in=(delivery.url, delivery.remote_id)))


def _rests_on_a_word(delivery: Delivery) -> bool:
    """Whether a person said where it is, of the one attempt there is: what that one left is what they saw."""
    return delivery.remote_id == delivery.url and delivery.attempts.filter(kind=Attempt.Kind.PUBLISH).count() == 1


def _strays(delivery: Delivery, known: Attempt | None) -> list[Attempt]:
    others = Delivery.objects.filter(account_id=delivery.account_id).exclude(remote_id="").exclude(pk=delivery.pk)
    of_others = Exists(others.filter(remote_id=OuterRef("remote_id")))
    left = _accepted(delivery).exclude(_is_its(delivery)).exclude(of_others)
    asked = delivery.recall_tasks.filter(stray__isnull=False).values("stray__remote_id")
    found = list(left.exclude(remote_id__in=asked).order_by("remote_id", "pk").distinct("remote_id"))
    if known is not None:  # what came before it was looked for in vain, or somebody saw that it is not there
        unanswered = Q(~Exists(_absent(after=OuterRef("started_at"))), outcome__in=(Outcome.AMBIGUOUS, Outcome.OPEN))
        later = delivery.attempts.filter(unanswered, kind=Attempt.Kind.PUBLISH, pk__gt=known.pk, recall_task=None)
        found += later
    return found
