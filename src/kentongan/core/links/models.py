"""What every link to one person's page on one phone stores."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kentongan.core import clock, ids
from kentongan.core.errors import Conflict


class Revocation(models.TextChoices):
    """Why a link no longer works."""

    REPLACED = "replaced", _("A newer link was sent")
    WITHDRAWN = "withdrawn", _("Withdrawn by the office")


class DeviceLink(models.Model):
    """A single-use link; only its token's hash is stored.

    Reading a link changes nothing, so that a messenger's preview cannot use it up. The first POST binds it to that
    device: `device_digest` is the hash of a cookie which only that device holds.
    """

    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    bound_at = models.DateTimeField(_("first used"), null=True)
    device_digest = models.CharField(max_length=64, blank=True, db_default="", editable=False)
    asked_again_at = models.DateTimeField(_("asked for a new link"), null=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True)
    revoked_for = models.CharField(_("reason"), max_length=10, blank=True, choices=Revocation.choices, db_default="")

    class Meta:
        abstract = True

    @property
    def is_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at <= clock.now()

    def ask_again(self) -> bool:
        """Note that somebody asks for a new link; changes nothing else, so that anybody holding the old one may ask.

        Not an action: it is a wish, without rights and without an effect that needs a trail. Staff see it.
        """
        same = type(self)._default_manager.filter(pk=self.pk)
        return bool(same.exclude(revoked_for=Revocation.WITHDRAWN).update(asked_again_at=clock.now()))

    @classmethod
    def bind(cls, link_id: int, person_id: int) -> tuple[Self, str]:
        """Bind a link of that person to the device that asks; return it, and the secret to be set as a cookie.

        Part of an action. Race: of two devices at once one wins the compare-and-set; the other gets Conflict.
        """
        device, now = ids.token(), clock.now()
        free = cls._default_manager.filter(
            pk=link_id, person_id=person_id, bound_at=None, revoked_at=None, expires_at__gt=now
        )
        if not free.update(bound_at=now, device_digest=ids.token_digest(device)):
            raise Conflict(
                _("This link was just opened on another device."),
                remedy=_("Ask for a new link if that was not you."),
                code="link_taken",
            )
        return cls._default_manager.get(pk=link_id), device


def bound_to_a_device(name: str) -> models.CheckConstraint:
    """Return the constraint that a link is bound and knows its device, or neither."""
    return models.CheckConstraint(
        condition=Q(bound_at__isnull=True, device_digest="") | (Q(bound_at__isnull=False) & ~Q(device_digest="")),
        name=name,
    )


def revoked_for_a_reason(name: str) -> models.CheckConstraint:
    """Return the constraint that a revoked link says why."""
    return models.CheckConstraint(
        condition=Q(revoked_at__isnull=True, revoked_for="")
        | Q(revoked_at__isnull=False, revoked_for__in=Revocation.values),
        name=name,
    )
