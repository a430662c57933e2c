"""The table of stored files."""

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kentongan.core.ids import public_id
from kentongan.core.permissions import Capability
from kentongan.core.sniff import IMAGES, VIDEOS


class StoredFile(models.Model):
    """One upload: who gave which content to which unit. Content is kept once, whoever uploads it."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.BigIntegerField(_("size"))
    media_type = models.CharField(_("type"), max_length=100)
    name = models.CharField(_("name"), max_length=200)
    unit_id = models.BigIntegerField(null=True)
    capability = models.CharField(max_length=20, default=Capability.VIEW.value)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("uploaded by")
    )
    created_at = models.DateTimeField(_("uploaded"), auto_now_add=True)
    erased_at = models.DateTimeField(_("erased"), null=True, editable=False)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        indexes = (
            models.Index(fields=("erased_at",), name="file_erased", condition=models.Q(erased_at__isnull=False)),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("sha256", "unit_id", "created_by", "capability", "name"),
                nulls_distinct=False,
                name="file_once_per_owner",
            ),
            models.CheckConstraint(condition=models.Q(size__gte=0), name="file_size_not_negative"),
            models.CheckConstraint(condition=models.Q(sha256__regex="^[0-9a-f]{64}$"), name="file_sha256_hex"),
        )

    personal_fields = frozenset({"name"})

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return where the content is served."""
        return reverse("core:file", args=(self.public_id,))

    @property
    def small_url(self) -> str:
        """Where a picture's small copy is served, for pages that show it beside others."""
        return reverse("core:file_small", args=(self.public_id,))

    @property
    def audit_label(self) -> str:
        """What the audit log calls it: people name files after people."""
        return f"#{self.pk}"

    @property
    def is_image(self) -> bool:
        """Whether a browser may show it in place."""
        return self.media_type in IMAGES

    @property
    def is_video(self) -> bool:
        """Whether it is a video."""
        return self.media_type in VIDEOS
