"""Taking back all of an item or a campaign: at once, or by a job where they are very many."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from kentongan.core import advisory, audit, jobs
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotAllowed
from kentongan.core.models import Job
from kentongan.core.permissions import Capability
from kentongan.planning import access as planning
from kentongan.planning.models import Campaign, ContentItem
from kentongan.publishing.actions.recalling import apply_all, reason_of
from kentongan.publishing.models import Delivery
from kentongan.publishing.recalls import queries
from kentongan.publishing.recalls.queries import Fate, Foreseen
from kentongan.registry import access as rights

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Whole:
    """All of an item, or of a campaign."""

    item_id: int | None = None
    campaign_id: int | None = None

    def seen_by(self, actor: Actor) -> ContentItem | Campaign:
        """Return the item or the campaign; NotFound or NotAllowed where the actor does not read it."""
        if self.item_id is not None:
            return planning.item(actor, self.item_id)
        return planning.campaign(actor, self.campaign_id or 0)

    @property
    def args(self) -> dict[str, int | None]:
        """Return it as a job keeps it."""
        return {"item_id": self.item_id, "campaign_id": self.campaign_id}


@action("publishing.recall.many")
def recall_many(
    actor: Actor,
    *,
    item_id: int | None = None,
    campaign_id: int | None = None,
    reason: str,
    seen: str,
    inline: bool = False,
) -> Foreseen:
    """Take back every delivery of an item or a campaign that the actor may; all of them or none.

    More than `MOST` are taken back by a job, which is `job` of what is returned; `inline` leaves it to the caller's own
    `run_now`. Who asks again while it runs gets the same one. `seen` is the digest of what somebody saw that this would
    do; Conflict when it would do something else by now.
    """
    whole = Whole(item_id, campaign_id)
    clean = reason_of(reason)
    if item_id is None and campaign_id is None:
        raise Invalid(fields={"item": [_("Say of which item or campaign.")]})
    # Race: two press at once; the second one waits here, and finds the job of the first.
    advisory.until_commit(f"{queries.WHOLE} {whole}")
    wanted, job = queries.of(item_id, campaign_id), queries.running(item_id, campaign_id)
    foreseen = queries.foresee(actor, wanted)
    if job is not None and job.created_by_id == actor.user_id:
        audit.record(actor, job, after={"asked_again": True}, note=clean)
        return replace(foreseen, job=job)
    if not foreseen.takes_a_job:
        return _at_once(actor, whole, clean, seen)
    if job is not None:
        raise Conflict(
            _("Somebody else is taking all of this back at this moment."),
            remedy=_("Wait until that has ended, then look what is left."),
            code="running",
        )
    _check_seen(foreseen.digest, seen)
    return replace(foreseen, job=_begin(actor, whole, foreseen, clean, inline=inline))


def _check_seen(digest: str, seen: str) -> None:
    if digest != seen:
        raise Conflict(
            _("What this would take back has changed since you looked."),
            remedy=_("Look at the numbers again, then confirm."),
            code="moved",
        )


def _at_once(actor: Actor, whole: Whole, reason: str, seen: str) -> Foreseen:
    found, along = _lock(actor, whole, queries.MOST)
    doing = {**found, **along}
    _check_seen(queries.digest_of((row.pk, fate) for row, fate in doing.items()), seen)
    if not doing:
        raise Conflict(_("There is nothing to take back."), remedy=_("See below why each of them stays."))
    apply_all(actor, doing, reason)
    return Foreseen(_counted(found), len(along), digest=seen)


def _lock(actor: Actor, whole: Whole, most: int, after: int = 0) -> tuple[dict[Delivery, Fate], dict[Delivery, Fate]]:
    """Return what is to be done with the next of them, and with the reposts that go along."""
    found = queries.fates(queries.to_do(actor, queries.of(whole.item_id, whole.campaign_id), after=after)[:most])
    return found, queries.along(found, lock=True)


def _counted(found: Mapping[Delivery, Fate]) -> dict[Fate, int]:
    return {fate: list(found.values()).count(fate) for fate in Fate}


def _begin(actor: Actor, whole: Whole, foreseen: Foreseen, reason: str, *, inline: bool) -> Job:
    subject = whole.seen_by(actor)
    job = jobs.start(
        actor,
        queries.WHOLE,
        _("Recall of everything: %s") % subject,
        unit_id=subject.unit_id,
        link=queries.page_of(whole.item_id, whole.campaign_id),
        inline=inline,
        **whole.args,
        reason=reason,
        by=actor.user_id,
    )
    audit.record(actor, subject, after={"job": job.pk, **foreseen.as_dict()}, note=reason)
    return job


@dataclass(frozen=True, slots=True)
class Part:
    """A part that was taken back: how many, and the number of the last one."""

    count: int
    last: int


@action("publishing.recall.part", may_do_nothing=True)
def recall_part(actor: Actor, whole: Whole, job: Job, *, reason: str, after: int) -> Part | None:
    """Take back the next of them after that number, `AT_ONCE` at most; None where none is left.

    The rights are asked anew: who publishes nowhere any more, or does not read it any more, is refused. What is being
    taken back already, by whomever, is left out.
    """
    whole.seen_by(actor)
    if Capability.PUBLISH not in rights.capabilities(actor):
        raise NotAllowed(
            _("Whoever began this may not publish any more."),
            remedy=_("What is taken back stays so. Somebody who may publish there can take back the rest."),
        )
    found, along = _lock(actor, whole, AT_ONCE, after)
    if not found:
        return None
    apply_all(actor, {**found, **along}, reason)
    part = Part(len(found) + len(along), max(row.pk for row in found))
    audit.record(actor, job, after={queries.TAKEN: part.count}, note=reason)  # what a job that runs again counts by
    return part
