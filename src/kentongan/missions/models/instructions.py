"""Orders down the tree, and one receipt for each unit or person they reach."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kentongan.core import clock
from kentongan.missions.states import ANSWERED, InstructionState, ReceiptState


class Audience(models.TextChoices):
    """Who has to answer."""

    UNITS = "units", _("Units: one answer for each unit")
    PEOPLE = "people", _("People: everybody answers")


class Evidence(models.TextChoices):
    """What a recipient shows when they say it is done."""

    NONE = "none", _("Nothing, their word is enough")
    NOTE = "note", _("A short report")
    LINK = "link", _("A link to the result")
    FILE = "file", _("A photo or file")


class Instruction(models.Model):
    """An order from `unit` to all under `scope` whom `audience`, `level` and `title_filter` select."""

    unit = models.ForeignKey("registry.Unit", models.PROTECT, related_name="instructions", verbose_name=_("from"))
    scope = models.ForeignKey("registry.Unit", models.PROTECT, related_name="+", verbose_name=_("to all under"))
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("what is to be done"))
    due_at = models.DateTimeField(_("due by"))
    audience = models.CharField(_("who answers"), max_length=8, choices=Audience.choices, default=Audience.UNITS)
    level = models.CharField(_("only units of this level"), max_length=20, blank=True)
    title_filter = models.CharField(
        _("only people with this title"),
        max_length=100,
        blank=True,
        help_text=_("For example: Ketua. Empty means everybody."),
    )
    evidence = models.CharField(_("evidence wanted"), max_length=6, choices=Evidence.choices, default=Evidence.NONE)
    state = models.CharField(
        _("state"), max_length=10, choices=InstructionState.choices, default=InstructionState.DRAFT, editable=False
    )
    item = models.ForeignKey(
        "planning.ContentItem",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="instructions",
        verbose_name=_("content"),
    )
    issue = models.ForeignKey(
        "listening.Issue", models.SET_NULL, null=True, blank=True, related_name="instructions", verbose_name=_("issue")
    )
    form_key = models.UUIDField(_("form"), unique=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("author")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    sent_at = models.DateTimeField(_("sent"), null=True, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)
    close_reason = models.CharField(_("reason"), max_length=300, blank=True, editable=False)

    class Meta:
        verbose_name = _("instruction")
        verbose_name_plural = _("instructions")
        constraints = (
            models.CheckConstraint(condition=~Q(title="") & ~Q(text=""), name="instruction_complete"),
            models.CheckConstraint(condition=Q(state__in=InstructionState.values), name="instruction_state"),
            models.CheckConstraint(condition=Q(audience__in=Audience.values), name="instruction_audience"),
            models.CheckConstraint(condition=Q(evidence__in=Evidence.values), name="instruction_evidence"),
            models.CheckConstraint(
                condition=Q(state="draft", sent_at__isnull=True)
                | Q(state="recalled")
                | Q(state__in=("open", "closed"), sent_at__isnull=False),
                name="instruction_sent",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "open"), closed_at__isnull=True)
                | Q(state__in=("closed", "recalled"), closed_at__isnull=False),
                name="instruction_closed",
            ),
            models.CheckConstraint(condition=~Q(state="recalled", close_reason=""), name="instruction_recall_reason"),
        )
        indexes = (
            models.Index(fields=("unit", "state", "-id"), name="instruction_unit"),
            models.Index(fields=("scope", "-id"), name="instruction_scope"),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Return the address of the board."""
        return reverse("missions:instruction", args=(self.pk,))

    @property
    def is_open(self) -> bool:
        """Whether answers are taken."""
        return self.state == InstructionState.OPEN

    @property
    def is_overdue(self) -> bool:
        """Whether answers are taken after the due time."""
        return self.is_open and self.due_at < clock.now()


class Receipt(models.Model):
    """One recipient of one instruction: the unit, or a person at that unit."""

    instruction = models.ForeignKey(Instruction, models.CASCADE, related_name="receipts")
    unit = models.ForeignKey("registry.Unit", models.PROTECT, related_name="+", verbose_name=_("unit"))
    person = models.ForeignKey(
        "registry.Person", models.CASCADE, null=True, related_name="receipts", verbose_name=_("person")
    )
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=ReceiptState.choices,
        db_default=ReceiptState.PENDING,
        default=ReceiptState.PENDING,
    )
    note = models.TextField(_("report"), blank=True, db_default="")
    link = models.URLField(_("link"), max_length=500, blank=True, db_default="")
    proof = models.ForeignKey(
        "core.StoredFile", models.PROTECT, null=True, related_name="+", verbose_name=_("photo or file")
    )
    reason = models.TextField(_("reason"), blank=True, db_default="")
    created_at = models.DateTimeField(_("sent"), db_default=models.functions.Now())
    delivered_at = models.DateTimeField(_("delivered"), null=True)
    seen_at = models.DateTimeField(_("seen"), null=True)
    answered_at = models.DateTimeField(_("answered"), null=True)
    answered_by = models.CharField(_("answered by"), max_length=200, blank=True, db_default="")
    reminded_at = models.DateTimeField(_("reminded"), null=True)

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        constraints = (
            models.UniqueConstraint(
                fields=("instruction", "unit"), condition=Q(person__isnull=True), name="receipt_once_a_unit"
            ),
            models.UniqueConstraint(
                fields=("instruction", "person"), condition=Q(person__isnull=False), name="receipt_once_a_person"
            ),
            models.CheckConstraint(condition=Q(state__in=ReceiptState.values), name="receipt_state"),
            models.CheckConstraint(
                condition=Q(state__in=sorted(ANSWERED), answered_at__isnull=False)
                | (~Q(state__in=sorted(ANSWERED)) & Q(answered_at__isnull=True)),
                name="receipt_answered",
            ),
            models.CheckConstraint(condition=~Q(state="declined", reason=""), name="receipt_declined_why"),
            models.CheckConstraint(condition=~Q(state="seen", seen_at__isnull=True), name="receipt_seen"),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True) | Q(answered_at__gte=F("created_at")), name="receipt_times"
            ),
        )
        indexes = (
            models.Index(fields=("instruction", "state", "unit"), name="receipt_board"),
            models.Index(fields=("unit", "instruction"), name="receipt_unit"),
            models.Index(fields=("person", "-id"), name="receipt_person", condition=Q(person__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.instruction_id}/{self.unit_id}/{self.person_id or '-'}"

    @property
    def personal_fields(self) -> frozenset[str]:
        """Which of its values the audit log does not keep readable: a person's own words."""
        return frozenset({"note", "link", "reason"}) if self.person_id is not None else frozenset()

    @property
    def is_answered(self) -> bool:
        """Whether the recipient has said done or declined."""
        return self.state in ANSWERED
