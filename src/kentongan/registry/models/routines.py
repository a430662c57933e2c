"""Routine checks: a superior signs off the accounts of each unit right below, again and again."""

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kentongan.core import clock
from kentongan.registry.models.units import Unit


class Routine(models.Model):
    """How often the accounts below a unit are looked at, by which rules, and when a late check rises a level."""

    unit = models.OneToOneField(Unit, models.PROTECT, related_name="routine")
    every_days = models.PositiveSmallIntegerField(_("every … days"), default=30)
    rises_days = models.PositiveSmallIntegerField(_("rises a level every … days"), default=7)
    rules = models.JSONField(_("rules"), default=list)
    starts_on = models.DateField(_("first check due"))
    stopped_at = models.DateTimeField(_("stopped"), null=True, blank=True)

    class Meta:
        verbose_name = _("routine")
        verbose_name_plural = _("routines")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(every_days__range=(1, 730), rises_days__range=(1, 365)), name="registry_routine_days"
            ),
        )

    def __str__(self) -> str:
        return str(self.unit)


class SignOff(models.Model):
    """One check of one unit's accounts: due, risen to `responsible` when late, signed off by a superior."""

    routine = models.ForeignKey(Routine, models.CASCADE, related_name="sign_offs")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="sign_offs")
    responsible = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("responsible"))
    due_on = models.DateField(_("due"))
    level = models.PositiveSmallIntegerField(_("levels risen"), default=0)
    told_level = models.SmallIntegerField(default=-1)
    signed_at = models.DateTimeField(_("signed off"), null=True, blank=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    remarks = models.CharField(_("remarks"), max_length=1000, blank=True)
    findings = models.JSONField(_("findings"), default=dict)

    class Meta:
        verbose_name = _("routine check")
        verbose_name_plural = _("routine checks")
        ordering = ("due_on", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("routine", "unit"), condition=models.Q(signed_at=None), name="registry_sign_off_open_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.unit} · {self.due_on}"

    def get_absolute_url(self) -> str:
        """Return where it is signed off."""
        return reverse("registry:sign_off", args=(self.pk,))

    @property
    def is_late(self) -> bool:
        """Whether its day is over and nobody has signed it off."""
        return self.signed_at is None and self.due_on < clock.now().date()
