"""The forms of allauth, in our words and fit for a phone's keyboard."""

from typing import Any

from allauth.account.forms import AddEmailForm
from allauth.account.models import EmailAddress
from allauth.mfa.base import forms as steps
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn import forms as passkeys
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

# Words of allauth that we say otherwise in Indonesian: of two catalogues, that of the app installed first wins.
REWORDED = (
    gettext_noop("Email"),
    gettext_noop("Email address"),
    gettext_noop("Remember Me"),
    gettext_noop("Confirm Access"),
    gettext_noop("Please reauthenticate to safeguard your account."),
    gettext_noop("Use authenticator app or code"),
    gettext_noop("Use a security key"),
    gettext_noop("Security key added."),
    gettext_noop("Security key removed."),
    gettext_noop("Authenticator app deactivated."),
    gettext_noop("Change Password"),
    gettext_noop("Password successfully changed."),
    gettext_noop("Your password can’t be too similar to your other personal information."),
    gettext_noop("Your password can’t be a commonly used password."),
)


def _for_digits(field: forms.Field) -> None:
    field.widget.attrs |= {"inputmode": "numeric", "autofocus": True}


class NewAddressForm(AddEmailForm):  # type: ignore[misc]
    """The address that takes the place of the one somebody signs in with."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("New address")

    def save(self, request: HttpRequest) -> EmailAddress:
        """Vouch for the address an administrator gave: one that nobody confirmed would be dropped for the new one."""
        EmailAddress.objects.filter(user=self.user, email=self.user.email).update(verified=True, primary=True)
        return super().save(request)


class SecondStepForm(steps.AuthenticateForm):  # type: ignore[misc]
    """The code of the app, or a recovery code, after the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _for_digits(self.fields["code"])


class ConfirmForm(steps.ReauthenticateForm):  # type: ignore[misc]
    """The code of the app, before something that matters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _for_digits(self.fields["code"])


class SetUpAppForm(ActivateTOTPForm):  # type: ignore[misc]
    """The first code of a new app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code that the app shows")
        self.fields["code"].widget.attrs["inputmode"] = "numeric"


class AddPasskeyForm(passkeys.AddWebAuthnForm):  # type: ignore[misc]
    """The name of a new passkey, and whether it opens without a password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of the passkey")
        alone = self.fields["passwordless"]
        alone.label, alone.initial = _("Sign in with it alone"), True
        alone.help_text = _("Without the tick it is only the second step, after your password.")


class RenamePasskeyForm(passkeys.EditWebAuthnForm):  # type: ignore[misc]
    """Another name for a passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of the passkey")


class PasskeyForm(passkeys.LoginWebAuthnForm):  # type: ignore[misc]
    """A passkey instead of a password."""

    def clean_credential(self) -> Any:
        """Say of a passkey that was removed what it is, instead of calling it a wrong code."""
        try:
            return super().clean_credential()
        except forms.ValidationError as error:
            raise forms.ValidationError(_("This passkey is not known here. Sign in another way.")) from error
