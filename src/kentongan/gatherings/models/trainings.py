"""Tables of training: a series, its waves (each a gathering), and what each participant came out with."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kentongan.gatherings.models.gatherings import Gathering, Participant
from kentongan.registry.models import Unit

MOST_PER_UNIT = 50
MOST_SEATS = 5000


class Training(models.Model):
    """A series that `unit` gives to itself and the units below it, until each has enough trained people."""

    class Wanted(models.TextChoices):
        """Who is to be trained at a unit."""

        CUSTODIANS = "custodians", _("Who keeps its official accounts")
        POSITION = "position", _("People with a certain position")
        ANYBODY = "anybody", _("Anybody of the unit")

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="trainings", verbose_name=_("unit"))
    title = models.CharField(_("title"), max_length=160)
    teaches = models.TextField(_("what it teaches"))
    wanted = models.CharField(_("who is trained"), max_length=10, choices=Wanted.choices, default=Wanted.CUSTODIANS)
    position = models.CharField(_("position"), max_length=120, blank=True)
    levels = ArrayField(
        models.CharField(max_length=10, choices=Unit.Level.choices), verbose_name=_("levels"), default=list, blank=True
    )
    per_unit = models.PositiveSmallIntegerField(
        _("trained people a unit needs"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_PER_UNIT)],
    )
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("author")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("training")
        verbose_name_plural = _("trainings")
        constraints = (
            models.CheckConstraint(condition=~Q(title="") & ~Q(teaches=""), name="training_complete"),
            models.CheckConstraint(
                condition=Q(per_unit__gte=1, per_unit__lte=MOST_PER_UNIT), name="training_needs_somebody"
            ),
            models.CheckConstraint(
                condition=Q(wanted__in=["custodians", "anybody"], position="")
                | (Q(wanted="position") & ~Q(position="")),
                name="training_position",
            ),
        )
        indexes = (models.Index(fields=("unit", "-created_at"), name="training_unit"),)

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Return the training's page."""
        return reverse("gatherings:training", args=(self.pk,))


class Wave(models.Model):
    """One run of a training for some groups of units; when, where and who comes is its gathering's."""

    gathering = models.OneToOneField(Gathering, models.CASCADE, primary_key=True, related_name="wave")
    training = models.ForeignKey(Training, models.PROTECT, related_name="waves", verbose_name=_("training"))
    number = models.PositiveSmallIntegerField(_("wave"))
    capacity = models.PositiveSmallIntegerField(
        _("seats"), validators=[MinValueValidator(1), MaxValueValidator(MOST_SEATS)]
    )
    seats_per_unit = models.PositiveSmallIntegerField(
        _("seats a unit has"), validators=[MinValueValidator(1), MaxValueValidator(MOST_PER_UNIT)]
    )
    link = models.URLField(_("link of the meeting"), max_length=500, blank=True)
    groups = models.ManyToManyField(Unit, related_name="+", verbose_name=_("groups of units"))

    class Meta:
        verbose_name = _("wave")
        verbose_name_plural = _("waves")
        constraints = (
            models.UniqueConstraint(fields=("training", "number"), name="wave_number_once"),
            models.CheckConstraint(condition=Q(capacity__gte=1, capacity__lte=MOST_SEATS), name="wave_has_seats"),
            models.CheckConstraint(
                condition=Q(seats_per_unit__gte=1, seats_per_unit__lte=MOST_PER_UNIT), name="wave_seats_of_a_unit"
            ),
        )

    def __str__(self) -> str:
        return str(self.gathering)


class Result(models.Model):
    """What somebody who attended a wave came out with."""

    participant = models.OneToOneField(Participant, models.CASCADE, primary_key=True, related_name="result")
    training = models.ForeignKey(Training, models.PROTECT, related_name="results", editable=False)
    passed = models.BooleanField(_("passed"))
    score = models.DecimalField(_("score"), max_digits=5, decimal_places=2, null=True, blank=True)
    certificate = models.CharField(_("number of the certificate"), max_length=60, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    recorded_at = models.DateTimeField(_("recorded"))

    class Meta:
        verbose_name = _("result")
        verbose_name_plural = _("results")
        constraints = (
            models.UniqueConstraint(
                fields=("training", "certificate"), condition=~Q(certificate=""), name="result_certificate_once"
            ),
            models.CheckConstraint(
                condition=Q(score=None) | Q(score__gte=0, score__lte=100), name="result_score_of_a_hundred"
            ),
            models.CheckConstraint(condition=Q(passed=True) | Q(certificate=""), name="result_certificate_of_passed"),
        )

    def __str__(self) -> str:
        return str(_("Passed")) if self.passed else str(_("Not passed"))
