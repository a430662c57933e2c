"""Tables of planning: briefs with facts, content items with a version per platform, comments and reviews."""

from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MinLengthValidator
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kentongan.core import clock
from kentongan.planning.states import ItemState
from kentongan.safeguards.purposes import Purpose


class Language(models.TextChoices):
    """Languages that content is written in."""

    INDONESIAN = "id", _("Indonesian")
    SUNDANESE = "su", _("Sundanese")
    JAVANESE = "jv", _("Javanese")
    ENGLISH = "en", _("English")


class Campaign(models.Model):
    """Content that belongs together: a name, hashtags and themes, from one day to another, for one purpose.

    Its content is of its unit or of units below. What is stored as `Purpose.CAMPAIGN` is electioneering, another thing:
    a campaign of public service takes none, and the database refuses it.
    """

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("campaign", "Running")
        CLOSED = "closed", pgettext_lazy("campaign", "Closed")

    unit = models.ForeignKey("registry.Unit", models.PROTECT, related_name="campaigns", verbose_name=_("unit"))
    name = models.CharField(_("name"), max_length=200)
    summary = models.TextField(_("what it is about"), blank=True)
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose.choices)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)
    hashtags = ArrayField(models.CharField(max_length=60), default=list, blank=True, verbose_name=_("hashtags"))
    themes = ArrayField(models.CharField(max_length=120), default=list, blank=True, verbose_name=_("themes"))
    state = models.CharField(_("state"), max_length=6, choices=State.choices, default=State.OPEN, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)
    close_reason = models.CharField(_("reason"), max_length=300, blank=True, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("author"))
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        constraints = (
            models.UniqueConstraint("unit", Lower("name"), condition=Q(state="open"), name="campaign_name"),
            models.CheckConstraint(condition=~Q(name=""), name="campaign_named"),
            models.CheckConstraint(condition=Q(purpose__in=Purpose.values), name="campaign_purpose"),
            models.CheckConstraint(condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="campaign_days"),
            models.CheckConstraint(
                condition=Q(state="open", closed_at=None, close_reason="")
                | (Q(state="closed", closed_at__isnull=False) & ~Q(close_reason="")),
                name="campaign_state",
            ),
        )
        indexes = (models.Index(fields=("unit", "state", "-starts_on"), name="campaign_unit"),)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the campaign's page."""
        return reverse("planning:campaign", args=(self.pk,))


class Brief(models.Model):
    """What is to be said about a matter: the facts with their sources, the message, to whom, by when."""

    unit = models.ForeignKey("registry.Unit", models.PROTECT, related_name="briefs", verbose_name=_("unit"))
    issue = models.ForeignKey(
        "listening.Issue", models.SET_NULL, null=True, blank=True, related_name="briefs", verbose_name=_("issue")
    )
    title = models.CharField(_("title"), max_length=200)
    situation = models.TextField(
        _("situation"), blank=True, help_text=_("What is happening, in two or three sentences.")
    )
    message = models.TextField(_("message"), help_text=_("The one thing people should remember."))
    audience = models.CharField(_("audience"), max_length=300)
    topic = models.CharField(_("topic"), max_length=120, blank=True)
    places = models.CharField(_("places"), max_length=300, blank=True)
    deadline = models.DateTimeField(_("deadline"))
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("author"))
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("brief")
        verbose_name_plural = _("briefs")
        constraints = (
            models.CheckConstraint(condition=~Q(title="") & ~Q(message="") & ~Q(audience=""), name="brief_complete"),
        )
        indexes = (
            models.Index(fields=("unit", "-id"), name="brief_unit"),
            models.Index(fields=("deadline",), name="brief_deadline"),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Return the brief's page."""
        return reverse("planning:brief", args=(self.pk,))


class Fact(models.Model):
    """One fact of a brief and where it comes from; a fact without a source is not a fact."""

    brief = models.ForeignKey(Brief, models.CASCADE, related_name="facts")
    position = models.PositiveSmallIntegerField()
    text = models.CharField(_("fact"), max_length=500)
    source = models.CharField(_("source"), max_length=200)
    url = models.URLField(_("link to the source"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("fact")
        verbose_name_plural = _("facts")
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=("brief", "position"), name="fact_position"),
            models.CheckConstraint(condition=~Q(text="") & ~Q(source=""), name="fact_has_source"),
        )

    def __str__(self) -> str:
        return self.text


class ContentItem(models.Model):
    """A piece of content: one master text, a version per platform, one purpose, one state.

    `author_ids` holds every user who wrote in it, its creator included; the database refuses an approver who is among
    them. `version` grows with every change of what would go out.
    """

    unit = models.ForeignKey("registry.Unit", models.PROTECT, related_name="items", verbose_name=_("unit"))
    brief = models.ForeignKey(
        Brief, models.SET_NULL, null=True, blank=True, related_name="items", verbose_name=_("brief")
    )
    issue = models.ForeignKey(
        "listening.Issue", models.SET_NULL, null=True, blank=True, related_name="items", verbose_name=_("issue")
    )
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, null=True, blank=True, related_name="items", verbose_name=_("campaign")
    )
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("master text"))
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose.choices)
    language = models.CharField(_("language"), max_length=5, choices=Language.choices, default=Language.INDONESIAN)
    planned_for = models.DateTimeField(_("wanted on"), null=True, blank=True)
    state = models.CharField(
        _("state"), max_length=20, choices=ItemState.choices, default=ItemState.DRAFT, editable=False
    )
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("author"))
    author_ids = ArrayField(models.BigIntegerField(), default=list, editable=False)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)
    submitted_at = models.DateTimeField(_("submitted"), null=True, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("approver"),
    )
    approved_at = models.DateTimeField(_("approved"), null=True, editable=False)

    class Meta:
        verbose_name = _("content item")
        verbose_name_plural = _("content items")
        constraints = (
            models.CheckConstraint(condition=Q(purpose__in=Purpose.values), name="item_purpose"),
            models.CheckConstraint(condition=Q(state__in=ItemState.values), name="item_state"),
            models.CheckConstraint(condition=~Q(title=""), name="item_title"),
            models.CheckConstraint(condition=~Q(approved_by=F("created_by")), name="item_approver_not_creator"),
            models.CheckConstraint(
                condition=~Q(author_ids__contains=Func(F("approved_by_id"), template="ARRAY[%(expressions)s]")),
                name="item_approver_not_author",
            ),
            models.CheckConstraint(
                condition=Q(state=ItemState.APPROVED, approved_by__isnull=False, approved_at__isnull=False)
                | (~Q(state=ItemState.APPROVED) & Q(approved_by__isnull=True, approved_at__isnull=True)),
                name="item_approved_by_somebody",
            ),
        )
        indexes = (
            models.Index(fields=("unit", "state", "-id"), name="item_unit_state"),
            models.Index(fields=("state", "-updated_at"), name="item_state_changed"),
            models.Index(fields=("planned_for",), name="item_planned", condition=Q(planned_for__isnull=False)),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Return the item's page."""
        return reverse("planning:item", args=(self.pk,))


class Rendition(models.Model):
    """An item's version for one kind of channel, as it would go out there.

    `bands` are the keys by which texts that are alike are found (`safeguards.authenticity.bands`).
    """

    item = models.ForeignKey(ContentItem, models.CASCADE, related_name="renditions")
    kind = models.CharField(_("channel"), max_length=30)
    title = models.CharField(_("title"), max_length=200, blank=True)
    text = models.TextField(_("text"))
    link = models.URLField(_("link"), max_length=500, blank=True)
    bands = ArrayField(models.BigIntegerField(), default=list, editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("version for a platform")
        verbose_name_plural = _("versions for platforms")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("item", "kind"), name="rendition_kind"),
            models.CheckConstraint(condition=~Q(text="") & ~Q(kind=""), name="rendition_not_empty"),
        )
        indexes = (GinIndex(fields=("bands",), name="rendition_bands"),)

    def __str__(self) -> str:
        return f"{self.item_id}/{self.kind}"


class ItemAsset(models.Model):
    """A file that goes out with an item; a picture without a description is not accessible and is refused."""

    item = models.ForeignKey(ContentItem, models.CASCADE, related_name="assets")
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+", verbose_name=_("file"))
    alt = models.CharField(_("description of the picture"), max_length=1000, validators=[MinLengthValidator(5)])
    ai_generated = models.BooleanField(_("made or changed by AI"), default=False)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("asset")
        verbose_name_plural = _("assets")
        ordering = ("position", "id")
        constraints = (
            models.UniqueConstraint(fields=("item", "file"), name="item_asset_once"),
            models.CheckConstraint(condition=~Q(alt=""), name="item_asset_described"),
        )

    def __str__(self) -> str:
        return self.alt


class LinkCard(models.Model):
    """What a page of which an item has the address says about itself: what platforms show in place of a link.

    It is fetched when somebody asks for it, `asked_at`; `answered_at` is when the page, or its failure, was known. The
    picture is a copy of ours.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("Being fetched")
        KNOWN = "known", pgettext_lazy("card", "Known")
        FAILED = "failed", _("Not reached")

    SLOW = timedelta(minutes=2)
    PICTURE_NAME = "link-card.jpg"
    """The name of each picture of a card: by it, those are found that no card shows any longer."""

    item = models.ForeignKey(ContentItem, models.CASCADE, related_name="cards")
    url = models.URLField(_("link"), max_length=500)
    state = models.CharField(_("state"), max_length=6, choices=State.choices, default=State.ASKED)
    title = models.CharField(_("title"), max_length=300, blank=True)
    description = models.CharField(_("description"), max_length=1000, blank=True)
    site = models.CharField(_("site"), max_length=200, blank=True)
    picture = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")
    problem = models.CharField(_("reason"), max_length=500, blank=True)
    asked_at = models.DateTimeField(_("asked for"))
    answered_at = models.DateTimeField(_("answered"), null=True)

    class Meta:
        verbose_name = _("link card")
        verbose_name_plural = _("link cards")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("item", "url"), name="card_once"),
            models.CheckConstraint(
                condition=Q(state="asked", answered_at=None)
                | Q(state__in=("known", "failed"), answered_at__isnull=False),
                name="card_answered",
            ),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(problem=""), name="card_failure_has_reason"),
        )

    def __str__(self) -> str:
        return self.title or self.url

    @property
    def is_known(self) -> bool:
        """Whether its page was read."""
        return self.state == self.State.KNOWN

    @property
    def is_slow(self) -> bool:
        """Whether it was asked for so long ago that its worker may be gone."""
        return self.state == self.State.ASKED and self.asked_at < clock.now() - self.SLOW


class Comment(models.Model):
    """A remark on an item, kept for as long as the item is."""

    item = models.ForeignKey(ContentItem, models.CASCADE, related_name="comments")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"), auto_now_add=True)
    text = models.TextField(_("comment"))

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ("id",)
        constraints = (models.CheckConstraint(condition=~Q(text=""), name="comment_not_empty"),)

    def __str__(self) -> str:
        return self.text[:80]


class Review(models.Model):
    """A reviewer's word on one version of an item; `checklist` holds the codes of the rules that were ticked."""

    class Verdict(models.TextChoices):
        APPROVED = "approved", _("Approved")
        CHANGES_REQUESTED = "changes_requested", _("Changes requested")

    item = models.ForeignKey(ContentItem, models.CASCADE, related_name="reviews")
    version = models.PositiveIntegerField(_("version"))
    verdict = models.CharField(_("verdict"), max_length=20, choices=Verdict.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"), auto_now_add=True)
    note = models.TextField(_("note"), blank=True)
    checklist = ArrayField(models.CharField(max_length=40), default=list)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(condition=Q(verdict__in=("approved", "changes_requested")), name="review_verdict"),
            models.CheckConstraint(
                condition=~Q(verdict="changes_requested", note=""), name="review_changes_are_explained"
            ),
        )

    def __str__(self) -> str:
        return f"{self.verdict} v{self.version}"


class CalendarFeed(models.Model):
    """A person's address for their own calendar in another program: whoever knows it reads what that person may see.

    Only the digest of its secret is kept; one lives at a time for each person.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="calendar_feeds")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)

    class Meta:
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")
        constraints = (
            models.UniqueConstraint(fields=("user",), condition=Q(ended_at=None), name="calendar_feed_once"),
        )

    def __str__(self) -> str:
        return f"#{self.pk}"
