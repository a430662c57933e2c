"""All writes of publishing; what people do is here, what workers do is in `firing` and `reconciling`."""

from kentongan.publishing.actions.booking import book
from kentongan.publishing.actions.pausing import pause, publishing_platforms, resume
from kentongan.publishing.actions.recalling import Proof, bind, call_off, decline, done, recall, see
from kentongan.publishing.actions.recalling_all import recall_many, recall_part
from kentongan.publishing.actions.resolving import Resolution, release, resolve
from kentongan.publishing.actions.scheduling import reschedule, respread, schedule, send_again, stagger
from kentongan.publishing.actions.signing_in import forget_app, set_app
from kentongan.publishing.actions.viewing import audited, view_now

__all__ = [
    "Proof",
    "Resolution",
    "audited",
    "bind",
    "book",
    "call_off",
    "decline",
    "done",
    "forget_app",
    "pause",
    "publishing_platforms",
    "recall",
    "recall_many",
    "recall_part",
    "release",
    "reschedule",
    "resolve",
    "respread",
    "resume",
    "schedule",
    "see",
    "send_again",
    "set_app",
    "stagger",
    "view_now",
]
