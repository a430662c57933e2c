"""The table of background jobs."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kentongan.core import clock


class Job(models.Model):
    """One piece of long work that a person started: what it is, how far it is, how it ended."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        STOPPED = "stopped", _("Stopped")

    FINAL = (State.DONE, State.FAILED, State.STOPPED)

    kind = models.CharField(_("kind"), max_length=60)
    label = models.CharField(_("what"), max_length=200)
    args = models.JSONField(default=dict)
    link = models.CharField(max_length=300, blank=True)
    unit_id = models.BigIntegerField(null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("started by")
    )
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.QUEUED)
    claim = models.UUIDField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    total = models.BigIntegerField(_("total"), null=True)
    done = models.BigIntegerField(_("done"), default=0)
    rate = models.FloatField(_("per second"), null=True)
    message = models.CharField(_("message"), max_length=300, blank=True)
    result = models.JSONField(default=dict)
    error = models.TextField(_("what went wrong"), blank=True)
    remedy = models.TextField(_("what to do"), blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    queued_at = models.DateTimeField(default=clock.now)
    started_at = models.DateTimeField(_("started"), null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    stop_requested_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        indexes = (
            models.Index(fields=("unit_id", "-id"), name="job_unit"),
            models.Index(fields=("created_by", "-id"), name="job_creator"),
            models.Index(
                fields=("state", "heartbeat_at"), name="job_alive", condition=models.Q(state__in=("queued", "running"))
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state__in=("queued", "running", "done", "failed", "stopped")), name="job_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state="running", claim__isnull=False, started_at__isnull=False)
                | ~models.Q(state="running"),
                name="job_running_is_claimed",
            ),
        )

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        """Return the job's page."""
        return reverse("core:job", args=(self.pk,))

    @property
    def audit_label(self) -> str:
        """What the audit log calls it: its label may hold the name of a file, and people name files after people."""
        return f"#{self.pk}"

    @property
    def is_final(self) -> bool:
        """Whether it has ended, in whichever way."""
        return self.state in self.FINAL

    @property
    def is_stopping(self) -> bool:
        """Whether somebody asked it to stop and it has not yet."""
        return self.stop_requested_at is not None and not self.is_final

    @property
    def fraction(self) -> float | None:
        """How much is done, 0 to 1; None as long as the total is not known."""
        if self.state == self.State.DONE:
            return 1.0
        return min(self.done / self.total, 1.0) if self.total else None

    @property
    def percent(self) -> int | None:
        """How much is done in whole per cent, rounded down; None as long as the total is not known."""
        return None if self.fraction is None else int(self.fraction * 100)

    @property
    def remaining(self) -> timedelta | None:
        """How long it will take at the present rate; None when that cannot be told."""
        if self.state != self.State.RUNNING or not self.rate or not self.total:
            return None
        return timedelta(seconds=max(self.total - self.done, 0) / self.rate)

    @property
    def duration(self) -> timedelta | None:
        """How long it ran, or has been running."""
        if self.started_at is None:
            return None
        end: datetime = self.finished_at or clock.now()
        return end - self.started_at
