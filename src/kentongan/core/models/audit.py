"""The table of the audit log."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from kentongan.core import verbs


class AuditEntry(models.Model):
    """One thing that one actor did to one object. Rows are never changed or removed (trigger and grants)."""

    at = models.DateTimeField(_("at"), db_default=Now(), editable=False)
    verb = models.CharField(_("verb"), max_length=80)
    actor_kind = models.CharField(_("kind of actor"), max_length=12)
    actor_label = models.CharField(_("actor"), max_length=200, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, null=True, db_constraint=False, related_name="+"
    )
    person_id = models.BigIntegerField(null=True)
    object_type = models.CharField(_("type of object"), max_length=80)
    object_id = models.CharField(_("object"), max_length=64)
    object_label = models.CharField(_("object's name"), max_length=200, blank=True)
    unit_id = models.BigIntegerField(null=True)
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = (
            models.Index(fields=("object_type", "object_id", "-id"), name="audit_object"),
            models.Index(fields=("unit_id", "-id"), name="audit_unit"),
            models.Index(fields=("user", "-id"), name="audit_user"),
        )

    def __str__(self) -> str:
        return f"{self.verb} {self.object_label}"

    @property
    def who(self) -> str:
        """The user's name as it is now, with their token's; for everybody else what was written down."""
        name = (self.user.name or self.user.email) if self.user is not None else ""
        return " ".join(part for part in (name, self.actor_label) if part)

    @property
    def act(self) -> str:
        """What was done, in the reader's language."""
        return verbs.describe(self.verb)

    @property
    def changes(self) -> list[tuple[str, object, object]]:
        """The fields that differ, as (name, before, after)."""
        names = list(dict.fromkeys([*self.before, *self.after]))
        return [
            (name, self.before.get(name), self.after.get(name))
            for name in names
            if self.before.get(name) != self.after.get(name)
        ]
