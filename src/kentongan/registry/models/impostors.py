"""Accounts that pretend to be ours: one case for each, however often it is reported."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from kentongan.channels import registry as channels
from kentongan.core.ids import public_id
from kentongan.core.models import StoredFile
from kentongan.core.secrets import EncryptedTextField
from kentongan.registry.models.accounts import Account
from kentongan.registry.models.units import Unit


class ImpostorCase(models.Model):
    """All that is known about one account that was reported; confirmed, the public is warned of it."""

    class State(models.TextChoices):
        NEW = "new", _("New")
        LOOKING = "looking", _("Being looked at")
        CONFIRMED = "impostor", _("Impostor, confirmed")
        GENUINE = "genuine", _("Genuine")
        NOT_OURS = "not_ours", _("Does not imitate us")
        DUPLICATE = "duplicate", _("Same as another case")

    OPEN = (State.NEW, State.LOOKING)

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="impostor_cases")
    imitates = models.ForeignKey(
        Account, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("imitates")
    )
    platform = models.CharField(_("platform"), max_length=20)
    handle = models.CharField(_("handle"), max_length=200)
    identity = models.CharField(_("identity"), max_length=260)
    url = models.URLField(_("address"), max_length=500, blank=True)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.NEW)
    same_as = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="duplicates")
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    opened_at = models.DateTimeField(_("first reported"))

    class Meta:
        verbose_name = _("case of an impostor")
        verbose_name_plural = _("cases of impostors")
        ordering = ("-opened_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("platform", "identity"), name="registry_impostor_case_once"),
            models.CheckConstraint(condition=~models.Q(identity=""), name="registry_impostor_identity"),
            models.CheckConstraint(
                condition=models.Q(state="duplicate", same_as__isnull=False)
                | (~models.Q(state="duplicate") & models.Q(same_as=None)),
                name="registry_impostor_same_as",
            ),
            models.CheckConstraint(condition=~models.Q(same_as=models.F("id")), name="registry_impostor_not_itself"),
            models.CheckConstraint(
                condition=models.Q(state="new") | (models.Q(decided_at__isnull=False)),
                name="registry_impostor_decided_when",
            ),
        )

    def __str__(self) -> str:
        return f"{self.handle} ({channels.label(self.platform)})"


class ImpostorReport(models.Model):
    """What one person told about an account; how to reach them is encrypted and kept for a while only."""

    case = models.ForeignKey(ImpostorCase, models.CASCADE, related_name="reports")
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=public_id, editable=False)
    pasted = models.CharField(_("as it was given"), max_length=1000)
    what = models.TextField(_("what happened"), blank=True)
    contact = EncryptedTextField(_("e-mail of the reporter"), null=True)
    consent = models.TextField(_("text that was agreed to"), blank=True)
    screenshot = models.ForeignKey(StoredFile, models.PROTECT, null=True, blank=True, related_name="+")
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    reported_at = models.DateTimeField(_("reported"))
    told_at = models.DateTimeField(_("administrators told"), null=True)

    class Meta:
        verbose_name = _("report of an impostor")
        verbose_name_plural = _("reports of impostors")
        ordering = ("reported_at", "id")
        indexes = (
            models.Index(fields=["told_at"], condition=models.Q(told_at=None), name="impostor_report_untold"),
            models.Index(fields=["reported_at"], name="impostor_report_day"),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(contact__isnull=True) | ~models.Q(consent=""), name="registry_contact_with_consent"
            ),
        )

    def __str__(self) -> str:
        return self.reference
