"""Tables of pictures and videos: what is in them, and the copies that were made of them. Both go by content."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

SHA256 = r"^[0-9a-f]{64}$"


class MediaFacts(models.Model):
    """What is in a picture or video with this content: pixels as it is shown, seconds and codecs of a video.

    `located` says that a place stands in it, `tracked` that a track of a video notes places again and again.
    """

    sha256 = models.CharField(max_length=64, unique=True)
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    animated = models.BooleanField(default=False)
    located = models.BooleanField(default=False)
    tracked = models.BooleanField(default=False)
    seconds = models.FloatField(_("seconds"), null=True)
    codec = models.CharField(max_length=20, blank=True)
    audio = models.CharField(max_length=20, blank=True)
    learned_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("what is in a file")
        verbose_name_plural = _("what is in files")
        constraints = (
            models.CheckConstraint(condition=Q(sha256__regex=SHA256), name="media_facts_sha256"),
            models.CheckConstraint(condition=Q(width__gt=0, height__gt=0), name="media_facts_pixels"),
            models.CheckConstraint(condition=Q(seconds=None) | Q(seconds__gt=0), name="media_facts_seconds"),
        )

    def __str__(self) -> str:
        return f"{self.width} × {self.height}"


class FittedFile(models.Model):
    """A copy made by a recipe, once: every later use sends the same bytes. `changes` are codes of what was done."""

    source = models.CharField(max_length=64)
    recipe = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField(_("size"))
    media_type = models.CharField(_("type"), max_length=100)
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    changes = ArrayField(models.CharField(max_length=20), default=list)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("fitted copy")
        verbose_name_plural = _("fitted copies")
        constraints = (
            models.UniqueConstraint(fields=("source", "recipe"), name="fitted_once"),
            models.CheckConstraint(
                condition=Q(source__regex=SHA256, sha256__regex=SHA256, size__gt=0), name="fitted_is_content"
            ),
        )
        indexes = (models.Index(fields=("sha256",), name="fitted_content"),)

    def __str__(self) -> str:
        return f"{self.source[:8]} → {self.recipe}"
