"""What is written about signing in at platforms: the organisation's apps, and sign-ins that people began."""

from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from kentongan.channels import registry as channels
from kentongan.channels import services
from kentongan.channels.contract import Rejected, SignIn
from kentongan.core import audit, clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotFound
from kentongan.core.permissions import Capability
from kentongan.core.secrets import keyed_hash
from kentongan.publishing.actions import reconnecting
from kentongan.publishing.models import PlatformApp, SignInTry
from kentongan.registry import access as rights
from kentongan.registry import queries as registry

MINUTES = timedelta(minutes=15)
AT_ONCE = 20
APP_SEEN = ("client_id", "service_url", "posts_a_day", "month_usd")


def sign_in_of(platform: str) -> SignIn:
    """Return what signs in at that platform; NotFound for one where nobody does."""
    found = channels.get(platform).sign_in
    if found is None:
        raise NotFound()
    return found


@action("publishing.app.set")
def set_app(
    actor: Actor,
    platform: str,
    *,
    client_id: str,
    client_secret: str = "",
    service: str = "",
    posts_a_day: int | None = None,
    month_usd: Decimal | None = None,
) -> PlatformApp:
    """Store the organisation's app at a platform; an empty secret leaves the stored one while the client is the same.

    Only who administers the whole organisation may. Raises Invalid for what cannot be an app.
    """
    root = rights.get_unit(actor, Capability.ADMINISTER, parent=None)
    sign_in, client_id = sign_in_of(platform), client_id.strip()
    if not client_id or not client_id.isprintable() or len(client_id) > 300:
        raise Invalid(fields={"client_id": [_("Copy the client id from the platform's developer pages.")]})
    app = PlatformApp.objects.select_for_update().filter(platform=platform).first() or PlatformApp(platform=platform)
    before = audit.snapshot(app, *APP_SEEN) if app.pk else {}
    is_another = app.client_id != client_id
    if client_secret.strip() or is_another:
        app.client_secret = client_secret.strip()
    app.client_id, app.service_url = client_id, _service(service or sign_in.service)
    app.posts_a_day, app.month_usd = posts_a_day, month_usd
    was_hidden, app.hidden_since = app.hidden_since, None if is_another else app.hidden_since
    app.save()
    if was_hidden and is_another:  # of another app nobody knows yet
        reconnecting.let_all_go(actor, platform)
    after = audit.snapshot(app, *APP_SEEN)
    audit.record(actor, root, before=before, after={**after, "platform": platform})
    return app


def _service(entered: str) -> str:
    try:
        return services.address(entered).geturl()
    except Rejected as error:
        raise Invalid(fields={"service": [error.message]}) from error


@action("publishing.app.forget")
def forget_app(actor: Actor, platform: str) -> None:
    """Forget the organisation's app at a platform: its accounts there can no longer stay signed in."""
    root = rights.get_unit(actor, Capability.ADMINISTER, parent=None)
    app = PlatformApp.objects.select_for_update().filter(platform=platform).first()
    if app is None:
        raise NotFound()
    audit.record(actor, root, before=audit.snapshot(app, *APP_SEEN) | {"platform": platform})
    app.delete()


@action("publishing.sign_in.begin")
def begin(actor: Actor, account_id: int, *, session: str, state: str, verifier: str, redirect: str) -> SignInTry:
    """Note that this person, in this session, is about to sign in for that account."""
    account = registry.account_to_connect(actor, account_id)
    sign_in_of(account.platform)
    if not PlatformApp.objects.filter(platform=account.platform).exists():
        raise Conflict(
            _("The organisation has no app at this platform yet."),
            remedy=_(
                "Ask an administrator of the whole organisation to enter it under Connections, Apps at platforms."
            ),
        )
    if not session or actor.user_id is None:
        raise Conflict(_("Only a person can sign in."), remedy=_("Do it in a browser."))
    now = clock.now()
    SignInTry.objects.filter(expires_at__lt=now - timedelta(days=1)).delete()
    if SignInTry.objects.filter(user_id=actor.user_id, used_at=None, expires_at__gt=now).count() >= AT_ONCE:
        raise Conflict(_("You began too many sign-ins."), remedy=_("Wait a quarter of an hour, then begin again."))
    begun = SignInTry.objects.create(
        account=account,
        user_id=actor.user_id,
        state=_hashed(state),
        session=_hashed(session),
        verifier=verifier,
        redirect=redirect,
        expires_at=now + MINUTES,
    )
    audit.record(actor, account, after={"platform": account.platform, "at": urlsplit(redirect).netloc})
    return begun


def _hashed(value: str) -> str:
    return keyed_hash("sign-in", value)


@action("publishing.sign_in.take")
def take(actor: Actor, *, state: str, session: str) -> SignInTry:
    """Return the sign-in that somebody comes back from, used up by this; Invalid unless it is theirs, and lasts."""
    tries = SignInTry.objects.select_for_update(of=("self",)).select_related("account__unit", "account__connection")
    begun = tries.filter(state=_hashed(state), session=_hashed(session)).first()
    if begun is None or begun.user_id != actor.user_id or begun.used_at is not None or begun.expires_at <= clock.now():
        raise Invalid(
            _("This sign-in is over, or was begun in another browser."),
            remedy=_("Begin it again under Connections."),
        )
    account = registry.account_to_connect(actor, begun.account_id)
    begun.used_at = clock.now()
    begun.save(update_fields=["used_at"])
    audit.record(actor, account, after={"platform": account.platform})
    return begun
