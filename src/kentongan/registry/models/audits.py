"""Audits of official accounts: what the organisation set, each audit, each result with its evidence."""

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kentongan.core.models import Job, StoredFile
from kentongan.registry.models.accounts import Account
from kentongan.registry.models.units import Unit


class RuleSetting(models.Model):
    """What the organisation changed about a shipped rule: whether it is on, and its days."""

    rule = models.CharField(_("rule"), max_length=40, unique=True)
    enabled = models.BooleanField(_("in use"), default=True)
    days = models.PositiveSmallIntegerField(_("days"), null=True, blank=True)

    class Meta:
        verbose_name = _("rule setting")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(days=None) | models.Q(days__range=(1, 3650)), name="registry_rule_days"
            ),
        )

    def __str__(self) -> str:
        return self.rule


class Audit(models.Model):
    """A look at every official account of a unit and all below it, at one time."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="audits")
    title = models.CharField(_("title"), max_length=120)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("begun"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("audit")
        verbose_name_plural = _("audits")
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Return where its results are."""
        return reverse("registry:audit", args=(self.pk,))


class AuditResult(models.Model):
    """What one rule gave for one account: the verdict, what it rests on, when and by whom."""

    class Verdict(models.TextChoices):
        PASSED = "passed", _("Met")
        FAILED = "failed", _("Not met")
        OPEN = "open", _("To be checked")
        IRRELEVANT = "na", _("Does not apply")

    audit = models.ForeignKey(Audit, models.CASCADE, related_name="results")
    account = models.ForeignKey(Account, models.CASCADE, related_name="audit_results")
    rule = models.CharField(_("rule"), max_length=40)
    verdict = models.CharField(_("verdict"), max_length=6, choices=Verdict.choices)
    evidence = models.CharField(_("evidence"), max_length=500, blank=True)
    link = models.URLField(_("link"), max_length=500, blank=True)
    file = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("screenshot")
    )
    note = models.CharField(_("note"), max_length=500, blank=True)
    checked_at = models.DateTimeField(_("checked"))
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )

    class Meta:
        verbose_name = _("audit result")
        verbose_name_plural = _("audit results")
        indexes = (models.Index(fields=["account", "-checked_at"], name="audit_result_account"),)
        constraints = (
            models.UniqueConstraint(fields=("audit", "account", "rule"), name="registry_audit_result_once"),
            models.CheckConstraint(
                condition=models.Q(verdict__in=["passed", "failed", "open", "na"]), name="registry_audit_verdict"
            ),
        )

    def __str__(self) -> str:
        return f"{self.rule}: {self.get_verdict_display()}"
