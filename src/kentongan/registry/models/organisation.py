"""The one organisation of this installation."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from kentongan.core.clock import Zone


class Organisation(models.Model):
    """Whose installation this is; its kind decides which features exist at all."""

    class Kind(models.TextChoices):
        PARTY = "party", _("Political party")
        COMMISSION = "commission", _("Election commission")
        MINISTRY = "ministry", _("Ministry or task force")
        REGENCY = "regency", _("Regency or city office")

    name = models.CharField(_("name"), max_length=200)
    short_name = models.CharField(_("short name"), max_length=60)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    area_code = models.CharField(_("area code"), max_length=13, blank=True)
    timezone = models.CharField(_("time zone"), max_length=40, choices=Zone.choices, default=Zone.WIB)
    counted_on = models.DateField(_("terms counted on"), null=True, editable=False)
    simulated = models.BooleanField(_("holds simulated data"), default=False)

    class Meta:
        verbose_name = _("organisation")
        constraints = (
            models.CheckConstraint(condition=models.Q(pk=1), name="registry_one_organisation"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["party", "commission", "ministry", "regency"]),
                name="registry_organisation_kind",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def neutral(self) -> bool:
        """Whether the law keeps it neutral: then it has no campaign features at all."""
        return self.kind != self.Kind.PARTY
