"""The files that hold posts, how far the clusterer is, and what was deleted."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kentongan.listening.models.source import Source
from kentongan.registry.models import Unit


class Segment(models.Model):
    """A registered file of the lake: posts of one day from one source. What is not registered does not exist."""

    source = models.ForeignKey(Source, models.PROTECT, related_name="segments")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    day = models.DateField(_("day"))
    path = models.CharField(max_length=200, unique=True)
    assignments = models.CharField(max_length=200, blank=True)
    rows = models.IntegerField()
    size = models.BigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    import_run_id = models.BigIntegerField(null=True, db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        indexes = (models.Index(fields=("unit", "day"), condition=Q(removed_at=None), name="listening_segment_day"),)
        constraints = (
            models.CheckConstraint(condition=Q(rows__gt=0), name="listening_segment_rows"),
            models.CheckConstraint(condition=Q(first_at__lte=F("last_at")), name="listening_segment_span"),
        )

    def __str__(self) -> str:
        return self.path


class ClusterState(models.Model):
    """The clusterer of one unit's stream. Counts and `processed_through` move in one transaction with it."""

    unit = models.OneToOneField(Unit, models.PROTECT, related_name="+", primary_key=True)
    state = models.BinaryField(default=bytes)
    version = models.BigIntegerField(default=0)
    processed_through = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("state of the clusterer")
        verbose_name_plural = _("states of the clusterer")

    def __str__(self) -> str:
        return f"{self.unit_id} v{self.version}"


class Tombstone(models.Model):
    """A post deleted at its source or on request: hidden from every read at once, purged from the file later.

    It stays after `purged_at` too: the post must not come in again.
    """

    post_id = models.CharField(max_length=32, primary_key=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    purged_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("deleted post")
        verbose_name_plural = _("deleted posts")

    def __str__(self) -> str:
        return self.post_id
