"""What imports of people leave behind: texts that were found to mean a unit, and what each batch brought."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from kentongan.core.models import ImportRun
from kentongan.registry.models.units import Unit


class UnitAlias(models.Model):
    """What a text in lists means, as somebody decided once; for lists that are imported for `scope`."""

    scope = models.ForeignKey(Unit, models.CASCADE, related_name="aliases_decided")
    key = models.CharField(max_length=300)
    text = models.CharField(_("in the list"), max_length=300)
    unit = models.ForeignKey(Unit, models.CASCADE, related_name="aliases", verbose_name=_("unit"))
    decided_at = models.DateTimeField(_("decided"), auto_now=True)

    class Meta:
        verbose_name = _("remembered name of a unit")
        verbose_name_plural = _("remembered names of units")
        constraints = (models.UniqueConstraint(fields=("scope", "key"), name="registry_alias_once"),)

    def __str__(self) -> str:
        return f"{self.text}: {self.unit}"


class ImportStep(models.Model):
    """What one batch of an import brought: ids of rows made, and values changed.

    `met` are the people who were there already and of whom a row spoke, whether it changed something or not.
    `joined` are those with whom somebody whom it brought or changed was merged since: a hand has decided about them.
    A change is `[table, id, column, before, after]` of `person` or `membership`; taken back where it still is `after`.
    `undone` and `left` are people: removed or restored, and those whom taking back did not touch; `left_for` says
    how many of these each room needs, and how many were merged.
    """

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="+")
    start = models.BigIntegerField()
    people = ArrayField(models.BigIntegerField(), default=list)
    memberships = ArrayField(models.BigIntegerField(), default=list)
    accounts = ArrayField(models.BigIntegerField(), default=list)
    met = ArrayField(models.BigIntegerField(), default=list)
    joined = ArrayField(models.BigIntegerField(), default=list)
    changes = models.JSONField(default=list)
    undone_at = models.DateTimeField(null=True)
    undone = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(default=0)
    left_for = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("step of an import")
        verbose_name_plural = _("steps of imports")
        constraints = (models.UniqueConstraint(fields=("run", "start"), name="registry_import_step_once"),)

    def __str__(self) -> str:
        return f"{self.run_id}/{self.start}"
