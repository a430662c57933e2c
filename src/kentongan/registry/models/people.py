"""People of the organisation, their roles at units, their consents."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kentongan.core import clock
from kentongan.registry import names
from kentongan.registry.models.units import Unit


class NameKeyField(models.CharField[str, str]):
    """What two spellings of one name have in common; follows `full_name` whenever the row is saved."""

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        """Return the key of the name as it is now."""
        found = names.key(getattr(model_instance, "full_name", ""))
        setattr(model_instance, self.attname, found)
        return found


class Person(models.Model):
    """Somebody of the organisation. What an import brings is a minimal `invited` record with its stated basis."""

    class State(models.TextChoices):
        INVITED = "invited", _("Invited")
        CONFIRMED = "confirmed", _("Confirmed")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    full_name = models.CharField(_("full name"), max_length=200)
    name_key = NameKeyField(max_length=200, editable=False, default="", db_default="")
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone (E.164)"), max_length=16, blank=True)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="person")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.INVITED)
    basis = models.CharField(_("basis"), max_length=200, help_text=_("The list or letter this record rests on."))
    language = models.CharField(_("language"), max_length=3, default="id")
    simulated = models.BooleanField(_("simulated"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ("full_name", "id")
        indexes = (
            models.Index(fields=["phone"], name="person_phone"),
            models.Index(fields=["name_key"], name="person_name_key"),
            # In the order that a search is shown in: a part of very many names is met on the way, nothing is sorted.
            models.Index(fields=["full_name", "id"], name="person_by_name"),
            models.Index(fields=["created_at"], name="person_unconfirmed", condition=models.Q(state="invited")),
            GinIndex(OpClass(Upper("full_name"), name="gin_trgm_ops"), name="person_name_trgm"),
            GinIndex(OpClass(Upper("email"), name="gin_trgm_ops"), name="person_email_trgm"),
            GinIndex(OpClass("phone", name="gin_trgm_ops"), name="person_phone_trgm"),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(phone="") | models.Q(phone__regex=r"^\+[1-9][0-9]{6,14}$"),
                name="registry_person_phone_e164",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["invited", "confirmed", "withdrawn"]), name="registry_person_state"
            ),
            models.CheckConstraint(condition=~models.Q(basis=""), name="registry_person_has_basis"),
        )

    personal_fields = frozenset({"full_name", "phone", "email", "basis"})

    def __str__(self) -> str:
        return self.full_name

    def get_absolute_url(self) -> str:
        """Return the page of the person for administrators."""
        return reverse("registry:person", args=(self.pk,))

    @property
    def audit_label(self) -> str:
        """What the audit log calls them."""
        return f"#{self.pk}"

    @property
    def days_left(self) -> int | None:
        """Days until the record is removed unless the person confirms it; None where that does not happen."""
        if self.state != self.State.INVITED or self.user_id is not None or self.simulated:
            return None
        passed = clock.now() - self.created_at
        return max(0, settings.KENTONGAN_UNCONFIRMED_DAYS - passed.days)


class KeptApart(models.Model):
    """Two people who look like one and are two, as somebody decided; `one` has the smaller number."""

    one = models.ForeignKey(Person, models.CASCADE, related_name="+")
    other = models.ForeignKey(Person, models.CASCADE, related_name="+")
    decided_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("people kept apart")
        verbose_name_plural = _("people kept apart")
        constraints = (
            models.UniqueConstraint(fields=("one", "other"), name="registry_kept_apart_once"),
            models.CheckConstraint(condition=models.Q(one__lt=models.F("other")), name="registry_kept_apart_order"),
        )

    def __str__(self) -> str:
        return f"{self.one_id} / {self.other_id}"


class Withdrawal(models.Model):
    """What tells the next list that somebody left for good: keyed hashes of phone, e-mail, and name at a unit."""

    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("withdrawal")
        verbose_name_plural = _("withdrawals")

    def __str__(self) -> str:
        return self.digest[:8]


class Membership(models.Model):
    """What a person is at a unit, with its term."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="memberships")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="memberships")
    title = models.CharField(_("position"), max_length=120)
    starts_on = models.DateField(pgettext_lazy("day", "from"), null=True, blank=True)
    ends_on = models.DateField(_("until"), null=True, blank=True)
    denied_at = models.DateTimeField(_("denied by the person"), null=True, blank=True)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = (
            models.UniqueConstraint(fields=("person", "unit", "title"), name="registry_membership_once"),
            models.CheckConstraint(
                condition=models.Q(ends_on=None)
                | models.Q(starts_on=None)
                | models.Q(ends_on__gte=models.F("starts_on")),
                name="registry_membership_term",
            ),
        )

    def __str__(self) -> str:
        return f"{self.title} · {self.unit}"


class Consent(models.Model):
    """A consent for one purpose, with the text that was shown; revoked, never deleted."""

    class Purpose(models.TextChoices):
        CONTACT = "contact", _("To be contacted")
        MISSIONS = "missions", _("To be invited to share missions")
        ACCOUNTS = "accounts", _("To have own accounts listed")
        GATHERINGS = "gatherings", _("To be invited to meetings")

    person = models.ForeignKey(Person, models.CASCADE, related_name="consents")
    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose.choices)
    text = models.TextField(_("text that was shown"))
    channel = models.CharField(_("how it was given"), max_length=40)
    given_at = models.DateTimeField(_("given"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = (
            models.UniqueConstraint(
                fields=("person", "purpose"),
                condition=models.Q(revoked_at=None),
                name="registry_consent_one_live_per_purpose",
            ),
            models.CheckConstraint(condition=~models.Q(text=""), name="registry_consent_has_text"),
        )

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} · {self.person_id}"
