"""Tables of publishing: deliveries (the queue itself), attempts, and pauses."""

from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kentongan.core.secrets import EncryptedTextField
from kentongan.publishing.recalls.models import RecallLink as RecallLink
from kentongan.publishing.recalls.models import RecallTask as RecallTask
from kentongan.publishing.states import CLAIMS, OPEN, THERE, TO_COME, Outcome, State


class Delivery(models.Model):
    """One version of a content item, to one account, at one time.

    The row is the queue: `try_at` is when a worker may claim it, `claim_token` whose it is, until `claimed_until`.
    `awaits_sign_in` says that it is held because nobody is signed in, or what the account posts is shown to nobody.
    What is held and has a `remote_id` is there already, where nobody sees it (`is_hidden`).
    `repost_of` is the delivery to another account of the platform that this one reposts, instead of posting anew.
    `clock_went_back` is by how much the clock was moved back after its attempts had begun.
    `key`, `due_at` and `content` are fixed from the first attempt on, so that every attempt sends the same bytes.
    """

    unit = models.ForeignKey("registry.Unit", models.PROTECT, related_name="deliveries", verbose_name=_("unit"))
    account = models.ForeignKey(
        "registry.Account", models.PROTECT, related_name="deliveries", verbose_name=_("account")
    )
    rendition = models.ForeignKey("planning.Rendition", models.PROTECT, related_name="deliveries")
    item = models.ForeignKey(
        "planning.ContentItem", models.PROTECT, related_name="deliveries", verbose_name=_("content item")
    )
    # The item's own, kept here by the database so that the ledger of a campaign is one index; see migration 0009.
    campaign = models.ForeignKey(
        "planning.Campaign",
        models.PROTECT,
        null=True,
        editable=False,
        db_index=False,
        related_name="deliveries",
        verbose_name=_("campaign"),
    )
    repost_of = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        editable=False,
        db_index=False,
        related_name="reposts",
        verbose_name=_("repost of"),
    )
    item_version = models.PositiveIntegerField()
    content = models.JSONField()
    key = models.CharField(max_length=64)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.READY)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    due_at = models.DateTimeField(pgettext_lazy("delivery", "due"))
    late_minutes = models.PositiveIntegerField(_("may be late by (minutes)"), default=120)
    late_until = models.DateTimeField(_("at the latest"))
    try_at = models.DateTimeField(_("next try"))
    tries = models.PositiveSmallIntegerField(default=0)
    claim_token = models.UUIDField(null=True, editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)
    look_at = models.DateTimeField(_("next look"), null=True, editable=False)
    looks = models.PositiveSmallIntegerField(default=0, editable=False)
    clock_went_back = models.DurationField(default=timedelta(0), db_default=timedelta(0), editable=False)
    settled_at = models.DateTimeField(_("absence counts from"), null=True, editable=False)
    awaits_sign_in = models.BooleanField(default=False, db_default=False, editable=False)
    release = models.ForeignKey("safeguards.Release", models.PROTECT, null=True, related_name="+", editable=False)
    recall_at = models.DateTimeField(_("recall due"), null=True, editable=False)
    recall_problem = models.CharField(_("recall failed"), max_length=500, blank=True)
    remote_id = models.CharField(_("id there"), max_length=300, blank=True)
    url = models.URLField(_("address"), max_length=500, blank=True)
    published_at = models.DateTimeField(_("published"), null=True)
    scheduled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("scheduled by")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = (
            models.UniqueConstraint(fields=("rendition", "account"), name="delivery_once"),
            models.UniqueConstraint(fields=("account", "key"), name="delivery_key"),
            models.UniqueConstraint(
                fields=("account", "remote_id"), condition=~Q(remote_id=""), name="delivery_remote_once"
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="delivery_state"),
            models.CheckConstraint(
                condition=Q(state__in=CLAIMS, claim_token__isnull=False, claimed_until__isnull=False)
                | (~Q(state__in=CLAIMS) & Q(claim_token=None, claimed_until=None)),
                name="delivery_claimed_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.PUBLISHED) | (~Q(remote_id="") & Q(published_at__isnull=False)),
                name="delivery_published_is_somewhere",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.UNKNOWN) | Q(look_at__isnull=False, settled_at__isnull=False),
                name="delivery_unknown_is_looked_for",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[State.REJECTED, State.UNKNOWN, State.HELD, State.MISSED]) | ~Q(reason=""),
                name="delivery_trouble_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(remote_id="") | Q(state__in=[*THERE, State.RECALLED]), name="delivery_there_is_not_sent"
            ),
            models.CheckConstraint(
                condition=~Q(state=State.HELD) | Q(remote_id="") | Q(look_at__isnull=False),
                name="delivery_hidden_is_looked_at",
            ),
            models.CheckConstraint(
                condition=Q(repost_of=None) | ~Q(repost_of=F("id")), name="delivery_reposts_another"
            ),
            models.CheckConstraint(condition=Q(try_at__gte=F("due_at")), name="delivery_not_before_due"),
            models.CheckConstraint(condition=Q(late_until__gte=F("due_at")), name="delivery_late_after_due"),
        )
        indexes = (
            # Partial, so that a tick is as fast with a million done as with none.
            models.Index(fields=("try_at",), name="delivery_due", condition=Q(state=State.READY)),
            models.Index(fields=("claimed_until",), name="delivery_claimed", condition=Q(state__in=CLAIMS)),
            models.Index(fields=("look_at",), name="delivery_unknown", condition=Q(state=State.UNKNOWN)),
            models.Index(
                fields=("look_at",), name="delivery_view", condition=Q(state__in=THERE, look_at__isnull=False)
            ),
            models.Index(fields=("recall_at",), name="delivery_recall", condition=Q(recall_at__isnull=False)),
            models.Index(fields=("due_at", "id"), name="delivery_by_day", include=("state", "unit", "campaign")),
            models.Index(fields=("due_at", "id"), name="delivery_coming", condition=Q(state__in=TO_COME)),
            models.Index(fields=("account", "state"), name="delivery_open", condition=Q(state__in=OPEN)),
            models.Index(fields=("unit", "state", "due_at"), name="delivery_unit"),
            models.Index(fields=("account", "-published_at"), name="delivery_newest"),
            models.Index(fields=("item",), name="delivery_item"),
            models.Index(
                Cast(KT("content__card__file"), models.BigIntegerField()),
                name="delivery_card_picture",
                condition=Q(content__has_key="card"),
            ),
            models.Index(fields=("repost_of",), name="delivery_reposts", condition=Q(repost_of__isnull=False)),
            models.Index(
                fields=("campaign", "due_at"),
                name="delivery_campaign",
                include=("state", "unit"),
                condition=Q(campaign__isnull=False),
            ),
            models.Index(
                fields=("account",),
                name="delivery_awaits_sign_in",
                condition=Q(awaits_sign_in=True, state=State.HELD),
            ),
        )

    def __str__(self) -> str:
        return f"{self.content.get('item_title', '')} → {self.account_id}"

    @property
    def is_hidden(self) -> bool:
        """Whether it is on its platform, where nobody sees it."""
        return self.state == State.HELD and self.remote_id != ""


class Attempt(models.Model):
    """One call about a delivery: committed before the call, completed after it, never removed.

    `platform` and `cost_usd` are what budgets are counted by: what a post costs at most, nothing once it was refused.
    """

    class Kind(models.TextChoices):
        PUBLISH = "publish", _("Publish")
        FIND = "find", _("Look it up")
        RECALL = "recall", _("Delete")

    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="attempts")
    kind = models.CharField(_("what"), max_length=7, choices=Kind.choices)
    token = models.UUIDField(null=True)
    digest = models.CharField(_("digest of the request"), max_length=64)
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    outcome = models.CharField(_("outcome"), max_length=9, choices=Outcome.choices, default=Outcome.OPEN)
    message = models.CharField(_("message"), max_length=500, blank=True)
    response = models.JSONField(_("answer"), default=dict)
    remote_id = models.CharField(max_length=300, blank=True)
    url = models.CharField(max_length=500, blank=True)
    platform = models.CharField(_("platform"), max_length=30, blank=True)
    cost_usd = models.DecimalField(_("cost (USD)"), max_digits=8, decimal_places=4, null=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(outcome=Outcome.OPEN, ended_at=None)
                | (~Q(outcome=Outcome.OPEN) & Q(ended_at__isnull=False)),
                name="attempt_ended_has_outcome",
            ),
            models.UniqueConstraint(
                fields=("delivery", "token"), condition=Q(kind="publish"), name="attempt_once_per_claim"
            ),
        )
        indexes = (
            models.Index(fields=("delivery", "id"), name="attempt_delivery"),
            models.Index(
                fields=("platform", "-started_at"),
                name="attempt_budget",
                condition=Q(kind="publish") & ~Q(platform=""),
                include=("cost_usd",),
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.delivery_id}: {self.outcome}"

    @property
    def seconds(self) -> float | None:
        """Return how long the call took; None while it is open."""
        return None if self.ended_at is None else (self.ended_at - self.started_at).total_seconds()


class Circuit(models.Model):
    """How often a server failed in a row; where that was too often, nothing is sent to it until `open_until`.

    `server` is the platform and the host.
    """

    server = models.CharField(max_length=300, unique=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    opened_at = models.DateTimeField(null=True)
    open_until = models.DateTimeField(_("left alone until"), null=True)

    class Meta:
        verbose_name = _("server that does not answer")
        verbose_name_plural = _("servers that do not answer")
        constraints = (
            models.CheckConstraint(
                condition=Q(opened_at=None, open_until=None) | Q(opened_at__isnull=False, open_until__isnull=False),
                name="circuit_opened_until",
            ),
        )

    def __str__(self) -> str:
        return self.server


class Pause(models.Model):
    """Nothing goes out below this unit, on one platform there, on this account, or of a campaign, until it is ended.

    A pause of a campaign at the campaign's own unit stops all of it, wherever its accounts are; at another unit it
    stops it there and below.
    """

    unit = models.ForeignKey("registry.Unit", models.PROTECT, related_name="+", verbose_name=_("unit"))
    account = models.ForeignKey(
        "registry.Account", models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("account")
    )
    platform = models.CharField(_("platform"), max_length=30, blank=True)
    campaign = models.ForeignKey(
        "planning.Campaign", models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("campaign")
    )
    reason = models.CharField(_("reason"), max_length=300)
    paused_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    paused_at = models.DateTimeField(_("since"), auto_now_add=True)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(condition=~Q(reason=""), name="pause_has_reason"),
            models.CheckConstraint(
                condition=Q(account=None, platform="") | Q(account=None, campaign=None) | Q(platform="", campaign=None),
                name="pause_of_one_thing",
            ),
            models.UniqueConstraint(
                fields=("unit", "account", "platform", "campaign"),
                condition=Q(ended_at=None),
                nulls_distinct=False,
                name="pause_once",
            ),
        )

    def __str__(self) -> str:
        return self.reason


class PlatformApp(models.Model):
    """The organisation's own registration at a platform where people sign in (OAuth 2): one for all its accounts.

    `posts_a_day` is its own quota where the platform granted another than the usual one; `month_usd` is what may be
    spent there in a month. `hidden_since` is since when the platform shows to nobody what comes from it.
    """

    platform = models.CharField(_("platform"), max_length=30, unique=True)
    client_id = models.CharField(_("client id"), max_length=300)
    client_secret = EncryptedTextField(default="", blank=True)
    service_url = models.URLField(_("service"), max_length=300)
    posts_a_day = models.PositiveIntegerField(_("posts a day"), null=True, blank=True)
    month_usd = models.DecimalField(_("money for a month (USD)"), max_digits=9, decimal_places=2, null=True, blank=True)
    hidden_since = models.DateTimeField(_("shows to nobody since"), null=True, editable=False)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("app at a platform")
        verbose_name_plural = _("apps at platforms")
        constraints = (
            models.CheckConstraint(condition=~Q(client_id=""), name="platform_app_has_client"),
            models.CheckConstraint(condition=Q(posts_a_day=None) | Q(posts_a_day__gt=0), name="platform_app_posts"),
            models.CheckConstraint(condition=Q(month_usd=None) | Q(month_usd__gte=0), name="platform_app_money"),
        )

    def __str__(self) -> str:
        return self.platform


class SignInTry(models.Model):
    """A sign-in that a person began at a platform: bound to their session and one account, good once and for minutes.

    Of state and session only keyed hashes are kept; the verifier never leaves this server but to the platform's token
    endpoint.
    """

    account = models.ForeignKey("registry.Account", models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    state = models.CharField(max_length=32, unique=True)
    session = models.CharField(max_length=32)
    verifier = EncryptedTextField()
    redirect = models.URLField(max_length=500)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("begun sign-in")
        verbose_name_plural = _("begun sign-ins")
        indexes = (models.Index(fields=("expires_at",), name="sign_in_try_ends"),)

    def __str__(self) -> str:
        return str(self.account_id)


class Booking(models.Model):
    """To which account an item goes, at the time at which it is wanted, as soon as a second person approves it."""

    item = models.ForeignKey("planning.ContentItem", models.CASCADE, related_name="bookings")
    account = models.ForeignKey("registry.Account", models.CASCADE, related_name="+", verbose_name=_("account"))
    problem = models.CharField(_("why it is not scheduled"), max_length=500, blank=True)
    booked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    booked_at = models.DateTimeField(_("booked"), auto_now_add=True)

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        constraints = (models.UniqueConstraint(fields=("item", "account"), name="booking_once"),)

    def __str__(self) -> str:
        return f"{self.item_id} → {self.account_id}"


class SheetPost(models.Model):
    """A post that came from a spreadsheet: by which row it is known again, and what was taken from that row.

    `key` is the row's own code, or its time, accounts and text where it has none; `digest` is all that the row says;
    `version`, `due_at` and `accounts` are the item's as the spreadsheet left it: with others, somebody has changed it
    by hand since.
    `before` is what a later spreadsheet changed, for its undo.
    """

    unit = models.ForeignKey("registry.Unit", models.PROTECT, related_name="+")
    item = models.OneToOneField("planning.ContentItem", models.CASCADE, related_name="sheet_post")
    key = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    due_at = models.DateTimeField(null=True)
    accounts = ArrayField(models.BigIntegerField(), default=list)
    run = models.ForeignKey("core.ImportRun", models.PROTECT, related_name="+")
    changed_by = models.ForeignKey("core.ImportRun", models.PROTECT, null=True, related_name="+")
    before = models.JSONField(null=True)

    class Meta:
        verbose_name = _("post of a spreadsheet")
        verbose_name_plural = _("posts of spreadsheets")
        constraints = (
            models.UniqueConstraint(fields=("unit", "key"), name="sheet_post_once"),
            models.CheckConstraint(
                condition=Q(changed_by=None, before=None) | Q(changed_by__isnull=False, before__isnull=False),
                name="sheet_post_change_has_before",
            ),
        )

    def __str__(self) -> str:
        return self.key[:12]

    def is_as_left(self) -> bool:
        """Whether what the item says, its time and its accounts are as the spreadsheet left them."""
        booked = sorted(one.account_id for one in self.item.bookings.all())
        return (self.item.version, self.item.planned_for, booked) == (self.version, self.due_at, self.accounts)
