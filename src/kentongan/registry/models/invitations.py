"""Invitations by which people see, confirm and correct what is kept about them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kentongan.core.links import DeviceLink, bound_to_a_device, revoked_for_a_reason
from kentongan.registry.models.people import Person
from kentongan.registry.models.units import Unit


class PersonInvitation(DeviceLink):
    """A link to one person's own page; a newer one ends the former."""

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        LINK = "link", _("Hand over by WhatsApp")
        PRINT = "print", _("Printed code")

    class State(models.TextChoices):
        """Derived from the times; see `queries.invitations`."""

        MADE = "made", _("Made")
        SENT = "sent", _("Sent")
        OPENED = "opened", _("Opened")
        ANSWERED = "answered", _("Answered")
        EXPIRED = "expired", _("Expired")
        REVOKED = "revoked", _("Revoked")

    person = models.ForeignKey(Person, models.CASCADE, related_name="own_links")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    channel = models.CharField(_("channel"), max_length=5, choices=Channel.choices)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    job_id = models.BigIntegerField(null=True)
    answered_at = models.DateTimeField(_("answered"), null=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = (
            bound_to_a_device("registry_invitation_bound"),
            revoked_for_a_reason("registry_invitation_revoked"),
            models.UniqueConstraint(
                fields=("person",), condition=Q(revoked_at__isnull=True), name="registry_invitation_one_live"
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None) | Q(bound_at__isnull=False), name="registry_invitation_answered_when_open"
            ),
            models.CheckConstraint(
                condition=Q(channel__in=["email", "link", "print"]), name="registry_invitation_channel"
            ),
        )
        indexes = (
            models.Index(fields=("unit", "-id"), name="registry_invitation_unit"),
            models.Index(
                fields=("asked_again_at",), name="registry_invitation_asked", condition=Q(asked_again_at__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"{self.person} · {self.get_channel_display()}"

    @property
    def audit_label(self) -> str:
        """What the audit log calls it."""
        return f"#{self.person_id} · {self.get_channel_display()}"
