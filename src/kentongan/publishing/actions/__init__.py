"""All writes of publishing; what people do is here, what workers do is in `firing` and `reconciling`."""

from kentongan.publishing.actions.booking import book
from kentongan.publishing.actions.pausing import pause, publishing_platforms, resume
from kentongan.publishing.actions.resolving import Resolution, release, resolve
from kentongan.publishing.actions.scheduling import recall, reschedule, respread, schedule, send_again, stagger
from kentongan.publishing.actions.signing_in import forget_app, set_app

__all__ = [
    "Resolution",
    "book",
    "forget_app",
    "pause",
    "publishing_platforms",
    "recall",
    "release",
    "reschedule",
    "resolve",
    "respread",
    "resume",
    "schedule",
    "send_again",
    "set_app",
    "stagger",
]
