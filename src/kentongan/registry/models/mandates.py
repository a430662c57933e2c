"""Mandates: who must have which accounts by when, on what basis."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kentongan.channels import registry as channels
from kentongan.registry.models.letters import Letter
from kentongan.registry.models.units import Unit


class Mandate(models.Model):
    """An instruction of a unit to its subtree: these units, or the holders of these positions, have these accounts.

    `levels` and `kinds` narrow the units, `titles` (lower case) the positions: those that are one of them or begin
    with its words; empty means all. A person counts once at each unit where they hold such a position. Numbers of an
    ended mandate stay as they were when it ended.
    """

    class Subject(models.TextChoices):
        UNITS = "units", _("Units (their official accounts)")
        PEOPLE = "people", _("People with a position (their own accounts)")

    class Counts(models.TextChoices):
        EXISTS = "exists", _("It is on the list")
        PROVEN = "proven", _("It is proven")
        CONNECTED = "connected", _("It is connected")
        ACTIVE = "active", _("It is proven and has posted lately")

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="mandates")
    name = models.CharField(_("name"), max_length=200)
    subject = models.CharField(_("who"), max_length=6, choices=Subject.choices)
    levels = ArrayField(models.CharField(max_length=10), default=list, blank=True)
    kinds = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    titles = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    platforms = ArrayField(models.CharField(max_length=20))
    counts = models.CharField(_("what counts"), max_length=9, choices=Counts.choices, default=Counts.PROVEN)
    due_on = models.DateField(pgettext_lazy("deadline", "by"))
    letter = models.ForeignKey(Letter, models.SET_NULL, null=True, blank=True, related_name="mandates")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("given"), auto_now_add=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("mandate")
        verbose_name_plural = _("mandates")
        ordering = ("due_on", "id")
        constraints = (
            models.CheckConstraint(condition=models.Q(platforms__len__gt=0), name="registry_mandate_platforms"),
            models.CheckConstraint(condition=~models.Q(name=""), name="registry_mandate_name"),
            models.CheckConstraint(
                condition=models.Q(subject__in=["units", "people"]), name="registry_mandate_subject"
            ),
            models.CheckConstraint(
                condition=models.Q(counts__in=["exists", "proven", "connected", "active"]),
                name="registry_mandate_counts",
            ),
            models.CheckConstraint(
                condition=models.Q(subject="people") | models.Q(titles=[]), name="registry_mandate_titles_of_people"
            ),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the page that shows who keeps it."""
        return reverse("registry:mandate", args=(self.pk,))

    @property
    def platform_labels(self) -> list[tuple[str, str]]:
        """Return (kind, label) of the platforms, as the mandate names them."""
        return [(kind, channels.label(kind)) for kind in self.platforms]

    @property
    def of_people(self) -> bool:
        """Whether it is about people's own accounts."""
        return self.subject == self.Subject.PEOPLE
