"""How the tree changed: what was moved, merged, split, renamed, closed; and the codes and names of before."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from kentongan.registry.models.units import Unit


class UnitChange(models.Model):
    """One change of the tree, kept in steps so that it can be undone.

    A step is `[table, ids, column, before, after]`: the rows of `table` (`unit`, `membership`, `account`, `contact`,
    `grant`) whose `column` went from `before` to `after`.
    """

    class Kind(models.TextChoices):
        RENAME = "rename", _("Renamed")
        MOVE = "move", _("Moved")
        MERGE = "merge", _("Merged")
        SPLIT = "split", _("Split")
        CLOSE = "close", _("Closed")

    kind = models.CharField(_("change"), max_length=8, choices=Kind.choices)
    unit = models.ForeignKey(Unit, models.CASCADE, related_name="changes")
    other = models.ForeignKey(Unit, models.CASCADE, null=True, related_name="changes_of_others")
    basis = models.CharField(_("basis"), max_length=200, blank=True, help_text=_("The law or letter, with its date."))
    before = models.CharField(_("before"), max_length=300, blank=True)
    after = models.CharField(_("after"), max_length=300, blank=True)
    steps = models.JSONField(default=list)
    made_at = models.DateTimeField(_("made"), auto_now_add=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    undone_at = models.DateTimeField(_("undone"), null=True)

    class Meta:
        verbose_name = _("change of a unit")
        verbose_name_plural = _("changes of units")
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(kind__in=["rename", "move", "merge", "split", "close"]), name="registry_change_kind"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.unit}"


class FormerName(models.Model):
    """A code and name that a unit had: it stays findable, and imports of old lists still meet it."""

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="former_names")
    change = models.ForeignKey(UnitChange, models.CASCADE, related_name="former_names")
    code = models.CharField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=200)

    class Meta:
        verbose_name = _("former name")
        verbose_name_plural = _("former names")
        indexes = (
            models.Index(fields=["code"], name="former_code"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="former_name_trgm"),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"
