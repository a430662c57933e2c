"""Taking back: what is not out never goes out, what is out is deleted there, by the platform's means or by people."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from kentongan.core import audit, clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid
from kentongan.core.models.files import StoredFile
from kentongan.core.permissions import Capability
from kentongan.publishing import access
from kentongan.publishing.actions.moves import SEEN, move
from kentongan.publishing.models import Attempt, Delivery, RecallLink, RecallTask
from kentongan.publishing.recalls import queries
from kentongan.publishing.recalls.queries import Fate
from kentongan.publishing.recalls.telling import tell_asker
from kentongan.publishing.states import State, check_move

WITHIN = timedelta(hours=24)
RECALLED = (*SEEN, "recall_at")
SHORTEST_NOTE = 10


@action("publishing.delivery.recall")
def recall(actor: Actor, delivery_id: int, *, reason: str) -> Delivery:
    """Take a delivery back: what is not out yet never goes out; what is out is deleted there by the next tick.

    Where the platform lets nobody but its custodians delete, or not any more, they are asked to (`RecallTask`).
    """
    delivery = access.delivery(actor, delivery_id, Capability.PUBLISH, lock=True)
    clean = reason_of(reason)
    before = audit.snapshot(delivery, *RECALLED)
    check_move(delivery.state, State.RECALLED)
    fate = queries.fate_of(delivery)
    if fate == Fate.ASKED:
        raise Conflict(_("It is being taken back already."), remedy=_("See on its page for whom that waits."))
    _apply(actor, delivery, fate, clean)
    delivery.save()
    audit.record(actor, delivery, before=before, after=audit.snapshot(delivery, *RECALLED), note=clean)
    apply_all(actor, queries.along({delivery: fate}, lock=True), clean)
    return delivery


def apply_all(actor: Actor, doing: Mapping[Delivery, Fate], reason: str) -> None:
    """Do that with each of these (locked) deliveries; part of an action."""
    before = {row.pk: audit.snapshot(row, *RECALLED) for row in doing}
    for row, fate in doing.items():
        row.changed_at = clock.now()
        _apply(actor, row, fate, reason)
    names = ("state", "reason", "recall_at", "recall_problem", "look_at", "changed_at")
    Delivery.objects.bulk_update(list(doing), names, batch_size=500)
    audit.record_each(actor, ((row, before[row.pk], audit.snapshot(row, *RECALLED)) for row in doing), note=reason)


def reason_of(reason: str) -> str:
    """Return a reason as it is kept, or raise Invalid."""
    clean = reason.replace("\x00", "").strip()[:300]
    if not clean:
        raise Invalid(fields={"reason": [_("Say why it is taken back.")]})
    return clean


def _apply(actor: Actor, delivery: Delivery, fate: Fate, reason: str) -> None:
    """Note on the (unsaved) delivery what becomes of it; ask people where only they can delete it."""
    delivery.reason = reason
    if fate == Fate.STOP:
        delivery.state = State.RECALLED
    elif fate in (Fate.DELETE, Fate.UNKNOWN):
        delivery.recall_at, delivery.recall_problem = clock.now(), ""
        if fate == Fate.UNKNOWN:  # looked for at once: deleted if it is there, recalled if it is not
            delivery.look_at = clock.now()
    else:
        ask(actor, delivery, reason)


def ask(
    actor: Actor,
    delivery: Delivery,
    reason: str,
    *,
    stray: Attempt | None = None,
    stray_url: str = "",
    in_doubt: bool = False,
) -> RecallTask | None:
    """Ask those who keep the account to delete a post, or a stray one; None where they are asked already.

    Part of an action.
    """
    made, created = RecallTask.objects.get_or_create(
        delivery=delivery,
        stray=stray,
        state__in=RecallTask.OPEN,
        defaults={
            "unit_id": delivery.unit_id,
            "state": RecallTask.State.ASKED,
            "stray_url": stray_url,
            "in_doubt": in_doubt,
            "reason": reason[:300],
            "asked_by_id": actor.user_id,
            "asked_at": clock.now(),
            "due_at": clock.now() + WITHIN,
        },
    )
    if not created:
        return None
    audit.record(actor, made, after=audit.snapshot(made, "delivery_id", "state", "due_at"), note=reason)
    return made


def taken_back(actor: Actor, delivery: Delivery) -> None:
    """Note that a (locked) delivery is gone there, and ask nobody any more to delete it. Part of an action."""
    before = audit.snapshot(delivery, *RECALLED)
    settled = {"recall_at": None, "recall_problem": "", "look_at": None, "settled_at": None}
    move(delivery, State.RECALLED, delivery.reason, **settled)
    audit.record(actor, delivery, before=before, after=audit.snapshot(delivery, *RECALLED), note=delivery.reason)
    note = _("It is not there any more: nobody had to answer.")
    close(actor, delivery, note, stray=None)
    if delivery.remote_id:  # it was a stray before the delivery came to stand for it
        close(actor, delivery, note, stray__remote_id=delivery.remote_id)


def close(actor: Actor, delivery: Delivery, note: str, among: Q = Q(), **which: Any) -> None:  # noqa: B008  never changed
    """Close the open tasks about a (locked) delivery, or its strays, of which nothing is expected any more.

    Part of an action.
    """
    for task in delivery.recall_tasks.filter(among, state__in=RecallTask.OPEN, **which).select_for_update(of=("self",)):
        before = audit.snapshot(task, "state")
        task.state, task.note = RecallTask.State.DONE, note
        task.answered_at, task.answered_by_id = clock.now(), actor.user_id
        task.save(update_fields=["state", "note", "answered_at", "answered_by"])
        audit.record(actor, task, before=before, after=audit.snapshot(task, "state"), note=task.note)


@dataclass(frozen=True, slots=True)
class Proof:
    """How somebody knows that a post is gone: what its address answered, their word, a picture of the screen."""

    look: str = ""
    note: str = ""
    file: StoredFile | None = None


@action("publishing.recall.see", may_do_nothing=True)
def see(actor: Actor, task_id: int) -> RecallTask:
    """Note that somebody for whom it waits has read it."""
    task = access.recall_task(actor, task_id, answering=True, lock=True)
    if task.state == RecallTask.State.ASKED:
        task.state, task.seen_at, task.seen_by_id = RecallTask.State.SEEN, clock.now(), actor.user_id
        task.save(update_fields=["state", "seen_at", "seen_by"])
        audit.record(actor, task, after=audit.snapshot(task, "state"))
    return task


@action("publishing.recall.bind")
def bind(actor: Actor, link_id: int) -> str:
    """Bind the link to the device that asks, whose holder has read it by that; return the secret for its cookie."""
    link, device = RecallLink.bind(link_id, actor.person_id or 0)
    audit.record(actor, link, note="bound to a device")
    see(actor, link.task_id)
    return device


@action("publishing.recall.done")
def done(actor: Actor, task_id: int, proof: Proof) -> RecallTask:
    """Say that the post is deleted: proven by its address, one's word or a picture; then it counts as recalled."""

    def gone(task: RecallTask) -> None:
        if proof.look != RecallTask.Look.GONE and len(proof.note.strip()) < SHORTEST_NOTE and proof.file is None:
            raise Invalid(
                fields={
                    "note": [
                        _("Its address does not prove it. Look once more: say what you saw, or add a picture of it.")
                    ]
                }
            )
        task.look, task.proof = proof.look, proof.file
        task.save()  # no open one any more for what follows
        if task.is_one_too_many:
            return
        delivery = Delivery.objects.get(pk=task.delivery_id)
        if delivery.state in (State.PUBLISHED, State.UNKNOWN) or delivery.is_hidden:
            taken_back(actor, delivery)

    return _answer(actor, task_id, RecallTask.State.DONE, proof.note, gone)


@action("publishing.recall.decline")
def decline(actor: Actor, task_id: int, *, note: str) -> RecallTask:
    """Say that it cannot be deleted, and why; the post stays, and who asked is told."""

    def stays(task: RecallTask) -> None:
        if not task.note:
            raise Invalid(fields={"note": [_("Say why it cannot be deleted.")]})
        if not task.is_one_too_many:
            problem = _("Its custodian: %(note)s") % {"note": task.note}
            Delivery.objects.filter(pk=task.delivery_id).update(recall_problem=problem[:500], changed_at=clock.now())
        tell_asker(actor, task)

    return _answer(actor, task_id, RecallTask.State.DECLINED, note, stays)


def _answer(
    actor: Actor, task_id: int, state: RecallTask.State, note: str, then: Callable[[RecallTask], None]
) -> RecallTask:
    """Race: both custodians answer at once; the second one waits here, and finds it answered."""
    found = access.recall_task(actor, task_id, answering=True)
    Delivery.objects.select_for_update(of=("self",)).get(pk=found.delivery_id)  # first, as whoever moves it on does
    task = access.recall_task(actor, task_id, answering=True, lock=True)
    _check_open(task)
    before = audit.snapshot(task, "state")
    task.state, task.note = state, note.replace("\x00", "").strip()[:500]
    task.answered_at, task.answered_by_id, task.answered_person_id = clock.now(), actor.user_id, actor.person_id
    then(task)
    task.save()
    audit.record(actor, task, before=before, after=audit.snapshot(task, "state", "look", "proof_id"), note=task.note)
    return task


@action("publishing.recall.call_off")
def call_off(actor: Actor, task_id: int, *, reason: str) -> RecallTask:
    """Ask nobody any more: the post may stay after all, and nobody and nothing deletes it.

    What is of unknown fate, and turns out not to be there, is for a person: it is not sent again by itself.
    """
    found = access.recall_task(actor, task_id)
    delivery = access.delivery(actor, found.delivery_id, Capability.PUBLISH, lock=True)
    task = access.recall_task(actor, task_id, lock=True)
    _check_open(task)
    before, was = audit.snapshot(task, "state"), audit.snapshot(delivery, *RECALLED)
    task.state, task.note = RecallTask.State.CALLED_OFF, reason_of(reason)
    task.answered_at, task.answered_by_id = clock.now(), actor.user_id
    task.save()
    if delivery.recall_at is not None and not task.is_one_too_many:
        delivery.recall_at = None
        delivery.save(update_fields=["recall_at", "changed_at"])
        audit.record(actor, delivery, before=was, after=audit.snapshot(delivery, *RECALLED), note=task.note)
    audit.record(actor, task, before=before, after=audit.snapshot(task, "state"), note=task.note)
    return task


def _check_open(task: RecallTask) -> None:
    if task.state not in RecallTask.OPEN:
        raise Conflict(_("This is “%(state)s” already.") % {"state": task.get_state_display()})
