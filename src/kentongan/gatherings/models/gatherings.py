"""Tables of gatherings: the meeting, who takes part, what was asked and answered, what follows."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kentongan.gatherings.states import GatheringState, ParticipantState


class Gathering(models.Model):
    """A meeting about a theme, often one that grew from an issue."""

    unit = models.ForeignKey("registry.Unit", models.PROTECT, related_name="gatherings", verbose_name=_("unit"))
    issue = models.ForeignKey(
        "listening.Issue", models.SET_NULL, null=True, blank=True, related_name="gatherings", verbose_name=_("issue")
    )
    title = models.CharField(_("theme"), max_length=200)
    aim = models.TextField(_("what we want to reach"), blank=True)
    place = models.CharField(_("place"), max_length=200)
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    state = models.CharField(
        _("state"), max_length=10, choices=GatheringState.choices, default=GatheringState.PLANNED, editable=False
    )
    note = models.TextField(_("note of the meeting"), blank=True)
    follow_up = models.TextField(_("what follows"), blank=True)
    cancel_reason = models.CharField(_("why it is cancelled"), max_length=300, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("author")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    held_at = models.DateTimeField(_("recorded as held"), null=True, editable=False)

    class Meta:
        verbose_name = _("gathering")
        verbose_name_plural = _("gatherings")
        constraints = (
            models.CheckConstraint(condition=~Q(title="") & ~Q(place=""), name="gathering_complete"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="gathering_times"),
            models.CheckConstraint(condition=Q(state__in=GatheringState.values), name="gathering_state"),
            models.CheckConstraint(
                condition=Q(state="held", held_at__isnull=False) | (~Q(state="held") & Q(held_at__isnull=True)),
                name="gathering_held",
            ),
            models.CheckConstraint(condition=~Q(state="cancelled", cancel_reason=""), name="gathering_cancelled_why"),
        )
        indexes = (
            models.Index(fields=("unit", "-starts_at"), name="gathering_unit"),
            models.Index(fields=("starts_at",), name="gathering_coming", condition=Q(state="planned")),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Return the gathering's page."""
        return reverse("gatherings:gathering", args=(self.pk,))

    @property
    def is_planned(self) -> bool:
        """Whether it is still to come, or not yet recorded."""
        return self.state == GatheringState.PLANNED

    @property
    def is_wave(self) -> bool:
        """Whether it is a wave of a training."""
        return hasattr(self, "wave")


class Participant(models.Model):
    """Somebody of the registry, or a guest by name with a note on how they agreed to be listed."""

    gathering = models.ForeignKey(Gathering, models.CASCADE, related_name="participants")
    person = models.ForeignKey(
        "registry.Person",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="participations",
        verbose_name=_("person"),
    )
    unit = models.ForeignKey(
        "registry.Unit", models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("for the unit")
    )
    during = DateTimeRangeField(
        null=True, editable=False, help_text="While they hold a seat in a wave: nobody sits in two at once."
    )
    name = models.CharField(_("guest's name"), max_length=200, blank=True)
    community = models.CharField(_("community or office"), max_length=200, blank=True)
    contact = models.EmailField(_("e-mail"), blank=True)
    consent_note = models.CharField(
        _("how they agreed to be listed"),
        max_length=300,
        blank=True,
        help_text=_("For example: agreed by telephone on 20 November."),
    )
    state = models.CharField(
        _("state"), max_length=10, choices=ParticipantState.choices, default=ParticipantState.LISTED, editable=False
    )
    invited_at = models.DateTimeField(_("invited"), null=True, editable=False)
    answered_at = models.DateTimeField(_("answered"), null=True, editable=False)
    attended_at = models.DateTimeField(_("attended"), null=True, editable=False)
    created_at = models.DateTimeField(_("listed"), auto_now_add=True)

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        constraints = (
            models.CheckConstraint(
                condition=Q(person__isnull=False, name="")
                | (Q(person__isnull=True) & ~Q(name="") & ~Q(consent_note="")),
                name="participant_person_or_guest",
            ),
            models.UniqueConstraint(
                fields=("gathering", "person"), condition=Q(person__isnull=False), name="participant_once"
            ),
            models.CheckConstraint(condition=Q(state__in=ParticipantState.values), name="participant_state"),
            models.CheckConstraint(
                condition=Q(state="attended", attended_at__isnull=False)
                | (~Q(state="attended") & Q(attended_at__isnull=True)),
                name="participant_attended",
            ),
            ExclusionConstraint(
                name="participant_in_one_wave_at_a_time",
                expressions=[("person", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=Q(person__isnull=False, during__isnull=False),
            ),
        )
        indexes = (models.Index(fields=("gathering", "state"), name="participant_list"),)

    personal_fields = frozenset({"name", "contact", "consent_note"})

    def __str__(self) -> str:
        return self.name or (self.person.full_name if self.person else "")

    @property
    def audit_label(self) -> str:
        """What the audit log calls them."""
        return f"#{self.pk}"


class Question(models.Model):
    """What somebody asked, and the answer with the source it rests on."""

    gathering = models.ForeignKey(Gathering, models.CASCADE, related_name="questions")
    text = models.TextField(_("question"))
    asked_by = models.ForeignKey(
        Participant, models.SET_NULL, null=True, blank=True, related_name="questions", verbose_name=_("asked by")
    )
    answer = models.TextField(_("answer"), blank=True)
    source = models.CharField(_("source"), max_length=300, blank=True)
    source_url = models.URLField(_("link to the source"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("asked"), auto_now_add=True)
    answered_at = models.DateTimeField(_("answered"), null=True, editable=False)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(condition=~Q(text=""), name="question_not_empty"),
            models.CheckConstraint(
                condition=Q(answer="", answered_at__isnull=True)
                | (~Q(answer="") & ~Q(source="") & Q(answered_at__isnull=False)),
                name="question_answer_has_source",
            ),
        )

    def __str__(self) -> str:
        return self.text[:80]
