"""Links that open one person's page on one phone."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kentongan.core import clock


class Revocation(models.TextChoices):
    """Why a link no longer works."""

    REPLACED = "replaced", _("A newer link was sent")
    WITHDRAWN = "withdrawn", _("Withdrawn by the office")


class MemberLink(models.Model):
    """A signed link to one receipt or one invitation; only the token's hash is stored.

    Reading a link changes nothing, so that a messenger's preview cannot use it up. The first POST binds it to that
    device: `device_digest` is the hash of a cookie which only that device holds.
    """

    digest = models.CharField(max_length=64, unique=True, editable=False)
    person = models.ForeignKey("registry.Person", models.CASCADE, related_name="+")
    receipt = models.ForeignKey("missions.Receipt", models.CASCADE, null=True, related_name="links")
    invitation = models.ForeignKey("missions.MissionInvitation", models.CASCADE, null=True, related_name="links")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    bound_at = models.DateTimeField(_("first used"), null=True)
    device_digest = models.CharField(max_length=64, blank=True, db_default="", editable=False)
    asked_again_at = models.DateTimeField(_("asked for a new link"), null=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True)
    revoked_for = models.CharField(_("reason"), max_length=10, blank=True, choices=Revocation.choices, db_default="")

    class Meta:
        verbose_name = _("member link")
        verbose_name_plural = _("member links")
        constraints = (
            models.CheckConstraint(
                condition=Q(receipt__isnull=False, invitation__isnull=True)
                | Q(receipt__isnull=True, invitation__isnull=False),
                name="link_opens_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(bound_at__isnull=True, device_digest="")
                | (Q(bound_at__isnull=False) & ~Q(device_digest="")),
                name="link_bound_to_a_device",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_for="")
                | Q(revoked_at__isnull=False, revoked_for__in=Revocation.values),
                name="link_revoked_for",
            ),
            models.UniqueConstraint(
                fields=("receipt",),
                condition=Q(receipt__isnull=False, revoked_at__isnull=True),
                name="link_one_a_receipt",
            ),
            models.UniqueConstraint(
                fields=("invitation",),
                condition=Q(invitation__isnull=False, revoked_at__isnull=True),
                name="link_one_an_invitation",
            ),
        )
        indexes = (
            models.Index(fields=("asked_again_at",), name="link_asked", condition=Q(asked_again_at__isnull=False)),
        )

    def __str__(self) -> str:
        return f"link {self.pk}"

    @property
    def is_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at <= clock.now()
