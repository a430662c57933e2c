"""What comes round in the registry, and its long work."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from kentongan.core import jobs
from kentongan.core.actor import Actor
from kentongan.core.messages import declare_purpose
from kentongan.core.permissions import Capability
from kentongan.core.ticks import every
from kentongan.registry import access, actions, counting, queries, reminding, retention, telling, trees, visiting
from kentongan.registry.actions import visits
from kentongan.registry.actions.disputes import PURPOSE as DISPUTE
from kentongan.registry.actions.invitations import JOB, invite_chunk
from kentongan.registry.actions.mandates import REMIND
from kentongan.registry.actions.trees import LOAD
from kentongan.registry.queries import mandates as mandate_reads

CHUNK = 4000
INVITED_AT_ONCE = 1000

declare_purpose(DISPUTE, _lazy("Two claims to one account"))
declare_purpose(
    reminding.PURPOSE,
    _lazy("Reminders of accounts that you should have"),
    handed_over_with=Capability.ADMINISTER,
)


@jobs.handler(LOAD, resumable=True)
def load_tree(progress: jobs.Progress, *, root_id: int, wanted: Mapping[str, Any]) -> dict[str, int]:
    """Make the units of a template; those that are there stay, so that it may be run again at any time."""
    root = access.get_unit(progress.actor, Capability.ADMINISTER, pk=root_id)
    planned = list(trees.plan(trees.Wanted.of(wanted), root))
    progress.total(len(planned))
    made = 0
    for chunk in _chunks(planned):
        progress.check()
        made += actions.add_units(progress.actor, chunk)
        progress.advance(len(chunk))
        progress.result = {"made": made, "there": progress.done - made}
    progress.say(_("%(made)s units made.") % {"made": made})
    return {"made": made, "there": len(planned) - made}


@jobs.handler(JOB, resumable=True)
def invite_people(progress: jobs.Progress, *, root_id: int, wanted: Mapping[str, str], channel: str) -> dict[str, int]:
    """Invite everybody whom `wanted` describes; who was invited by this job already is left out when it runs again."""
    root = access.get_unit(progress.actor, Capability.ADMINISTER, pk=root_id)
    everybody = queries.invitable(progress.actor, root, queries.Wanted(**wanted)).order_by("pk")
    person_ids = list(everybody.values_list("pk", flat=True))
    progress.total(len(person_ids))
    counts = {"invited": 0, "unreachable": 0}
    for start in range(0, len(person_ids), INVITED_AT_ONCE):
        progress.check()
        chunk = person_ids[start : start + INVITED_AT_ONCE]
        made = invite_chunk(progress.actor, root_id, chunk, channel, progress.job.pk)
        counts = {name: counts[name] + made[name] for name in counts}
        progress.advance(len(chunk))
        progress.result = counts
    progress.say(_("%(invited)s invited, %(unreachable)s without an address.") % counts)
    return counts


def _chunks(units: list[trees.NewUnit]) -> Iterator[list[trees.NewUnit]]:
    rest = iter(units)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


@every(seconds=3600, name="registry.unconfirmed")
def purge_unconfirmed() -> int:
    """Remove people of lists who have not confirmed in time, and the accounts that lists stated of them."""
    system = Actor.system("registry.unconfirmed")
    return actions.purge_unconfirmed(system) + actions.purge_claims(system)


@every(seconds=600, name="registry.ended")
def close_ended() -> int:
    """Close the temporary bodies whose last day is over; those above others follow in the next call."""
    return actions.close_ended(Actor.system("registry.ended"))


@jobs.handler(REMIND, resumable=True)
def remind(progress: jobs.Progress, *, mandate_id: int, unit: int, platform: str) -> dict[str, int]:
    """Remind those who lack something; run again it reaches only whom it had not reached, for each has one key."""
    given = mandate_reads.mandate(progress.actor, mandate_id)
    place = mandate_reads.place(progress.actor, given, unit, Capability.INSTRUCT)
    missing = mandate_reads.missing(progress.actor, given, place, platform)
    progress.total(missing.count())
    told = 0
    for batch in reminding.batches(mandate_reads.with_held(given, missing)):
        progress.check()
        told += reminding.queue(progress.actor, given, batch)
        progress.advance(len(batch))
        progress.result = {"told": told, "missing": progress.done}
    progress.say(_("%(told)s messages were made; the list of messages shows whom none could reach.") % {"told": told})
    return {"told": told, "missing": progress.done}


@every(seconds=1, name="registry.counting")
def count() -> int:
    """Count anew what was marked, and pass the differences up the tree."""
    return counting.fold()


@every(seconds=600, name="registry.terms")
def count_terms() -> int:
    """Have those counted anew whose terms began or ended with the day."""
    return counting.mark_terms()


@every(seconds=600, name="registry.impostors")
def tell_of_impostors() -> int:
    """Tell administrators once a day which accounts were reported."""
    return telling.tell_of_impostors(Actor.system("registry.impostors"))


@every(seconds=300, name="registry.visits.enrol")
def enrol_visits() -> int:
    """Plan the first visit to accounts that are new."""
    return actions.enrol_visits(Actor.system("registry.visits"))


@every(seconds=1, name="registry.visits")
def visit_accounts() -> int:
    """Visit official accounts that are due, each once a day, to learn when they last posted."""
    return len(visiting.visit_due()) if visits.are_made() else 0


@every(seconds=3600, name="registry.retention")
def forget_reporters() -> int:
    """Forget who reported an account when the time to keep it is over."""
    return retention.purge(Actor.system("registry.retention"))
