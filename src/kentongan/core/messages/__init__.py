"""One outbox for every message that leaves: who may be written to, once, and what became of it.

    messages.queue(actor, channel="email", person_id=7, purpose="missions.instruction", subject=..., body=...,
                   link=url, dedupe_key=f"instruction:{instruction.pk}:{person.pk}", unit_id=unit.pk)

E-mail is sent by the worker. A `link` message waits on the screen "to hand over" until its operator has opened it in
the messenger of their own phone: nothing is sent from a member's account but by that member.
"""

from kentongan.core.messages.actions import (
    cancel,
    discard,
    forget,
    hand_on,
    hand_over,
    move_to,
    opened,
    opt_in,
    opt_out,
    queue,
    queue_many,
    send_again,
    settle,
    take_back,
    welcome_back,
)
from kentongan.core.messages.contract import (
    Contact,
    Directory,
    Draft,
    declare_purpose,
    purpose_label,
    register_directory,
)
from kentongan.core.messages.queries import (
    get,
    hand_over_url,
    masked,
    refused,
    to_hand_over,
    visible,
    waiting_for_others,
)
from kentongan.core.messages.sending import send_due
from kentongan.core.models.messages import Message, OptOut

__all__ = [
    "Contact",
    "Directory",
    "Draft",
    "Message",
    "OptOut",
    "cancel",
    "declare_purpose",
    "discard",
    "forget",
    "get",
    "hand_on",
    "hand_over",
    "hand_over_url",
    "masked",
    "move_to",
    "opened",
    "opt_in",
    "opt_out",
    "purpose_label",
    "queue",
    "queue_many",
    "refused",
    "register_directory",
    "send_again",
    "send_due",
    "settle",
    "take_back",
    "to_hand_over",
    "visible",
    "waiting_for_others",
    "welcome_back",
]
