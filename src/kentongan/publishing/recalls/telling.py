"""Telling people which posts they are asked to delete, and a level above when that is late."""

from collections.abc import Mapping, Sequence

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kentongan.channels import registry as channels
from kentongan.core import audit, clock, messages
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.messages import Draft
from kentongan.core.models import User
from kentongan.core.models.messages import Message
from kentongan.publishing.models import RecallTask
from kentongan.publishing.recalls import links, queries
from kentongan.registry import queries as registry
from kentongan.registry.models import Person

PURPOSE = "publishing.recall"
BATCH = 300

messages.declare_purpose(PURPOSE, gettext_lazy("Posts that have to be deleted"))


def tell(actor: Actor) -> int:
    """Queue one message to each for whom an open task waits now, once; who takes a seat over is told then.

    However many tasks wait, each is looked at: a part of them in each transaction, in a fixed number of queries.
    """
    told, after = 0, 0
    while part := list(_open_tasks().filter(pk__gt=after).order_by("pk").select_related(*queries.SEEN)[:BATCH]):
        told, after = told + _tell(actor, part), part[-1].pk
    return told


def _open_tasks() -> QuerySet[RecallTask]:
    return RecallTask.objects.filter(state__in=RecallTask.OPEN)


@action("publishing.recall.tell", may_do_nothing=True)
def _tell(actor: Actor, tasks: Sequence[RecallTask]) -> int:
    """Race: two workers queue the same; the key of each message lets one of them."""
    waiting = queries.waiting_for(tasks)
    drafts = [_to_user(task, user, f"u{user.pk}", late=False) for task in tasks for user in waiting[task.pk].users]
    drafts += _to_strangers(tasks, waiting)
    return messages.queue_many(actor, drafts) if drafts else 0


def _to_strangers(tasks: Sequence[RecallTask], waiting: Mapping[int, queries.Waiting]) -> list[Draft]:
    """Return the messages to custodians who do not sign in here: each has a link of their own, sent once."""
    wanted = {
        (task.pk, person.pk): (task, person)
        for task in tasks
        for person in waiting[task.pk].people
        if person.user is None or not person.user.is_active
    }
    made = links.issue(wanted)
    return [_to_person(*wanted[key], token, before) for key, (token, before) in made.items()]


def _to_user(task: RecallTask, user: User, who: str, *, late: bool) -> Draft:
    with translation.override(user.language or settings.LANGUAGE_CODE):
        shape = _late(task) if late else _request(task)
        return Draft(
            channel=Message.Channel.EMAIL,
            purpose=PURPOSE,
            address=user.email,
            recipient=user.name,
            unit_id=task.unit_id,
            subject=_subject(task),
            body=shape % {"name": user.name, **_words(task)},
            link=f"{settings.PUBLIC_URL}{reverse('publishing:recall_task', args=(task.pk,))}",
            dedupe_key=f"recall:{task.pk}:{who}",
        )


def _to_person(task: RecallTask, person: Person, token: str, before: int) -> Draft:
    """Return the message to somebody who does not sign in here, with the link where they answer."""
    with translation.override("en" if person.language == "en" else "id"):
        shape = _request(task)
        return Draft(
            channel=Message.Channel.LINK if person.phone else Message.Channel.EMAIL,
            purpose=PURPOSE,
            person_id=person.pk,
            unit_id=task.unit_id,
            subject=_subject(task),
            body=shape % {"name": person.full_name, **_words(task)},
            link=f"{settings.PUBLIC_URL}{reverse('recall:door', args=(token,))}",
            dedupe_key=f"recall:{task.pk}:l{person.pk}:{before}",
        )


def _subject(task: RecallTask) -> str:
    if task.is_one_too_many:
        return _("A post may be there twice") if task.is_in_doubt else _("A post is there twice")
    return _("A repost has to be undone") if task.is_of_repost else _("A post has to be deleted")


def _request(task: RecallTask) -> str:
    """Return what is asked; of a repost nobody is asked to delete the other account's post."""
    if task.is_one_too_many and task.is_of_repost:
        return _(
            "%(name)s, %(account)s reposts this twice, or may do so: %(title)s. Please undo one of the two, if there "
            "are two. By %(due)s."
        )
    if task.is_one_too_many and task.is_in_doubt:
        return _(
            "%(name)s, this post of %(account)s may be there twice: %(title)s. Please look for a second one, and "
            "delete it only if there are really two. By %(due)s."
        )
    if task.is_one_too_many:
        return _(
            "%(name)s, this post of %(account)s is there twice: %(title)s. Please delete the one that the page names, "
            "and leave the other. By %(due)s."
        )
    if task.is_of_repost:
        return _("%(name)s, please undo the repost by %(account)s: %(title)s. Why: %(reason)s. By %(due)s.")
    if task.is_in_doubt:
        return _(
            "%(name)s, please look whether this post of %(account)s is there, and delete it if it is: %(title)s. "
            "Why: %(reason)s. By %(due)s."
        )
    return _("%(name)s, please delete this post of %(account)s: %(title)s. Why: %(reason)s. By %(due)s.")


def _late(task: RecallTask) -> str:
    if task.is_one_too_many:
        return _(
            "%(name)s, a post of %(account)s is there twice, or may be, and nobody has looked after it yet: %(title)s. "
            "It was due %(due)s."
        )
    if task.is_of_repost:
        return _("%(name)s, nobody has undone the repost by %(account)s yet: %(title)s. It was due %(due)s.")
    return _("%(name)s, nobody has deleted this post of %(account)s yet: %(title)s. It was due %(due)s.")


def _declined(task: RecallTask) -> str:
    if task.is_one_too_many:
        return _("%(name)s, the second post of %(account)s was not deleted: %(title)s. Why: %(note)s")
    if task.is_of_repost:
        return _("%(name)s, the repost by %(account)s was not undone: %(title)s. Why: %(note)s")
    return _("%(name)s, this post of %(account)s was not deleted: %(title)s. Why: %(note)s")


def _words(task: RecallTask) -> dict[str, str]:
    account, local = task.delivery.account, task.due_at.astimezone(clock.zone(task.unit.timezone))
    return {
        "account": f"{account.known_as} ({channels.label(account.platform)})",
        "title": task.delivery.content.get("item_title", ""),
        "reason": task.reason,
        "due": f"{date_format(local, 'j F Y, H:i')} {clock.abbreviation(task.unit.timezone)}",
    }


def rise(actor: Actor) -> int:
    """Tell the administrators above the unit of tasks that are late, once; return how many."""
    risen = 0
    while part := _rise(actor):
        risen += part
    return risen


@action("publishing.recall.rise", may_do_nothing=True)
def _rise(actor: Actor) -> int:
    late = _open_tasks().filter(due_at__lt=clock.now(), risen_at=None)
    tasks = list(
        late.select_related(*queries.SEEN, "unit__parent").select_for_update(of=("self",), skip_locked=True)[:BATCH]
    )
    if not tasks:
        return 0
    above = registry.nearest_administrators([task.unit.parent or task.unit for task in tasks])
    drafts = [
        _to_user(task, user, f"late:{user.pk}", late=True)
        for task in tasks
        for user in above[(task.unit.parent or task.unit).pk]
    ]
    if drafts:
        messages.queue_many(actor, drafts)
    RecallTask.objects.filter(pk__in=[task.pk for task in tasks]).update(risen_at=clock.now())
    audit.record_each(actor, ((task, None, {"risen_to": task.unit.parent_id}) for task in tasks))
    return len(tasks)


def tell_asker(actor: Actor, task: RecallTask) -> None:
    """Queue a message to who asked: the post stays, and why; part of the action that declines.

    Where nobody asked (a post that is one too many) the administrators are told.
    """
    users = [task.asked_by] if task.asked_by else registry.nearest_administrators([task.unit])[task.unit_id]
    drafts = [_to_asker(task, user) for user in users if user.is_active]
    if drafts:
        messages.queue_many(actor, drafts)


def _to_asker(task: RecallTask, user: User) -> Draft:
    with translation.override(user.language or settings.LANGUAGE_CODE):
        return Draft(
            channel=Message.Channel.EMAIL,
            purpose=PURPOSE,
            address=user.email,
            recipient=user.name,
            unit_id=task.unit_id,
            subject=_("A repost was not undone") if task.is_of_repost else _("A post was not deleted"),
            body=_declined(task) % {"name": user.name, **_words(task), "note": task.note},
            link=f"{settings.PUBLIC_URL}{reverse('publishing:delivery', args=(task.delivery_id,))}",
            dedupe_key=f"recall:{task.pk}:declined:{user.pk}",
        )
