"""Tables of safeguards: election rules as dated rows, each with its source and whether somebody verified it."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.core.exceptions import ValidationError
from django.core.validators import MinLengthValidator, RegexValidator
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from kentongan.safeguards.purposes import Purpose

AREA_CODE = RegexValidator(r"^\d\d(\.\d\d){0,2}(\.\d{4})?$", _("An area code looks like 32, 32.16 or 32.16.09."))

LAST_DAY = _("The last day lies before the first one.")


class Sourced(models.Model):
    """A row of law: where it stands written, and whether somebody compared it with the gazetted text."""

    code = models.SlugField(_("code"), max_length=80, unique=True, editable=False)
    source = models.CharField(_("source"), max_length=200)
    article = models.CharField(pgettext_lazy("law", "article"), max_length=120, blank=True)
    url = models.URLField(_("link to the source"), max_length=500, blank=True)
    verified = models.BooleanField(_("verified"), default=False, help_text=_("Compared with the gazetted text."))
    note = models.CharField(_("note"), max_length=500, blank=True)
    edited_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True


class Dated(models.Model):
    """A run of whole days; both days belong to it."""

    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))

    class Meta:
        abstract = True

    def clean(self) -> None:
        """Refuse a run that ends before it starts, at the field where people look."""
        super().clean()
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            raise ValidationError({"ends_on": LAST_DAY})


class Election(Sourced):
    """An election, by the day of its vote."""

    class Kind(models.TextChoices):
        NATIONAL = "national", _("National election")
        REGIONAL = "regional", _("Regional election")

    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    vote_on = models.DateField(_("day of the vote"), null=True, blank=True)

    class Meta:
        verbose_name = _("election")
        verbose_name_plural = _("elections")
        constraints = (
            models.CheckConstraint(condition=Q(kind__in=("national", "regional")), name="election_kind"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(source=""), name="election_named_and_sourced"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def calendar(self) -> "list[tuple[str, Stage | QuietPeriod]]":
        """Its stages and quiet periods by day, each with its kind of row; a quiet stage is told by its periods."""
        stages = [("stage", stage) for stage in self.stages.all() if stage.kind != Stage.Kind.QUIET]
        periods = [("quiet-period", period) for period in self.quiet_periods.all()]
        return sorted([*stages, *periods], key=lambda line: (line[1].starts_on, line[0], line[1].pk))


class Stage(Dated, Sourced):
    """A dated stage of an election; both days belong to it."""

    class Kind(models.TextChoices):
        CAMPAIGN = "campaign", pgettext_lazy("election stage", "Campaign")
        MEDIA = "media", _("Advertising in media")
        QUIET = "quiet", _("Quiet period")
        VOTE = "vote", _("Vote")
        OTHER = "other", _("Other stage")

    election = models.ForeignKey(Election, models.CASCADE, related_name="stages", verbose_name=_("election"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=120)

    class Meta:
        verbose_name = _("stage")
        verbose_name_plural = _("stages")
        ordering = ("starts_on", "id")
        constraints = (
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="stage_days"),
            models.CheckConstraint(
                condition=Q(kind__in=("campaign", "media", "quiet", "vote", "other")), name="stage_kind"
            ),
            models.CheckConstraint(condition=~Q(name="") & ~Q(source=""), name="stage_named_and_sourced"),
        )

    def __str__(self) -> str:
        return f"{self.name}, {self.election.name}"


class QuietPeriod(Dated, Sourced):
    """Days in which campaigning is forbidden, from the first midnight to the last in each unit's own zone.

    `area_code` is the area where it holds, with everything below it; empty is the whole country. `active` is the
    administrator's switch: an inactive row is shown and holds nothing.
    """

    election = models.ForeignKey(Election, models.CASCADE, related_name="quiet_periods", verbose_name=_("election"))
    name = models.CharField(_("name"), max_length=120)
    area_code = models.CharField(
        _("area"), max_length=13, blank=True, validators=[AREA_CODE], help_text=_("Empty: the whole country.")
    )
    active = models.BooleanField(_("in force"), default=True)

    class Meta:
        verbose_name = _("quiet period")
        verbose_name_plural = _("quiet periods")
        ordering = ("starts_on", "id")
        constraints = (
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="quiet_days"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(source=""), name="quiet_named_and_sourced"),
            ExclusionConstraint(
                name="quiet_no_overlap",
                expressions=[
                    ("election", RangeOperators.EQUAL),
                    ("area_code", RangeOperators.EQUAL),
                    (
                        Func(
                            F("starts_on"),
                            F("ends_on"),
                            RangeBoundary(inclusive_lower=True, inclusive_upper=True),
                            function="daterange",
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message=_("Another quiet period of this election holds on some of these days there."),
            ),
        )
        indexes = (models.Index(fields=("ends_on", "starts_on"), name="quiet_dates", condition=Q(active=True)),)

    def __str__(self) -> str:
        return f"{self.name}, {self.election.name}"


class AccountCap(Sourced):
    """How many campaign accounts a participant of an election may register, and what they must do with them."""

    class Counting(models.TextChoices):
        PER_APPLICATION = "per_application", _("for each application")
        ALL_TOGETHER = "all_together", _("all applications together")

    election = models.ForeignKey(Election, models.CASCADE, related_name="account_caps", verbose_name=_("election"))
    participant = models.CharField(_("participant"), max_length=120, blank=True)
    limit = models.PositiveIntegerField(_("accounts allowed"))
    counting = models.CharField(_("counted"), max_length=20, choices=Counting.choices)
    register_by = models.CharField(_("register by"), max_length=120, blank=True)
    register_days_before = models.PositiveSmallIntegerField(_("days before the campaign"), null=True, blank=True)
    form = models.CharField(_("form"), max_length=80, blank=True)
    copies_to = models.CharField(_("copies to"), max_length=120, blank=True)
    close_rule = models.CharField(_("close the accounts"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("account cap")
        verbose_name_plural = _("account caps")
        ordering = ("-election__vote_on", "id")
        constraints = (
            models.CheckConstraint(condition=Q(limit__gt=0), name="cap_positive"),
            models.CheckConstraint(condition=Q(counting__in=("per_application", "all_together")), name="cap_counting"),
            models.UniqueConstraint(fields=("election", "participant"), name="cap_participant"),
        )

    def __str__(self) -> str:
        return f"{self.limit} ({self.election.name})"


class ContentRule(Sourced):
    """One thing that content must not do: a line of the checklist at approval, for one purpose."""

    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose.choices)
    position = models.PositiveSmallIntegerField(pgettext_lazy("order", "position"))
    text_id = models.CharField(_("text in Indonesian"), max_length=300)
    text_en = models.CharField(_("text in English"), max_length=300)
    active = models.BooleanField(_("in force"), default=True)

    class Meta:
        verbose_name = _("content rule")
        verbose_name_plural = _("content rules")
        ordering = ("purpose", "position")
        constraints = (models.CheckConstraint(condition=Q(purpose__in=Purpose.values), name="content_rule_purpose"),)

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """The line in the language of the screen."""
        return self.text_en if (get_language() or "id").startswith("en") else self.text_id


class Release(models.Model):
    """A named person let one held thing go out, for a reason; never changed afterwards."""

    at = models.DateTimeField(_("at"), auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    unit_id = models.BigIntegerField(_("unit"))
    subject = models.CharField(_("what"), max_length=200)
    reason = models.TextField(_("reason"), validators=[MinLengthValidator(15)])
    period = models.ForeignKey(QuietPeriod, models.PROTECT, null=True, related_name="releases")

    class Meta:
        verbose_name = _("release")
        verbose_name_plural = _("releases")
        ordering = ("-id",)
        constraints = (models.CheckConstraint(condition=Q(reason__regex=r"\S.{13,}\S"), name="release_has_reason"),)

    def __str__(self) -> str:
        return self.subject
