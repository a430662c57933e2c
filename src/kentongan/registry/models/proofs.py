"""Proof of control: the code that a profile is to show, what a superior attested, and two claims to one account."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kentongan.core import clock
from kentongan.core.models import StoredFile
from kentongan.registry.models.accounts import Account


class Challenge(models.Model):
    """The code that the profile of one account is to show; a new code takes the place of the former."""

    class Finding(models.TextChoices):
        """What the last look at the profile found."""

        FOUND = "found", _("The code is there")
        NOT_YET = "not_yet", _("The profile does not show the code yet")
        UNREACHABLE = "unreachable", _("The platform did not answer")
        LIMITED = "limited", _("The platform was asked too often")
        ABSENT = "absent", _("The platform knows no such account")
        HELD = "held", _("The code is there, and somebody else holds the account")

    account = models.OneToOneField(Account, models.CASCADE, related_name="challenge")
    code = models.CharField(_("code"), max_length=16, unique=True)
    issued_at = models.DateTimeField(_("issued"), default=clock.now)
    expires_at = models.DateTimeField(_("expires"))
    checked_at = models.DateTimeField(_("last checked"), null=True)
    finding = models.CharField(_("finding"), max_length=11, choices=Finding.choices, blank=True)
    said = models.CharField(_("what the platform said"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("proof by code")
        verbose_name_plural = _("proofs by code")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("issued_at")), name="registry_challenge_ends_later"
            ),
            models.CheckConstraint(
                condition=models.Q(finding="") | models.Q(checked_at__isnull=False),
                name="registry_finding_has_its_time",
            ),
        )

    def __str__(self) -> str:
        return str(self.account)

    @property
    def is_over(self) -> bool:
        """Whether its time is over."""
        return self.expires_at <= clock.now()


class Attestation(models.Model):
    """A superior's word that an account is who it says it is, with the evidence they saw."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="attestations")
    attested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("attested by")
    )
    attested_at = models.DateTimeField(_("attested"), default=clock.now)
    file = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("screenshot")
    )
    link = models.URLField(_("link"), max_length=500, blank=True)
    note = models.CharField(_("what was seen"), max_length=500)

    class Meta:
        verbose_name = _("attestation")
        verbose_name_plural = _("attestations")
        ordering = ("-attested_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(file__isnull=False) | ~models.Q(link=""), name="registry_attestation_has_evidence"
            ),
            models.CheckConstraint(condition=~models.Q(note=""), name="registry_attestation_says_what"),
        )

    def __str__(self) -> str:
        return str(self.account)


class Dispute(models.Model):
    """Two who both proved one account: `holder` first, `claimant` later; an administrator above both decides."""

    class Outcome(models.TextChoices):
        KEPT = "kept", _("The first holder keeps it")
        MOVED = "moved", _("It goes to the later one")

    claimant = models.ForeignKey(Account, models.CASCADE, related_name="disputes")
    holder = models.ForeignKey(Account, models.CASCADE, related_name="disputed")
    proof = models.CharField(_("proven by"), max_length=8, choices=Account.Proof.choices)
    raised_at = models.DateTimeField(_("raised"), default=clock.now)
    resolved_at = models.DateTimeField(_("decided"), null=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("decided by")
    )
    outcome = models.CharField(pgettext_lazy("dispute", "outcome"), max_length=5, choices=Outcome.choices, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("two claims to one account")
        verbose_name_plural = _("two claims to one account")
        ordering = ("-raised_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("claimant", "holder"), condition=models.Q(resolved_at=None), name="registry_dispute_once"
            ),
            models.CheckConstraint(
                condition=models.Q(resolved_at=None, outcome="")
                | (models.Q(resolved_at__isnull=False) & ~models.Q(outcome="") & ~models.Q(reason="")),
                name="registry_dispute_decided_with_reason",
            ),
            models.CheckConstraint(
                condition=~models.Q(claimant=models.F("holder")), name="registry_dispute_between_two"
            ),
        )

    def __str__(self) -> str:
        return str(self.claimant)

    @property
    def audit_label(self) -> str:
        """What the audit log calls it."""
        return self.claimant.audit_label
