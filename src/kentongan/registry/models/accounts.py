"""Accounts on platforms: a unit's official ones and members' own."""

from datetime import timedelta

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Lower, Upper
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kentongan.channels import registry as channels
from kentongan.core import clock
from kentongan.core.secrets import EncryptedJSONField
from kentongan.registry.likeness import Skeleton
from kentongan.registry.models.letters import Letter
from kentongan.registry.models.people import Person
from kentongan.registry.models.units import Unit

NOTICE = timedelta(days=7)
"""How long before a sign-in ends people are told."""

# Kept apart by kind: official accounts are few, and searched by everybody. Each has an expression of its own, since
# PostgreSQL estimates an expression by the first index that has it, and a word may be rare here and common there.
SEARCHED = (
    ("official", Upper("handle"), "official_handle_trgm"),
    ("official", Upper("display_name"), "official_name_trgm"),
    ("organic", Lower("handle"), "organic_handle_trgm"),
)


OF_A_MEMBER = frozenset({"handle", "display_name", "url", "link", "note"})


class Account(models.Model):
    """A profile, page, channel, group or site; `platform` is a channel's kind."""

    class Kind(models.TextChoices):
        OFFICIAL = "official", _("Official")
        ORGANIC = "organic", _("A member's own")

    class Form(models.TextChoices):
        PROFILE = "profile", _("Profile")
        PAGE = "page", _("Page")
        CHANNEL = "channel", _("Channel")
        GROUP = "group", _("Group")
        SITE = "site", _("Site")

    class State(models.TextChoices):
        """`claimed` stands on an imported list only: nobody but the unit's administrator sees it."""

        CLAIMED = "claimed", _("Stated on a list")
        DECLARED = "declared", _("Declared")
        PROVEN = "proven", _("Proven")
        CONNECTED = "connected", _("Connected")
        DORMANT = "dormant", _("Dormant")
        LOST = "lost", _("Lost")
        RETIRED = "retired", _("Retired")
        IMPOSTOR = "impostor", _("Impostor")

    class Proof(models.TextChoices):
        CODE = "code", _("Code in the profile")
        LINK = "link", _("Link back (rel=me)")
        SIGN_IN = "sign_in", _("Signed in")
        ATTESTED = "attested", _("Attested by a superior")

    GONE = (State.LOST, State.RETIRED, State.IMPOSTOR)

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="accounts")
    person = models.ForeignKey(Person, models.CASCADE, null=True, blank=True, related_name="accounts")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    platform = models.CharField(_("platform"), max_length=20)
    handle = models.CharField(_("handle"), max_length=200)
    identity = models.CharField(
        _("identity"), max_length=260, help_text=_("The same for every address and spelling of one account.")
    )
    form = models.CharField(pgettext_lazy("account", "form"), max_length=7, choices=Form.choices, blank=True)
    display_name = models.CharField(_("name shown"), max_length=200, blank=True)
    url = models.URLField(_("address"), max_length=500, blank=True)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.DECLARED)
    state_since = models.DateTimeField(_("in this state since"), null=True, blank=True)
    state_reason = models.CharField(_("reason"), max_length=300, blank=True)
    proof = models.CharField(_("proven by"), max_length=8, choices=Proof.choices, blank=True)
    proven_at = models.DateTimeField(_("proven"), null=True, blank=True)
    last_posted_at = models.DateTimeField(_("last posted"), null=True, blank=True)
    letter = models.ForeignKey(
        Letter, models.SET_NULL, null=True, blank=True, related_name="accounts", verbose_name=_("decision letter")
    )
    custodian = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    deputy_custodian = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ("platform", "handle")
        indexes = (
            *(
                GinIndex(OpClass(text, name="gin_trgm_ops"), name=index, condition=models.Q(kind=kind))
                for kind, text, index in SEARCHED
            ),
            models.Index(
                fields=["unit", "platform", "handle"], name="official_by_unit", condition=models.Q(kind="official")
            ),
            models.Index(
                fields=["platform", "handle", "id"], name="official_by_handle", condition=models.Q(kind="official")
            ),
            models.Index(fields=["platform", "identity"], name="account_identity"),
            # The public asks through these two: members' own accounts are in neither.
            models.Index(
                fields=["platform", "identity"], condition=models.Q(kind="official"), name="account_official_identity"
            ),
            GinIndex(
                OpClass(Skeleton("handle"), name="gin_trgm_ops"),
                condition=models.Q(kind="official"),
                name="account_official_skeleton",
            ),
        )
        constraints = (
            models.UniqueConstraint(
                "platform",
                "identity",
                condition=models.Q(kind="official") & ~models.Q(state__in=["retired", "lost", "impostor"]),
                name="registry_official_account_once",
            ),
            models.UniqueConstraint(
                "platform",
                "identity",
                condition=models.Q(state__in=["proven", "connected", "dormant"]),
                name="registry_proven_account_once",
            ),
            models.UniqueConstraint(
                fields=("person", "platform", "identity"),
                condition=models.Q(kind="organic"),
                name="registry_own_account_once",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="organic") | ~models.Q(state="claimed"), name="registry_claims_are_of_people"
            ),
            models.CheckConstraint(
                condition=models.Q(proof="", proven_at=None)
                | (~models.Q(proof="") & models.Q(proven_at__isnull=False)),
                name="registry_proof_has_its_day",
            ),
            models.CheckConstraint(condition=~models.Q(identity=""), name="registry_account_identity"),
            models.CheckConstraint(
                condition=models.Q(kind="official", person=None) | models.Q(kind="organic", person__isnull=False),
                name="registry_account_owner",
            ),
            models.CheckConstraint(
                condition=models.Q(custodian=None)
                | models.Q(deputy_custodian=None)
                | ~models.Q(custodian=models.F("deputy_custodian")),
                name="registry_two_custodians",
            ),
        )

    def __str__(self) -> str:
        return f"{self.display_name or self.handle} ({channels.label(self.platform)})"

    @property
    def personal_fields(self) -> frozenset[str]:
        """Which of its values the audit log does not keep readable: what names a member's own account."""
        return OF_A_MEMBER if self.kind == self.Kind.ORGANIC else frozenset()

    @property
    def audit_label(self) -> str:
        """What the audit log calls it; a member's own account by its number alone."""
        return f"{channels.label(self.platform)} #{self.pk}" if self.kind == self.Kind.ORGANIC else str(self)

    @property
    def in_use(self) -> bool:
        """Whether the organisation stands by it now."""
        return self.state not in self.GONE

    @property
    def known_as(self) -> str:
        """What people call it beside the platform's name: mostly its handle."""
        return channels.known_as(self.platform, self.handle, self.display_name)


class RefusedAccount(models.Model):
    """An own account that its owner took off the list, as a keyed hash: what tells the next list to leave it out."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="refused_accounts")
    digest = models.CharField(max_length=64)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("refused account")
        verbose_name_plural = _("refused accounts")
        constraints = (models.UniqueConstraint(fields=("person", "digest"), name="registry_refused_once"),)

    def __str__(self) -> str:
        return self.digest[:8]


class Connection(models.Model):
    """How we reach an official account: its service, its secrets (encrypted), whether it could publish right now.

    `ends_at` is when its sign-in ends unless a person renews it, `told_at` when its custodians were told of trouble.
    """

    account = models.OneToOneField(Account, models.CASCADE, related_name="connection")
    service_url = models.URLField(_("service"), max_length=300, blank=True)
    secrets = EncryptedJSONField(default=dict)
    connected_at = models.DateTimeField(_("connected"), auto_now_add=True)
    checked_at = models.DateTimeField(_("checked"), null=True)
    healthy = models.BooleanField(_("healthy"), null=True)
    problem = models.CharField(_("problem"), max_length=300, blank=True)
    ends_at = models.DateTimeField(_("sign-in ends"), null=True)
    told_at = models.DateTimeField(_("custodians told"), null=True, editable=False)
    limits = models.JSONField(_("what its server states that it takes"), default=dict)

    class Meta:
        verbose_name = _("connection")
        verbose_name_plural = _("connections")

    def __str__(self) -> str:
        return str(self.account)

    @property
    def ends_soon(self) -> bool:
        """Whether the sign-in ends within the week, or has ended."""
        return self.ends_at is not None and self.ends_at <= clock.now() + NOTICE
