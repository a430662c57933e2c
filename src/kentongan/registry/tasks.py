"""What comes round in the registry, and its long work."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from kentongan.core import jobs
from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.core.ticks import every
from kentongan.registry import access, actions, trees
from kentongan.registry.actions.trees import LOAD

CHUNK = 4000


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


def _chunks(units: list[trees.NewUnit]) -> Iterator[list[trees.NewUnit]]:
    rest = iter(units)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


@every(seconds=600, name="registry.ended")
def close_ended() -> int:
    """Close the temporary bodies whose last day is over; those above others follow in the next call."""
    return actions.close_ended(Actor.system("registry.ended"))
