"""Where posts come from, the files that hold them, and how far the clusterer is."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kentongan.registry.models import Unit


class Source(models.Model):
    """Where posts come from: files of another tool, a simulator, later a platform that is polled."""

    class Kind(models.TextChoices):
        FILE = "file", _("Files")
        SIMULATION = "simulation", _("Simulation")
        DIRECT = "direct", _("Sent through the API")

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="listening_sources")
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.FILE)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ACTIVE)
    posts = models.BigIntegerField(_("posts"), default=0)
    last_read_at = models.DateTimeField(_("last read"), null=True)
    last_post_at = models.DateTimeField(_("newest post"), null=True)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        constraints = (
            models.UniqueConstraint(fields=("unit", "name"), name="listening_source_name"),
            models.CheckConstraint(condition=Q(posts__gte=0), name="listening_source_posts"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def healthy(self) -> bool | None:
        """Whether the last reading went well; None before the first."""
        return None if self.last_read_at is None else not self.last_error


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
    """A post deleted at its source or on request: hidden from every read at once, purged from the file later."""

    post_id = models.CharField(max_length=32, primary_key=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("deleted post")
        verbose_name_plural = _("deleted posts")

    def __str__(self) -> str:
        return self.post_id
