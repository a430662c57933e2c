"""All writes of publishing; what people do is here, what workers do is in `firing` and `reconciling`."""

from kentongan.publishing.actions.pausing import pause, resume
from kentongan.publishing.actions.resolving import Resolution, release, resolve
from kentongan.publishing.actions.scheduling import recall, reschedule, schedule, send_again

__all__ = ["Resolution", "pause", "recall", "release", "reschedule", "resolve", "resume", "schedule", "send_again"]
