"""What comes round: registered posts to issues, deleted posts out of the files."""

from functools import partial

from kentongan.core.actor import Actor
from kentongan.core.ticks import each, every
from kentongan.listening import actions, folders, queries, reading, rechecking


@every(seconds=2, name="listening.stream")
def bring_up_to_date() -> int:
    """Process what was registered and not yet processed: after a crash, or by another program."""
    return each(partial(actions.advance, Actor.system("listening.stream")), queries.units_behind())


@every(seconds=15, name="listening.watch")
def watch() -> int:
    """Hold the last hour against the habit, for each unit with an alert rule; 0, since one look sees all."""
    each(partial(actions.watch, Actor.system("listening.watch")), queries.watched_units())
    return 0


@every(seconds=3600, name="listening.purge")
def purge_deleted() -> int:
    """Write deleted posts out of the files, let old days go, delete files out of use; 0, since one pass does all."""
    actions.sweep()
    actions.expire(Actor.system("listening.purge"))
    actions.purge(Actor.system("listening.purge"))
    actions.forget_quarantine(Actor.system("listening.purge"))
    return 0


@every(seconds=30, name="listening.rechecks")
def recheck_samples() -> int:
    """Ask whether posts that people are shown are still there; 0, so that platforms are asked at a calm pace."""
    rechecking.recheck_due()
    return 0


@every(seconds=10, name="listening.folders")
def look_into_folders() -> int:
    """Take what was put into watched folders; 0, since one look takes all."""
    folders.look()
    return 0


@every(seconds=5, name="listening.sources")
def read_sources() -> int:
    """Read the sources that are due."""
    return len(reading.read_due())
