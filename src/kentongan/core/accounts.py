"""How allauth behaves here: nobody signs up by themselves, and each sign-in is in the audit log."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, secrets
from kentongan.core.actor import Actor
from kentongan.core.models import User

WRONG_CODE = _("This code is wrong or no longer counts. Type the newest one.")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-ins are made by administrators."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "incorrect_code": WRONG_CODE,
        "too_many_login_attempts": _(
            "Too many wrong passwords. Wait five minutes, or sign in with a code that we send to your address."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Keep sign-up closed."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, object]) -> None:
        """Write to a user in their own language, whatever the page was in that asked for it."""
        user = User.objects.filter(email__iexact=email).first()
        with translation.override(user.language if user else translation.get_language()):
            super().send_mail(template_prefix, email, context)

    def can_delete_email(self, email_address: EmailAddress) -> bool:
        """Keep the address that somebody signs in with; only one that waits to replace it may go."""
        return bool(email_address.email != email_address.user.email)

    def post_login(self, request: HttpRequest, user: User, **kwargs: object) -> object:
        """Record the sign-in, then go on."""
        audit.record(Actor.of_user(user), user, verb="core.user.sign_in", after={"method": self._method(request)})
        return super().post_login(request, user, **kwargs)

    @staticmethod
    def _method(request: HttpRequest) -> str:
        """Return how they came in: password, code, mfa ...; several steps are joined by +."""
        records = request.session.get("account_authentication_methods", [])
        return "+".join(str(record.get("method", "")) for record in records) or "unknown"


class SecondStepAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Authenticator apps, passkeys and recovery codes."""

    error_messages = DefaultMFAAdapter.error_messages | {"incorrect_code": WRONG_CODE}

    def encrypt(self, text: str) -> str:
        """Encrypt the secret of an app or the seed of recovery codes; `core.stored_secrets` knows where they lie."""
        return secrets.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Return what was encrypted."""
        return secrets.decrypt(encrypted_text)
