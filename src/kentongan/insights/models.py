"""Tables of insights: what a platform reported about a delivery at a moment, and when to ask again."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

METRICS = ("views", "likes", "shares", "replies")


class Snapshot(models.Model):
    """The counts of one delivery as its platform reported them; NULL means that it did not say, which is not zero.

    `bucket` is `taken_at` cut to the minute: two collectors at once leave one row.
    """

    delivery = models.ForeignKey("publishing.Delivery", models.CASCADE, related_name="snapshots")
    taken_at = models.DateTimeField(_("read at"))
    bucket = models.DateTimeField(editable=False)
    views = models.BigIntegerField(_("views"), null=True)
    likes = models.BigIntegerField(_("likes"), null=True)
    shares = models.BigIntegerField(_("shares"), null=True)
    replies = models.BigIntegerField(_("replies"), null=True)

    class Meta:
        verbose_name = _("snapshot")
        verbose_name_plural = _("snapshots")
        ordering = ("-taken_at",)
        constraints = (
            models.UniqueConstraint(fields=("delivery", "bucket"), name="snapshot_once_a_minute"),
            *(
                models.CheckConstraint(
                    condition=Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__gte": 0}), name=f"snapshot_{name}"
                )
                for name in METRICS
            ),
            models.CheckConstraint(
                condition=~Q(views__isnull=True, likes__isnull=True, shares__isnull=True, replies__isnull=True),
                name="snapshot_says_something",
            ),
        )
        indexes = (models.Index(fields=("delivery", "-taken_at"), name="snapshot_latest"),)

    def __str__(self) -> str:
        return f"{self.delivery_id} {self.taken_at:%Y-%m-%d %H:%M}"


class Probe(models.Model):
    """When to ask next about a delivery, and how the last time went. `due_at` NULL: too old to change any more."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", _("Not read yet")
        READ = "read", _("Read")
        SILENT = "silent", _("Not reported yet")
        GONE = "gone", _("No longer there")
        FAILED = "failed", _("Could not be read")
        UNSUPPORTED = "unsupported", _("This platform cannot be read here")

    delivery = models.OneToOneField("publishing.Delivery", models.CASCADE, related_name="probe")
    due_at = models.DateTimeField(_("next reading"), null=True)
    outcome = models.CharField(_("last reading"), max_length=12, choices=Outcome.choices, default=Outcome.WAITING)
    problem = models.CharField(_("problem"), max_length=300, blank=True)
    failures = models.PositiveIntegerField(default=0)
    tried_at = models.DateTimeField(_("tried"), null=True)
    read_at = models.DateTimeField(_("read"), null=True)

    class Meta:
        verbose_name = _("reading")
        verbose_name_plural = _("readings")
        constraints = (
            models.CheckConstraint(
                condition=Q(outcome__in=("waiting", "read", "silent", "gone", "failed", "unsupported")),
                name="probe_outcome",
            ),
            models.CheckConstraint(condition=~Q(outcome="failed", problem=""), name="probe_problem"),
        )
        indexes = (models.Index(fields=("due_at",), name="probe_due", condition=Q(due_at__isnull=False)),)

    def __str__(self) -> str:
        return f"{self.delivery_id}: {self.outcome}"
