"""What is watched for, and what was noticed."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from kentongan.listening import taxonomy
from kentongan.listening.models.issues import Issue
from kentongan.registry import areas
from kentongan.registry.models import Unit


class AlertRule(models.Model):
    """What a unit wants to be told of: talk, or an issue, that grows far beyond the habit of its hour and weekday."""

    class Watches(models.TextChoices):
        ISSUES = "issues", _("Single issues")
        TALK = "talk", _("All talk together")

    class Sensitivity(models.TextChoices):
        CALM = "calm", _("Calm: only what nobody could overlook")
        USUAL = "usual", pgettext_lazy("alert", "Usual")
        KEEN = "keen", _("Keen: rather once too often")

    class State(models.TextChoices):
        ACTIVE = "active", pgettext_lazy("alert", "Active")
        PAUSED = "paused", pgettext_lazy("alert", "Paused")
        ENDED = "ended", pgettext_lazy("alert", "Ended")

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("unit"))
    name = models.CharField(_("name"), max_length=80)
    watches = models.CharField(_("what is watched"), max_length=8, choices=Watches.choices, default=Watches.ISSUES)
    topic = models.CharField(_("topic"), max_length=20, blank=True)
    area_code = models.CharField(_("area"), max_length=13, blank=True)
    complaints_only = models.BooleanField(_("count complaints only"), default=False)
    sensitivity = models.CharField(
        _("sensitivity"), max_length=6, choices=Sensitivity.choices, default=Sensitivity.USUAL
    )
    least = models.PositiveIntegerField(_("from how many posts in an hour"), default=20)
    state = models.CharField(_("state"), max_length=7, choices=State.choices, default=State.ACTIVE)
    readers = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", verbose_name=_("told by e-mail"))
    # Its first look: what is above already is raised then, and told nobody by e-mail.
    begun_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("alert rule")
        verbose_name_plural = _("alert rules")
        constraints = (
            models.UniqueConstraint(
                fields=("unit", "name"), condition=~Q(state="ended"), name="listening_alert_rule_name"
            ),
            models.CheckConstraint(condition=Q(least__gte=3, least__lte=1_000_000), name="listening_alert_rule_least"),
            models.CheckConstraint(
                condition=Q(sensitivity__in=("calm", "usual", "keen"), watches__in=("issues", "talk")),
                name="listening_alert_rule_choices",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def topic_label(self) -> str | Promise:
        """The topic's name, or that it is any."""
        return taxonomy.label(self.topic) if self.topic else _("All topics")

    @property
    def area_label(self) -> str | Promise:
        """The area's name, or that it is any."""
        return areas.get(self.area_code).name if self.area_code else _("All areas")


class Alert(models.Model):
    """What a rule noticed, from when it rose until it has been as usual for a while: one row, however long that is.

    `observed` and `expected` are those of the hour with the highest score; `watches` and `complaints_only` are the
    rule's when it was raised. An issue that loses all its posts is deleted: its alerts stay, without its title.
    """

    rule = models.ForeignKey(AlertRule, models.PROTECT, related_name="alerts")
    watches = models.CharField(max_length=8, choices=AlertRule.Watches.choices, default=AlertRule.Watches.ISSUES)
    complaints_only = models.BooleanField(_("complaints only"), default=False)
    issue = models.ForeignKey(Issue, models.SET_NULL, null=True, related_name="alerts")
    # Of an issue too young for a habit, that is held against its own last day.
    first_at = models.DateTimeField(_("first seen"), null=True)
    raised_at = models.DateTimeField(_("since"))
    above_at = models.DateTimeField(_("last above the habit"))
    ended_at = models.DateTimeField(_("until"), null=True)
    observed = models.PositiveIntegerField(_("posts in the hour"))
    expected = models.FloatField(_("usual"))
    score = models.FloatField(_("score"))
    days = models.PositiveSmallIntegerField(_("days of habit"))
    # When its readers were told by e-mail; None: it is on the screen only.
    told_at = models.DateTimeField(_("told by e-mail"), null=True)
    useful = models.BooleanField(_("was of use"), null=True)
    judged_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    judged_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        indexes = (models.Index(fields=("rule", "-raised_at"), name="listening_alert_rule"),)
        constraints = (
            models.UniqueConstraint(
                fields=("rule", "issue"), condition=Q(ended_at=None), nulls_distinct=False, name="listening_alert_once"
            ),
            models.CheckConstraint(
                condition=Q(useful=None, judged_at=None) | Q(useful__isnull=False, judged_at__isnull=False),
                name="listening_alert_judged",
            ),
            models.CheckConstraint(condition=Q(raised_at__lte=F("above_at")), name="listening_alert_span"),
        )

    def __str__(self) -> str:
        if self.issue is None and self.watches == AlertRule.Watches.ISSUES:
            return gettext("An issue whose posts are gone")
        return str(self.issue or self.rule)

    def get_absolute_url(self) -> str:
        """Return where it is read: the issue's page, or the list."""
        return self.issue.get_absolute_url() if self.issue else reverse("listening:alerts")

    @property
    def audit_label(self) -> str:
        """What the audit log calls it: not by the issue's title, which it would keep when the posts are gone."""
        return self.rule.name

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.ended_at is None

    @property
    def is_new(self) -> bool:
        """Whether it is of something too young to have a habit."""
        return self.first_at is not None

    @property
    def times(self) -> float:
        """How many times the usual it was."""
        return self.observed / max(self.expected, 0.5)
