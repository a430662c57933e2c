"""Counters of the tree: what each unit holds itself, and with all below it. See `registry.counting`."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from kentongan.registry.ltree import LtreeField
from kentongan.registry.models.mandates import Mandate

COMPLETE = ""


class Tally(models.Model):
    """So many of something at a unit (`own_*`), and with all below it; `done` of `total`.

    Without a mandate `of` is what the registry holds: `units` (open ones), `people` (positions; done: confirmed),
    `official` (accounts; done: proven), `organic` (members' own that they consented to list; done: proven).
    With one it is a platform, or `COMPLETE`: those who must have accounts; done: those who have them all.
    No foreign key to the unit: what a deleted unit counted has still to be taken off those above it.
    """

    unit_id = models.BigIntegerField()
    mandate = models.ForeignKey(Mandate, models.CASCADE, null=True, related_name="tallies")
    of = models.CharField(max_length=20)
    path = LtreeField()
    own_total = models.IntegerField(default=0)
    own_done = models.IntegerField(default=0)
    total = models.IntegerField(default=0)
    done = models.IntegerField(default=0)

    class Meta:
        verbose_name = _("tally")
        verbose_name_plural = _("tallies")
        constraints = (
            models.UniqueConstraint(
                fields=("unit_id", "mandate", "of"), nulls_distinct=False, name="registry_tally_once"
            ),
            models.CheckConstraint(
                condition=models.Q(own_total__gte=models.F("own_done"), own_done__gte=0), name="registry_tally_own"
            ),
            models.CheckConstraint(
                condition=models.Q(total__gte=models.F("done"), done__gte=0), name="registry_tally_sum"
            ),
        )

    def __str__(self) -> str:
        return f"{self.of or '*'} @ {self.unit_id}: {self.done}/{self.total}"


class TallyDay(models.Model):
    """What a mandate's tally was at the end of a day on which it changed."""

    unit_id = models.BigIntegerField()
    mandate = models.ForeignKey(Mandate, models.CASCADE, related_name="days")
    of = models.CharField(max_length=20)
    day = models.DateField()
    total = models.IntegerField()
    done = models.IntegerField()

    class Meta:
        verbose_name = _("tally of a day")
        verbose_name_plural = _("tallies of days")
        constraints = (
            models.UniqueConstraint(fields=("unit_id", "mandate", "of", "day"), name="registry_tally_day_once"),
        )

    def __str__(self) -> str:
        return f"{self.of or '*'} @ {self.unit_id}, {self.day}: {self.done}/{self.total}"


class Recount(models.Model):
    """A unit whose own numbers may have changed; written by the database's triggers, read by the fold."""

    unit_id = models.BigIntegerField()
    marked_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("recount")
        verbose_name_plural = _("recounts")

    def __str__(self) -> str:
        return str(self.unit_id)
