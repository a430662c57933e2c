"""Signing in at a platform's own page, from beginning to connected: the calls lie between two short actions."""

import httpx
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from kentongan.channels import oauth
from kentongan.channels.contract import App, ChannelError, Credentials, SignInOfSeveral
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid
from kentongan.publishing import connections
from kentongan.publishing.actions import signing_in as actions
from kentongan.publishing.models import SignInTry
from kentongan.registry.models import Account

DENIED = "access_denied"


def redirect() -> str:
    """Return where platforms send people back to; it has to be entered there, letter by letter."""
    return f"{settings.PUBLIC_URL}{reverse('publishing:signed_in')}"


def begin(actor: Actor, account_id: int, session: str) -> str:
    """Begin a sign-in and return the address of the platform's page."""
    state, verifier = oauth.new_secret(), oauth.new_secret()
    where = redirect()
    begun = actions.begin(actor, account_id, session=session, state=state, verifier=verifier, redirect=where)
    platform, challenge = begun.account.platform, oauth.challenge_of(verifier)
    return actions.sign_in_of(platform).page(_app(platform), redirect=where, state=state, challenge=challenge)


def _app(platform: str) -> App:
    app = connections.app_of(platform)
    if app is None:
        raise Conflict(_("The organisation has no app at this platform any more."))
    return app


def finish(actor: Actor, session: str, *, state: str, code: str, error: str) -> Account:
    """Connect the account with what somebody came back with; raises Invalid or Conflict in words."""
    begun = actions.take(actor, state=state, session=session)
    if error or not code:
        raise Invalid(_refused(error), remedy=_("Begin it again under Connections, and allow it there."))
    account = begun.account
    try:
        with connections.client() as calls:
            credentials = _exchanged(begun, code, calls)
            health = connections.health_of(account, credentials, calls)
    except ChannelError as problem:
        raise Invalid(problem.message, remedy=_("Begin it again under Connections.")) from problem
    # A worker may be renewing the former sign-in at this moment: what it stores must not come after this.
    with connections.one_at_a_time(account):
        return connections.keep(actor, account, credentials, health)


def _exchanged(begun: SignInTry, code: str, calls: httpx.Client) -> Credentials:
    """Return what signs in for the account, and for no other."""
    account = begun.account
    sign_in = actions.sign_in_of(account.platform)
    credentials = sign_in.exchange(
        _app(account.platform), code=code, verifier=begun.verifier, redirect=begun.redirect, client=calls
    )
    if isinstance(sign_in, SignInOfSeveral):
        return sign_in.pick(credentials, account.handle, connections.known_id(account), calls)
    connections.check_same(account, credentials)
    return credentials


def _refused(error: str) -> str:
    if error == DENIED:
        return _("At the platform it was not allowed.")
    return _("The platform did not sign you in: %(error)s.") % {"error": error[:80] or _("it gave no reason")}
