"""Sending: claimed by one worker, recorded before it leaves, never sent again by itself when in doubt."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parseaddr
from smtplib import SMTPRecipientsRefused, SMTPResponseException, SMTPSenderRefused

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from kentongan.core import clock
from kentongan.core.messages import queries
from kentongan.core.models.messages import Message

logger = logging.getLogger(__name__)

BATCH = 50
MAX_ATTEMPTS = 8
LAPSES_AFTER = timedelta(minutes=3)
FIRST_DELAY = timedelta(seconds=30)
State = Message.State


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one try: `remote_id` is the platform's name of it, `after` how long it asks to be left alone.

    `by_hand` says that it goes no other way than by a person's hand.
    """

    state: State
    reason: str = ""
    remote_id: str = ""
    after: timedelta | None = None
    by_hand: bool = False


def send_due() -> int:
    """Send what is due, up to a batch; return how many messages were handled."""
    lapsed = lapse()
    message = claim()
    if message is None:
        return lapsed
    backend = get_connection(fail_silently=False)
    try:
        backend.open()
    except Exception as error:
        # Nothing was handed to the server, so nothing can have been sent.
        logger.warning("The mail server does not answer: %s", error)
        record(message, Verdict(State.QUEUED, _("The mail server does not answer: %s") % error))
        return lapsed
    handled = 0
    try:
        while message is not None:
            record(message, deliver(message, backend))
            handled += 1
            message = claim() if handled < BATCH else None
    finally:
        backend.close()
    return lapsed + handled


def lapse() -> int:
    """Give up on messages whose worker was killed while it sent them: they may have left, so they become UNKNOWN."""
    return Message.objects.filter(state=State.SENDING, claimed_at__lt=clock.now() - LAPSES_AFTER).update(
        state=State.UNKNOWN, reason=_("The worker was ended while it sent this; it may have arrived.")
    )


def claim(channel: str = Message.Channel.EMAIL, among: Q = Q()) -> Message | None:  # noqa: B008  never changed
    """Take the next message that is due and may be sent; its state is committed before anything leaves.

    `among` narrows the choice.

    Race: two workers want the same row; the second skips what the first has locked.
    """
    while True:
        with transaction.atomic():
            due = Message.objects.select_for_update(skip_locked=True).filter(
                channel=channel, state=State.QUEUED, due_at__lte=clock.now()
            )
            message = due.filter(among).order_by("due_at", "id").first()
            if message is None:
                return None
            refusal = queries.refusal(message)
            message.state = State.SUPPRESSED if refusal else State.SENDING
            message.reason, message.claimed_at = refusal[:300], clock.now()
            message.attempts = F("attempts") + 1
            message.save(update_fields=["state", "reason", "claimed_at", "attempts"])
        if not refusal:
            message.refresh_from_db()
            return message


def compose(message: Message) -> EmailMessage:
    """Return the mail, with the way to end such mails in its foot and in its head (RFC 8058)."""
    url = queries.opt_out_url(message)
    foot = _("You receive this because of your role in the organisation. No more of these: %s") % url
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return EmailMessage(
        subject=message.subject,
        body=f"{queries.text_of(message)}\n\n--\n{foot}\n",
        to=[message.address],
        headers={
            "Message-ID": f"<{message.public_id}.{message.attempts}@{domain}>",
            "List-Unsubscribe": f"<{url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )


def deliver(message: Message, backend: BaseEmailBackend) -> Verdict:
    """Hand one message to the server and say what became of it."""
    try:
        mail = compose(message)
    except Exception as error:
        logger.exception("Message %s cannot be composed.", message.pk)
        return Verdict(State.FAILED, str(error))
    try:
        backend.send_messages([mail])
    except SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        return _refused(code, text)
    except (SMTPSenderRefused, SMTPResponseException) as error:
        return _refused(error.smtp_code, error.smtp_error)
    except ValueError as error:
        # Refused by the mail library, before any server saw it (a line break in an address, say).
        return Verdict(State.FAILED, str(error))
    except Exception as error:
        logger.warning("Message %s: the connection broke while it was sent: %s", message.pk, error)
        return Verdict(State.UNKNOWN, _("The connection broke while this was sent; it may have arrived."))
    return Verdict(State.SENT)


def _refused(code: int, text: bytes | str) -> Verdict:
    """4xx: the server wants it later; 5xx: it does not want it."""
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    reason = f"{code} {said}"
    return Verdict(State.QUEUED if 400 <= code < 500 else State.FAILED, reason)


def record(message: Message, verdict: Verdict) -> bool:
    """Write the verdict if the message is still ours; a try that may be repeated is put off, longer each time."""
    mine = Message.objects.filter(pk=message.pk, state=State.SENDING, claimed_at=message.claimed_at)
    moment = clock.now()
    if verdict.state == State.SENT:
        return bool(mine.update(state=State.SENT, sent_at=moment, reason="", remote_id=verdict.remote_id))
    if verdict.by_hand:
        return bool(mine.update(state=State.QUEUED, by_hand=True, reason=verdict.reason[:300]))
    if verdict.state == State.QUEUED:
        if message.attempts >= MAX_ATTEMPTS:
            return bool(mine.update(state=State.FAILED, reason=verdict.reason[:300]))
        later = moment + (verdict.after or FIRST_DELAY * 2 ** (message.attempts - 1))
        return bool(mine.update(state=State.QUEUED, due_at=later, reason=verdict.reason[:300]))
    return bool(mine.update(state=verdict.state, reason=verdict.reason[:300]))
