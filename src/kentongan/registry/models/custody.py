"""Who keeps an official account: handovers from one custodian to the next, and alarms where too few are left."""

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kentongan.registry.models.accounts import Account
from kentongan.registry.models.letters import Letter
from kentongan.registry.models.people import Person

CHECKS = ("password_changed", "recovery_changed", "second_factor_moved")


class Handover(models.Model):
    """The keys of an account pass from `giver` to `receiver`; the seat is the receiver's once all is checked off."""

    class Reason(models.TextChoices):
        TERM = "term", _("Their term ends")
        LEFT = "left", _("They serve here no longer")
        REPLACED = "replaced", _("Somebody else takes over")

    account = models.ForeignKey(Account, models.CASCADE, related_name="handovers")
    giver = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+", verbose_name=_("from"))
    receiver = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("to"))
    reason = models.CharField(_("reason"), max_length=8, choices=Reason.choices)
    due_on = models.DateField(_("due"))
    password_changed = models.BooleanField(_("The password was changed"), default=False)
    recovery_changed = models.BooleanField(_("Recovery e-mail and phone were changed"), default=False)
    second_factor_moved = models.BooleanField(_("The second factor was moved, or there is none"), default=False)
    letter = models.ForeignKey(Letter, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("confirmed by"),
    )
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)

    class Meta:
        verbose_name = _("handover")
        verbose_name_plural = _("handovers")
        ordering = ("due_on", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("account", "giver"),
                condition=models.Q(done_at=None, cancelled_at=None),
                name="registry_handover_open_once",
            ),
            models.CheckConstraint(
                condition=models.Q(done_at=None) | models.Q(cancelled_at=None), name="registry_handover_one_end"
            ),
            models.CheckConstraint(
                condition=models.Q(done_at=None) | models.Q(**dict.fromkeys(CHECKS, True)),
                name="registry_handover_all_checked",
            ),
        )

    def __str__(self) -> str:
        return str(self.account)

    def get_absolute_url(self) -> str:
        """Return where it is checked off."""
        return reverse("registry:handover", args=(self.pk,))

    @property
    def is_open(self) -> bool:
        """Whether it still waits."""
        return self.done_at is None and self.cancelled_at is None


class CustodyAlarm(models.Model):
    """Something is wrong with who keeps an account; told once, cleared when it is right again."""

    class Kind(models.TextChoices):
        NONE = "none", _("No custodian is left")
        ONE = "one", _("One custodian is left")
        TERM = "term", _("A custodian's term ends soon")

    account = models.ForeignKey(Account, models.CASCADE, related_name="alarms")
    kind = models.CharField(_("kind"), max_length=4, choices=Kind.choices)
    raised_at = models.DateTimeField(_("raised"))
    told_at = models.DateTimeField(_("told"), null=True, blank=True)
    cleared_at = models.DateTimeField(_("cleared"), null=True, blank=True)

    class Meta:
        verbose_name = _("custody alarm")
        verbose_name_plural = _("custody alarms")
        indexes = (models.Index(fields=["told_at"], condition=models.Q(told_at=None), name="custody_alarm_untold"),)
        constraints = (
            models.UniqueConstraint(
                fields=("account", "kind"), condition=models.Q(cleared_at=None), name="registry_custody_alarm_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.account}: {self.get_kind_display()}"
