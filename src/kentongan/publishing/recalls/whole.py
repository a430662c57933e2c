"""The job that takes back all of an item or a campaign, part by part."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from kentongan.core import jobs
from kentongan.core.errors import NotAllowed
from kentongan.publishing import actions
from kentongan.publishing.actions.recalling_all import Part, Whole
from kentongan.publishing.recalls import queries
from kentongan.publishing.recalls.queries import Fate

PASSES = 2
"""What was with a worker in the first pass is out, or waits again, by the second."""


@jobs.handler(queries.WHOLE, resumable=True)
def recall_whole(
    progress: jobs.Progress,
    *,
    item_id: int | None,
    campaign_id: int | None,
    reason: str,
    by: int | None,
) -> dict[str, int]:
    """Take back all of it; run again it goes on with what is not taken back, or being so, by then.

    What is left, and why, is in its result and on the page from which it was begun.
    """
    if progress.actor.user_id != by:  # erased since: nobody's job is not the system's
        raise NotAllowed(_("Whoever began this is not here any more."), remedy=_("Begin it anew."))
    whole, wanted = Whole(item_id, campaign_id), queries.of(item_id, campaign_id)
    progress.advance(queries.taken_by(progress.job))
    progress.total(progress.done + queries.foresee(progress.actor, wanted).total)
    for part in _parts(progress, whole, reason):
        progress.advance(part.count)
        progress.result = {"taken": progress.done}
    left = queries.foresee(progress.actor, wanted)
    result = {"sending": left.counts.get(Fate.SENDING, 0), "people": left.people, "elsewhere": left.elsewhere}
    if any(result.values()):
        progress.say(
            _("Left: %(sending)s being sent, %(people)s waiting for people, %(elsewhere)s of other units.") % result
        )
    return {"taken": progress.done, **result}


def _parts(progress: jobs.Progress, whole: Whole, reason: str) -> Iterator[Part]:
    for _pass in range(PASSES):
        after = 0
        progress.check()
        while part := actions.recall_part(progress.actor, whole, progress.job, reason=reason, after=after):
            yield part
            after = part.last
            progress.check()
