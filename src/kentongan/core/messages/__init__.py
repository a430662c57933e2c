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
    told,
    want_no_more,
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
    opt_out_url,
    refused,
    text_of,
    to_hand_over,
    units_waiting,
    visible,
    waiting_for_others,
)
from kentongan.core.messages.sending import Verdict, claim, record, send_due
from kentongan.core.models.messages import Message, OptOut

__all__ = [
    "Contact",
    "Directory",
    "Draft",
    "Message",
    "OptOut",
    "Verdict",
    "cancel",
    "claim",
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
    "opt_out_url",
    "purpose_label",
    "queue",
    "queue_many",
    "record",
    "refused",
    "register_directory",
    "send_again",
    "send_due",
    "settle",
    "take_back",
    "text_of",
    "to_hand_over",
    "told",
    "units_waiting",
    "visible",
    "waiting_for_others",
    "want_no_more",
    "welcome_back",
]
