"""How often somebody tried something lately."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Tries(models.Model):
    """A count that ends by itself; `key` is a keyed hash, so that nobody can tell whose it is."""

    key = models.CharField(primary_key=True, max_length=60)
    hits = models.PositiveIntegerField(_("tries"))
    ends_at = models.DateTimeField(_("counted until"), db_index=True)

    class Meta:
        verbose_name = _("count of tries")
        verbose_name_plural = _("counts of tries")

    def __str__(self) -> str:
        return self.key
