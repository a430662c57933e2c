"""Requests to share, and what each invited person did with theirs."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kentongan.core import clock
from kentongan.missions.states import InvitationState, MissionState
from kentongan.safeguards.purposes import Purpose

STARTER_LENGTH = 120


class Mission(models.Model):
    """Material that people who agreed to be asked may share from their own account, in their own words."""

    unit = models.ForeignKey("registry.Unit", models.PROTECT, related_name="missions", verbose_name=_("from"))
    scope = models.ForeignKey("registry.Unit", models.PROTECT, related_name="+", verbose_name=_("to all under"))
    title_filter = models.CharField(
        _("only people with this title"),
        max_length=100,
        blank=True,
        help_text=_("For example: Ketua. Empty means everybody."),
    )
    title = models.CharField(_("title"), max_length=120, help_text=_("What you ask for, in one line."))
    text = models.TextField(
        _("what it is about"),
        help_text=_("Two or three sentences with the facts. People do not copy this; they tell it in their own words."),
    )
    image = models.ForeignKey(
        "core.StoredFile", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("picture")
    )
    image_alt = models.CharField(_("description of the picture"), max_length=500, blank=True)
    item = models.ForeignKey(
        "planning.ContentItem",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="missions",
        verbose_name=_("content"),
    )
    link = models.URLField(_("link to share"), max_length=500, blank=True)
    starters = ArrayField(
        models.CharField(max_length=STARTER_LENGTH), verbose_name=_("ways to begin"), default=list, blank=True
    )
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose.choices, default=Purpose.SERVICE)
    closes_at = models.DateTimeField(_("closes"))
    state = models.CharField(
        _("state"), max_length=8, choices=MissionState.choices, default=MissionState.DRAFT, editable=False
    )
    form_key = models.UUIDField(_("form"), unique=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("author")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    opened_at = models.DateTimeField(_("opened"), null=True, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)
    close_reason = models.CharField(_("reason"), max_length=300, blank=True, editable=False)

    class Meta:
        verbose_name = _("share mission")
        verbose_name_plural = _("share missions")
        constraints = (
            models.CheckConstraint(condition=~Q(title="") & ~Q(text=""), name="mission_complete"),
            models.CheckConstraint(condition=Q(state__in=MissionState.values), name="mission_state"),
            models.CheckConstraint(condition=Q(purpose__in=Purpose.values), name="mission_purpose"),
            models.CheckConstraint(condition=Q(image__isnull=True) | ~Q(image_alt=""), name="mission_image_described"),
            models.CheckConstraint(
                condition=~Q(state="open") | Q(opened_at__isnull=False, closed_at__isnull=True), name="mission_open"
            ),
            models.CheckConstraint(condition=~Q(state="closed") | Q(closed_at__isnull=False), name="mission_closed"),
        )
        indexes = (
            models.Index(fields=("unit", "state", "-id"), name="mission_unit"),
            models.Index(fields=("closes_at",), name="mission_due", condition=Q(state="open")),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Return the address of the board."""
        return reverse("missions:mission", args=(self.pk,))

    @property
    def is_open(self) -> bool:
        """Whether the page still helps to share: open, and its time not over."""
        return self.state == MissionState.OPEN and self.closes_at > clock.now()


class MissionInvitation(models.Model):
    """One person's invitation. Erasing empties it: neither the person nor their words stay, only that one was invited.

    `caption_digest` is of the normalised caption; its uniqueness within a mission refuses a text that somebody else
    already has, even when both are sent in the same instant. `similarity` is 0 to 1 against the starters and the
    other captions at the time of sharing; None means not measured.
    """

    mission = models.ForeignKey(Mission, models.CASCADE, related_name="invitations")
    unit = models.ForeignKey("registry.Unit", models.PROTECT, related_name="+", verbose_name=_("unit"))
    person = models.ForeignKey(
        "registry.Person", models.CASCADE, null=True, related_name="invitations", verbose_name=_("person")
    )
    state = models.CharField(
        _("state"),
        max_length=8,
        choices=InvitationState.choices,
        default=InvitationState.INVITED,
        db_default=InvitationState.INVITED,
    )
    caption = models.TextField(_("own words"), blank=True, db_default="")
    caption_digest = models.CharField(max_length=64, blank=True, db_default="", editable=False)
    similarity = models.FloatField(_("likeness"), null=True)
    via = models.CharField(_("shared by"), max_length=20, blank=True, db_default="")
    proof_link = models.URLField(_("link to the post"), max_length=500, blank=True, db_default="")
    invited_at = models.DateTimeField(pgettext_lazy("person", "asked"), db_default=models.functions.Now())
    opened_at = models.DateTimeField(_("opened"), null=True)
    worded_at = models.DateTimeField(_("worded"), null=True)
    shared_at = models.DateTimeField(_("shared"), null=True)
    declined_at = models.DateTimeField(_("declined"), null=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = (
            models.UniqueConstraint(
                fields=("mission", "person"), condition=Q(person__isnull=False), name="invitation_once"
            ),
            models.UniqueConstraint(
                fields=("mission", "caption_digest"), condition=~Q(caption_digest=""), name="caption_never_twice"
            ),
            models.CheckConstraint(condition=Q(state__in=InvitationState.values), name="invitation_state"),
            models.CheckConstraint(
                condition=(Q(caption="") & Q(caption_digest="")) | (~Q(caption="") & ~Q(caption_digest="")),
                name="invitation_caption_digest",
            ),
            models.CheckConstraint(
                condition=~Q(state="erased")
                | Q(
                    person__isnull=True,
                    caption="",
                    proof_link="",
                    via="",
                    opened_at__isnull=True,
                    worded_at__isnull=True,
                    shared_at__isnull=True,
                    declined_at__isnull=True,
                ),
                name="invitation_erased_is_empty",
            ),
            models.CheckConstraint(condition=~Q(person__isnull=True) | Q(state="erased"), name="invitation_has_person"),
            models.CheckConstraint(
                condition=Q(similarity__isnull=True) | Q(similarity__gte=0, similarity__lte=1),
                name="invitation_similarity",
            ),
        )
        indexes = (
            models.Index(fields=("mission", "state", "unit"), name="invitation_board"),
            models.Index(fields=("person", "-id"), name="invitation_person", condition=Q(person__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.mission_id}/{self.person_id or '-'}"
