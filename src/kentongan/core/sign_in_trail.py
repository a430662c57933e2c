"""What people change about their own way in, written to the audit log. allauth does it and tells by signals only."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.signals import email_changed, password_changed, password_reset, password_set
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.utils.translation import override

from kentongan.core import audit
from kentongan.core.actor import Actor
from kentongan.core.models import User


def _record(user: User, verb: str, **after: Any) -> None:
    audit.record(Actor.of_user(user), user, verb=f"core.user.{verb}", after=after)


@receiver(user_logged_out)
def signed_out(user: User | None, **_: Any) -> None:
    """Somebody signed out; an expired session signs out nobody."""
    if user is not None:
        _record(user, "sign_out")


@receiver([password_changed, password_set, password_reset])
def new_password(user: User, **_: Any) -> None:
    """Somebody has a new password."""
    _record(user, "password")


@receiver(email_changed)
def new_address(user: User, from_email_address: Any, to_email_address: Any, **_: Any) -> None:
    """Somebody signs in with another address: the old one is told. The log names neither."""
    _record(user, "address")
    if from_email_address is not None:
        with override(user.language):
            context = {"name": user.name, "address": to_email_address.email}
            get_adapter().send_mail("account/email/address_changed", from_email_address.email, context)


@receiver([authenticator_added, authenticator_reset])
def second_step_added(user: User, authenticator: Authenticator, **_: Any) -> None:
    """Somebody set up an app, a passkey or new recovery codes."""
    _record(user, "second_step.add", kind=authenticator.type)


@receiver(authenticator_removed)
def second_step_removed(user: User, authenticator: Authenticator, **_: Any) -> None:
    """Somebody took an app, a passkey or the recovery codes away."""
    _record(user, "second_step.remove", kind=authenticator.type)
