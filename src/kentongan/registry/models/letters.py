"""Letters: what a mandate, an official account or a handover rests on."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from kentongan.core.models import StoredFile
from kentongan.registry.models.units import Unit


class Letter(models.Model):
    """A decision letter or instruction of a unit: its number, its date, and the scan where there is one."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="letters")
    number = models.CharField(_("number"), max_length=120)
    dated = models.DateField(_("date"))
    about = models.CharField(_("about"), max_length=300, blank=True)
    file = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("file")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        ordering = ("-dated", "-id")
        constraints = (
            models.UniqueConstraint(fields=("unit", "number", "dated"), name="registry_letter_once"),
            models.CheckConstraint(condition=~models.Q(number=""), name="registry_letter_has_number"),
        )

    def __str__(self) -> str:
        return self.number
