"""What comes round: registered posts to issues, deleted posts out of the files."""

from kentongan.core.actor import Actor
from kentongan.core.ticks import every
from kentongan.listening import actions, queries, reading


@every(seconds=2, name="listening.stream")
def bring_up_to_date() -> int:
    """Process what was registered and not yet processed: after a crash, or by another program."""
    return sum(actions.advance(Actor.system("listening.stream"), unit_id) for unit_id in queries.units_behind())


@every(seconds=15, name="listening.watch")
def watch() -> int:
    """Hold the last hour against the habit, for each unit with an alert rule."""
    return sum(actions.watch(Actor.system("listening.watch"), unit_id) for unit_id in queries.watched_units())


@every(seconds=3600, name="listening.purge")
def purge_deleted() -> int:
    """Write deleted posts out of the files, let old days go, delete files out of use; 0, since one pass does all."""
    actions.sweep()
    actions.expire(Actor.system("listening.purge"))
    actions.purge(Actor.system("listening.purge"))
    actions.forget_quarantine(Actor.system("listening.purge"))
    return 0


@every(seconds=5, name="listening.sources")
def read_sources() -> int:
    """Read the sources that are due."""
    return len(reading.read_due())
