"""The tables of the outbox."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from kentongan.core import clock
from kentongan.core.ids import public_id
from kentongan.core.secrets import EncryptedTextField


class Message(models.Model):
    """One message to one person: by e-mail, or as a link that an operator hands over from their own phone.

    Where a business number carries such links, `remote_id` is what its platform calls the message. `by_hand` says that
    no number could carry this one: a person hands it over.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        LINK = "link", _("Hand over")

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        HANDED_OVER = "handed_over", _("Handed over")
        FAILED = "failed", _("Failed")
        UNKNOWN = "unknown", _("Perhaps sent")
        SUPPRESSED = "suppressed", _("Held back")

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    unit_id = models.BigIntegerField(null=True)
    person_id = models.BigIntegerField(null=True)
    recipient = models.CharField(_("recipient"), max_length=200, blank=True)
    address = EncryptedTextField(_("address"))
    address_hash = models.CharField(max_length=32)
    purpose = models.CharField(_("purpose"), max_length=60)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    body = models.TextField(_("text"))
    link = EncryptedTextField(_("link"), blank=True)
    dedupe_key = models.CharField(max_length=120, unique=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.QUEUED)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    due_at = models.DateTimeField(_("to leave at"), default=clock.now)
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(_("sent"), null=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True)
    opened_at = models.DateTimeField(_("opened"), null=True)
    remote_id = models.CharField(max_length=200, blank=True, editable=False)
    by_hand = models.BooleanField(default=False, editable=False)
    handed_over_by = models.ForeignKey("core.User", models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes = (
            models.Index(fields=("channel", "due_at"), name="message_due", condition=models.Q(state="queued")),
            models.Index(fields=("claimed_at",), name="message_sending", condition=models.Q(state="sending")),
            models.Index(fields=("unit_id", "-id"), name="message_unit"),
            models.Index(fields=("address_hash", "purpose"), name="message_address"),
            models.Index(fields=("remote_id",), name="message_remote", condition=~models.Q(remote_id="")),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(
                    state__in=("queued", "sending", "sent", "handed_over", "failed", "unknown", "suppressed")
                ),
                name="message_state_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=("sent", "handed_over")) | models.Q(sent_at__isnull=False),
                name="message_sent_has_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="sending") | models.Q(claimed_at__isnull=False),
                name="message_sending_is_claimed",
            ),
        )

    def __str__(self) -> str:
        return self.subject or self.purpose

    @property
    def audit_label(self) -> str:
        """What the audit log calls it: a subject may name its reader."""
        return self.purpose


class OptOut(models.Model):
    """An address that wants no more messages: of one purpose, or (purpose empty) of any."""

    address_hash = models.CharField(max_length=32)
    purpose = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("opt-out")
        verbose_name_plural = _("opt-outs")
        constraints = (models.UniqueConstraint(fields=("address_hash", "purpose"), name="opt_out_once"),)

    def __str__(self) -> str:
        return f"{self.address_hash[:8]} {self.purpose or '*'}"
