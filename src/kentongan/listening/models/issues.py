"""Issues and their counts."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kentongan.listening import taxonomy
from kentongan.registry import areas
from kentongan.registry.models import Unit

# From this probability on a post counts as a complaint.
COMPLAINT = 0.5


class Issue(models.Model):
    """A group of posts about one happening or grievance."""

    class State(models.TextChoices):
        OPEN = "open", _("Not handled")
        HANDLED = "handled", _("Being handled")
        CLOSED = "closed", _("Closed")

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="issues")
    title = models.CharField(_("title"), max_length=160)
    titled_by_person = models.BooleanField(default=False)
    topic = models.CharField(_("topic"), max_length=20, blank=True)
    topics = models.JSONField(default=dict)
    terms = models.JSONField(_("key terms"), default=list)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    handler = models.ForeignKey(
        Unit, models.SET_NULL, null=True, blank=True, related_name="handled_issues", verbose_name=_("handled by")
    )
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged_from")
    first_at = models.DateTimeField(_("first post"))
    last_at = models.DateTimeField(_("latest post"))
    posts = models.IntegerField(_("posts"), default=0)
    complaints = models.IntegerField(_("complaints"), default=0)
    judged = models.IntegerField(_("posts that could be judged"), default=0)
    reposts = models.IntegerField(_("reposts"), default=0)
    authors = models.IntegerField(_("authors"), default=0)
    author_sketch = models.BinaryField(default=bytes)
    coordinated = models.FloatField(_("coordinated share"), default=0)
    bursts = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("issue")
        verbose_name_plural = _("issues")
        indexes = (
            models.Index(fields=("unit", "-last_at"), condition=Q(merged_into=None), name="listening_issue_last"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(
                    posts__gte=0,
                    complaints__gte=0,
                    complaints__lte=F("judged"),
                    judged__lte=F("posts"),
                    reposts__lte=F("posts"),
                    authors__gte=0,
                ),
                name="listening_issue_counts",
            ),
            models.CheckConstraint(condition=Q(coordinated__gte=0, coordinated__lte=1), name="listening_issue_share"),
            models.CheckConstraint(condition=~Q(merged_into=F("id")), name="listening_issue_not_own"),
            models.CheckConstraint(condition=Q(first_at__lte=F("last_at")), name="listening_issue_span"),
            models.CheckConstraint(condition=Q(state__in=["open", "handled", "closed"]), name="listening_issue_state"),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Return the issue's page."""
        return reverse("listening:issue", args=(self.pk,))

    @property
    def complaint_share(self) -> float | None:
        """Complaints among the posts that could be judged, 0 to 1; None when none could."""
        return self.complaints / self.judged if self.judged else None

    @property
    def is_coordinated(self) -> bool:
        """Whether most of it looks like copies spread on a signal; such an issue is ranked apart."""
        return self.coordinated >= 0.5

    @property
    def topic_label(self) -> str | Promise:
        """The topic's name."""
        return taxonomy.label(self.topic)

    @property
    def topic_tone(self) -> str:
        """The tone of the topic's chip."""
        return taxonomy.tone(self.topic)


class IssueCount(models.Model):
    """Posts of an issue in ten minutes."""

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="counts")
    at = models.DateTimeField()
    posts = models.IntegerField()
    complaints = models.IntegerField()

    class Meta:
        verbose_name = _("count")
        verbose_name_plural = _("counts")
        indexes = (models.Index(fields=("at",), name="listening_count_at"),)
        constraints = (
            models.UniqueConstraint(fields=("issue", "at"), name="listening_count_once"),
            models.CheckConstraint(
                condition=Q(posts__gte=0, complaints__gte=0, complaints__lte=F("posts")), name="listening_count_order"
            ),
        )

    def __str__(self) -> str:
        return f"{self.issue_id} {self.at:%Y-%m-%d %H:%M} {self.posts}"


class IssueDistrict(models.Model):
    """Posts of an issue that name a district (or the level below the organisation's own)."""

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="districts")
    area_code = models.CharField(max_length=13)
    posts = models.IntegerField()
    complaints = models.IntegerField()

    class Meta:
        verbose_name = _("count by district")
        verbose_name_plural = _("counts by district")
        constraints = (
            models.UniqueConstraint(fields=("issue", "area_code"), name="listening_district_once"),
            models.CheckConstraint(
                condition=Q(posts__gte=0, complaints__gte=0, complaints__lte=F("posts")),
                name="listening_district_order",
            ),
        )

    def __str__(self) -> str:
        return f"{self.issue_id} {self.area_code} {self.posts}"


class TalkCount(models.Model):
    """All posts of a unit's stream by hour, topic and district, inside issues and outside ("" is: none named)."""

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="+")
    at = models.DateTimeField()
    topic = models.CharField(max_length=20, blank=True)
    area_code = models.CharField(max_length=13, blank=True)
    posts = models.IntegerField()
    complaints = models.IntegerField()

    class Meta:
        verbose_name = _("count of talk")
        verbose_name_plural = _("counts of talk")
        constraints = (
            models.UniqueConstraint(fields=("unit", "at", "topic", "area_code"), name="listening_talk_once"),
            models.CheckConstraint(
                condition=Q(posts__gte=0, complaints__gte=0, complaints__lte=F("posts")), name="listening_talk_order"
            ),
        )

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H} {self.topic or '-'} {self.area_code or '-'} {self.posts}"


class IssueSample(models.Model):
    """One of at most fifty posts kept at hand for reading; no author, mentions hashed, the link encrypted."""

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="samples")
    post_id = models.CharField(max_length=32)
    near_key = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    text = models.TextField()
    platform = models.CharField(max_length=40, blank=True)
    place = models.CharField(max_length=13, blank=True)
    complaint = models.FloatField(null=True)
    # As it is in the lake: encrypted there, opened by an audited action only.
    link = models.TextField(null=True)
    # When its platform was last asked whether it is still there.
    checked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("sample post")
        verbose_name_plural = _("sample posts")
        constraints = (models.UniqueConstraint(fields=("issue", "post_id"), name="listening_sample_once"),)

    def __str__(self) -> str:
        return self.text[:80]

    @property
    def place_name(self) -> str:
        """The name of the area that the post speaks of, or ""."""
        return areas.get(self.place).name if self.place else ""

    @property
    def is_complaint(self) -> bool | None:
        """Whether it is a complaint; None when that could not be said."""
        return None if self.complaint is None else self.complaint >= COMPLAINT


class IssueFollow(models.Model):
    """Somebody wants to see this issue first."""

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="follows")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("follow")
        verbose_name_plural = _("follows")
        constraints = (models.UniqueConstraint(fields=("issue", "user"), name="listening_follow_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} {self.issue_id}"
