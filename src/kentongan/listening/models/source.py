"""Where posts come from: files, a platform that is read, people who bring complaints; and what could not be read."""

from datetime import UTC, date, datetime, timedelta

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kentongan.channels import registry as channels
from kentongan.core import clock
from kentongan.core.secrets import EncryptedTextField
from kentongan.registry.models import Account, Unit


class Source(models.Model):
    """Where posts come from.

    `kind` is one of `Kind`, or a way to listen as `channels.registry.listeners` names it (`mastodon.hashtag`); those
    are read when they are due. `cursor` moves in the transaction that registers what was read before it. `claimed_at`
    is set while a worker reads it, and is the claim itself; before `patient_until` its server asked not to be asked
    again. `spent_*` are of the day `spent_on` in the unit's zone.
    """

    class Kind(models.TextChoices):
        FILE = "file", _("Files")
        SIMULATION = "simulation", _("Simulation")
        DIRECT = "direct", _("Sent through the API")
        FOLDER = "folder", _("Watched folder")
        FORM = "form", _("Form for complaints")

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        REMOVED = "removed", _("Removed")

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="listening_sources")
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=40, default=Kind.FILE)
    query = models.CharField(_("what it looks for"), max_length=500, blank=True)
    service = models.CharField(_("server"), max_length=300, blank=True)
    account = models.ForeignKey(
        Account, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("account")
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ACTIVE)
    every_minutes = models.IntegerField(_("read every (minutes)"), default=15)
    retention_days = models.IntegerField(_("keep posts for (days)"), null=True, blank=True)
    budget_posts = models.IntegerField(_("posts a day at most"), default=20_000)
    budget_requests = models.IntegerField(_("requests a day at most"), default=2_000)
    spent_on = models.DateField(null=True)
    spent_posts = models.IntegerField(default=0)
    spent_requests = models.IntegerField(default=0)
    cursor = models.TextField(blank=True)
    host = models.CharField(max_length=253, blank=True)
    due_at = models.DateTimeField(_("next read"), null=True)
    patient_until = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    posts = models.BigIntegerField(_("posts"), default=0)
    last_read_at = models.DateTimeField(_("last read"), null=True)
    last_post_at = models.DateTimeField(_("newest post"), null=True)
    last_new = models.IntegerField(_("new at the last reading"), null=True)
    last_new_at = models.DateTimeField(_("last brought something new"), null=True)
    failures = models.IntegerField(_("failures in a row"), default=0)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        indexes = (
            models.Index(fields=("due_at",), condition=Q(state="active", due_at__isnull=False), name="listening_due"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("unit", "name"), condition=~Q(state="removed"), name="listening_source_name"
            ),
            models.CheckConstraint(condition=Q(posts__gte=0), name="listening_source_posts"),
            models.CheckConstraint(
                condition=Q(every_minutes__gte=1, budget_posts__gte=1, budget_requests__gte=1, failures__gte=0),
                name="listening_source_pace",
            ),
            models.CheckConstraint(
                condition=Q(retention_days=None) | Q(retention_days__gte=1), name="listening_source_retention"
            ),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the address of its page."""
        return reverse("listening:source", args=(self.pk,))

    @property
    def kept_from(self) -> date | None:
        """The first day, in UTC as the lake has its days, whose posts are kept: none is older than `retention_days`."""
        if self.retention_days is None:
            return None
        return clock.now().astimezone(UTC).date() - timedelta(days=self.retention_days - 1)

    @property
    def is_read(self) -> bool:
        """Whether we read it ourselves, on a platform."""
        return self.kind not in self.Kind.values

    @property
    def namespace(self) -> str:
        """Within what its posts' own ids tell posts apart: two sources that meet one post of a platform share it."""
        return f"{self.unit_id}/{self.kind.partition('.')[0]}" if self.is_read else str(self.pk)

    @property
    def kind_label(self) -> str | Promise:
        """What people call its kind."""
        if not self.is_read:
            return self.Kind(self.kind).label
        known = channels.listeners().get(self.kind)
        return f"{known[0].manifest.label}: {known[1].way.label}" if known else self.kind

    @property
    def healthy(self) -> bool | None:
        """Whether the last reading went well; None before the first."""
        if self.last_error:
            return False
        return None if self.last_read_at is None else True

    @property
    def resting(self) -> datetime | None:
        """Until when it rests, because what it may read in a day is spent; None where it does not."""
        if not self.is_spent or self.due_at is None or self.due_at <= clock.now():
            return None
        return self.due_at

    @property
    def counts_today(self) -> bool:
        """Whether what was spent was spent today, in the unit's zone."""
        return self.spent_on == clock.now().astimezone(clock.zone(self.unit.timezone)).date()

    @property
    def posts_today(self) -> int:
        """How many posts were read today."""
        return self.spent_posts if self.counts_today else 0

    @property
    def requests_today(self) -> int:
        """How many requests were made today."""
        return self.spent_requests if self.counts_today else 0

    @property
    def is_spent(self) -> bool:
        """Whether what it may read today is spent."""
        return self.posts_today >= self.budget_posts or self.requests_today >= self.budget_requests


class QuarantinedItem(models.Model):
    """An item of a source that could not be read: why, and itself, encrypted, until a person decides or 30 days passed.

    One that was discarded stays as its digest, so that the source's next reading does not bring it again.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DISCARDED = "discarded", _("Discarded")

    source = models.ForeignKey(Source, models.CASCADE, related_name="quarantine")
    digest = models.CharField(max_length=64)
    raw = EncryptedTextField(blank=True)
    reason = models.CharField(_("reason"), max_length=300)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("item that could not be read")
        verbose_name_plural = _("items that could not be read")
        constraints = (models.UniqueConstraint(fields=("source", "digest"), name="listening_quarantined_once"),)

    def __str__(self) -> str:
        return f"{self.source_id} {self.digest[:8]}"
