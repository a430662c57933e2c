"""Links that open one person's receipt or invitation on one phone."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kentongan.core.links import DeviceLink, bound_to_a_device, revoked_for_a_reason


class MemberLink(DeviceLink):
    """A link to one receipt or one invitation."""

    person = models.ForeignKey("registry.Person", models.CASCADE, related_name="+")
    receipt = models.ForeignKey("missions.Receipt", models.CASCADE, null=True, related_name="links")
    invitation = models.ForeignKey("missions.MissionInvitation", models.CASCADE, null=True, related_name="links")

    class Meta:
        verbose_name = _("member link")
        verbose_name_plural = _("member links")
        constraints = (
            models.CheckConstraint(
                condition=Q(receipt__isnull=False, invitation__isnull=True)
                | Q(receipt__isnull=True, invitation__isnull=False),
                name="link_opens_one_thing",
            ),
            bound_to_a_device("link_bound_to_a_device"),
            revoked_for_a_reason("link_revoked_for"),
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
