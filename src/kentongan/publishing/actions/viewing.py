"""What is looked at again: whether everybody sees what is out, and still nobody what is hidden."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from kentongan.channels import registry as channels
from kentongan.channels.contract import Absent, Found, Unsure
from kentongan.core import audit, clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, NotFound
from kentongan.core.permissions import Capability
from kentongan.publishing import access, hiding
from kentongan.publishing.actions import recalling, reconnecting
from kentongan.publishing.actions.answers import is_there
from kentongan.publishing.actions.firing import lease
from kentongan.publishing.actions.moves import SEEN, stop
from kentongan.publishing.actions.reconciling import note_look
from kentongan.publishing.models import Attempt, Delivery, PlatformApp, RecallTask
from kentongan.publishing.states import THERE, Outcome, State
from kentongan.registry import access as rights


@transaction.atomic
def claim_views(limit: int = 4) -> list[Delivery]:
    """Return what is to be looked at again; the look is put off first, so that two workers do not look at once."""
    due = Delivery.objects.filter(state__in=THERE, look_at__lte=clock.in_database(), recall_at=None)
    rows = list(
        due.exclude(remote_id="")
        .select_related("account__connection", "unit")
        .order_by("look_at")
        .select_for_update(skip_locked=True, of=("self",))[:limit]
    )
    Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(look_at=lease())
    return rows


@action("publishing.delivery.view", may_do_nothing=True)
def viewed(
    actor: Actor, delivery_id: int, seen: Found | Absent | Unsure, looked_at: datetime, *, remote_id: str = ""
) -> State | None:
    """Move a delivery on by who sees it (`remote_id`): out once everybody does, held once nobody does.

    What was deleted there while it was hidden can be sent again; where people were asked to delete it, it is recalled.
    """
    rows = Delivery.objects.select_for_update(of=("self",)).select_related("account")
    delivery = rows.filter(pk=delivery_id, state__in=THERE, recall_at=None).exclude(remote_id="").first()
    if delivery is None or remote_id not in ("", delivery.remote_id):  # race: a late answer gave it another post
        return None
    # What everybody saw once was hidden by a person since: that says nothing of the app.
    teaches = not _was_seen(delivery)
    note_look(delivery, seen, looked_at)
    if isinstance(seen, Found) and bool(seen.hidden) != delivery.is_hidden:
        is_there(actor, delivery, seen, teaches=teaches)
    elif isinstance(seen, Absent) and delivery.is_hidden and looked_at > _settled_at(delivery):
        _gone(actor, delivery)
    else:
        _view_again(delivery, learnt=not isinstance(seen, Unsure))
    if isinstance(seen, Found) and not seen.hidden:
        _shown(actor, delivery)
    return State(delivery.state)


def _gone(actor: Actor, delivery: Delivery) -> None:
    if delivery.recall_tasks.filter(stray=None, state__in=RecallTask.OPEN).exists():
        recalling.taken_back(actor, delivery)
        return
    reason = _("It was deleted there before anybody saw it: send it again, or take it back.")
    stop(actor, delivery, State.HELD, reason, remote_id="", url="", look_at=None)


def _was_seen(delivery: Delivery) -> bool:
    """Whether an earlier look, after it came out, saw that everybody sees it."""
    if delivery.published_at is None:
        return False
    looks = delivery.attempts.filter(kind=Attempt.Kind.FIND, outcome=Outcome.FOUND)
    return looks.filter(started_at__gt=delivery.published_at).exists()


def _settled_at(delivery: Delivery) -> datetime:
    """Return from when its absence counts: a platform does not list at once what it has just taken."""
    sent = delivery.attempts.filter(kind=Attempt.Kind.PUBLISH, ended_at__isnull=False).last()
    settling = channels.get(delivery.account.platform).manifest.settles(video=bool(delivery.content.get("videos")))
    return (sent.ended_at if sent and sent.ended_at else delivery.due_at) + settling


def _view_again(delivery: Delivery, *, learnt: bool) -> None:
    """Put the next look off; one that learnt nothing is none of those that a public post gets."""
    if learnt or delivery.is_hidden:
        delivery.looks = min(delivery.looks + 1, 1_000)
        delivery.look_at = hiding.next_view(delivery.looks, hidden=delivery.is_hidden)
    else:
        delivery.look_at = hiding.put_off(delivery.published_at)
    delivery.save(update_fields=["looks", "look_at", "changed_at"])


def _shown(actor: Actor, delivery: Delivery) -> None:
    """Everybody sees what came out since the app was found hidden: what was held for want of that goes on.

    What came out before says nothing: a platform that shows it still may show none of what followed.
    """
    platform = delivery.account.platform
    before = PlatformApp.objects.filter(platform=platform, hidden_since__lt=delivery.published_at)
    if before.exists() and hiding.learn(actor, platform, hidden=False):
        reconnecting.let_all_go(actor, platform)


@action("publishing.delivery.view_now")
def view_now(actor: Actor, delivery_id: int) -> Delivery:
    """Look at the next tick whether everybody sees it by now."""
    delivery = access.delivery(actor, delivery_id, Capability.PUBLISH, lock=True)
    if not delivery.is_hidden or delivery.recall_at is not None:
        raise Conflict(_("This delivery is not one that nobody sees."), remedy=_("See its state."))
    before = audit.snapshot(delivery, *SEEN, "look_at")
    delivery.look_at = clock.now()
    delivery.save(update_fields=["look_at", "changed_at"])
    audit.record(actor, delivery, before=before, after=audit.snapshot(delivery, *SEEN, "look_at"))
    return delivery


@action("publishing.app.audited")
def audited(actor: Actor, platform: str) -> None:
    """Take a person's word that the platform has audited the organisation's app: what was held for that goes on.

    Where it has not, the first post that comes out hidden holds all others again.
    """
    rights.get_unit(actor, Capability.ADMINISTER, parent=None)
    if not PlatformApp.objects.filter(platform=platform).exists():
        raise NotFound()
    if not hiding.learn(actor, platform, hidden=False):
        raise Conflict(_("Nothing is held for want of an audit there."))
    reconnecting.let_all_go(actor, platform)
