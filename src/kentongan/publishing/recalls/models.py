"""Links by which custodians who do not sign in here answer a recall on their phone."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kentongan.core.links import DeviceLink, bound_to_a_device, revoked_for_a_reason


class RecallLink(DeviceLink):
    """A link to one recall, for one person who keeps the account.

    It opens as long as they do, and until two weeks after the post should have been deleted (`recalls.links.GRACE`).
    """

    person = models.ForeignKey("registry.Person", models.CASCADE, related_name="+")
    task = models.ForeignKey("publishing.RecallTask", models.CASCADE, related_name="links")

    class Meta:
        app_label = "publishing"
        verbose_name = _("link to a recall")
        verbose_name_plural = _("links to recalls")
        constraints = (
            bound_to_a_device("recall_link_bound_to_a_device"),
            revoked_for_a_reason("recall_link_revoked_for"),
            models.UniqueConstraint(
                fields=("task", "person"), condition=Q(revoked_at__isnull=True), name="recall_link_one_each"
            ),
        )

    def __str__(self) -> str:
        return f"link {self.pk}"
