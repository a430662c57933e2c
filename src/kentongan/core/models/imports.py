"""The tables of imports."""

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kentongan.core.models.files import StoredFile
from kentongan.core.models.jobs import Job


class ImportRun(models.Model):
    """One file on its way in: how it is read, how far it is, what came of it."""

    class State(models.TextChoices):
        DRAFT = "draft", _("To be confirmed")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        STOPPED = "stopped", _("Stopped")
        FAILED = "failed", _("Failed")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")
        DISCARDED = "discarded", _("Discarded")

    kind = models.CharField(_("kind"), max_length=60)
    unit_id = models.BigIntegerField(null=True)
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", verbose_name=_("file"))
    layout = models.JSONField(default=dict)
    mapping = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    position = models.BigIntegerField(default=0)
    rows_read = models.BigIntegerField(_("read"), default=0)
    rows_new = models.BigIntegerField(_("new"), default=0)
    rows_same = models.BigIntegerField(_("already there"), default=0)
    rows_changed = models.BigIntegerField(_("changed"), default=0)
    rows_rejected = models.BigIntegerField(_("rejected"), default=0)
    rows_undone = models.BigIntegerField(_("taken back"), default=0)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("uploaded by")
    )
    created_at = models.DateTimeField(_("uploaded"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        indexes = (
            models.Index(fields=("kind", "unit_id", "-id"), name="import_kind_unit"),
            models.Index(fields=("file", "-id"), name="import_file"),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(
                    rows_read=models.F("rows_new")
                    + models.F("rows_same")
                    + models.F("rows_changed")
                    + models.F("rows_rejected")
                ),
                name="import_counts_add_up",
            ),
        )

    personal_fields = frozenset({"file"})

    def __str__(self) -> str:
        return self.file.name

    def get_absolute_url(self) -> str:
        """Return the import's page."""
        return reverse("core:import", args=(self.pk,))

    @property
    def audit_label(self) -> str:
        """What the audit log calls it: people name files after people."""
        return f"#{self.pk}"

    @property
    def rejects(self) -> "models.QuerySet[ImportReject]":
        """The rows that were not taken."""
        return self.told.filter(taken=False)

    @property
    def remarks(self) -> "models.QuerySet[ImportReject]":
        """The rows that came in without a part."""
        return self.told.filter(taken=True)

    @property
    def can_continue(self) -> bool:
        """Whether it ended before its end, so that the rest can still come in."""
        return self.state in (self.State.STOPPED, self.State.FAILED) and self.file.erased_at is None

    @property
    def can_undo(self) -> bool:
        """Whether something came in that can be taken back."""
        return self.state in (self.State.DONE, self.State.STOPPED, self.State.FAILED) and bool(
            self.rows_new or self.rows_changed
        )


class ImportReject(models.Model):
    """A row that was not taken, as it was, and why; or one that was `taken` without a part, and which."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="told")
    sheet = models.CharField(_("sheet"), max_length=60, blank=True, default="")
    line = models.BigIntegerField(_("line"))
    reason = models.CharField(_("reason"), max_length=300)
    original = models.JSONField(default=list)
    taken = models.BooleanField(_("came in all the same"), default=False)

    class Meta:
        verbose_name = _("rejected row")
        verbose_name_plural = _("rejected rows")
        constraints = (
            models.UniqueConstraint(
                fields=("run", "sheet", "line"), condition=models.Q(taken=False), name="import_reject_once"
            ),
        )
        indexes = (models.Index(fields=("run", "taken", "id"), name="import_told"),)

    def __str__(self) -> str:
        return f"{self.line}: {self.reason}"


class ImportMapping(models.Model):
    """Which column meant what, the last time a file with these headings was confirmed."""

    kind = models.CharField(max_length=60)
    signature = models.CharField(max_length=64)
    mapping = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("remembered mapping")
        verbose_name_plural = _("remembered mappings")
        constraints = (models.UniqueConstraint(fields=("kind", "signature"), name="import_mapping_once"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.signature[:8]}"
