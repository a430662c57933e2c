"""Tokens of API clients: making, revoking, recognising."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, clock, ids
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid, NotAllowed, NotFound
from kentongan.core.models import ApiToken

PREFIX = "ktg_"
ROOMS = (
    "registry",
    "listening",
    "planning",
    "publishing",
    "missions",
    "gatherings",
    "insights",
    "safeguards",
    "core",
)
SCOPES = tuple(f"{room}:{verb}" for room in ROOMS for verb in ("read", "write"))


@action("core.token.create")
def create(actor: Actor, name: str, scopes: Iterable[str], expires_at: datetime | None = None) -> tuple[ApiToken, str]:
    """Make a token for the signed-in user; returns the row and the secret, which is shown once."""
    if actor.kind != "user" or actor.user_id is None:
        raise NotAllowed(_("Only a signed-in person can make a token for themselves."))
    chosen = sorted(set(scopes))
    unknown = [scope for scope in chosen if scope not in SCOPES]
    if not chosen or unknown:
        raise Invalid(fields={"scopes": [_("Choose at least one of the scopes on the list.")]})
    if not name.strip():
        raise Invalid(fields={"name": [_("Say what the token is for.")]})
    secret = PREFIX + ids.token()
    row = ApiToken.objects.create(
        user_id=actor.user_id,
        name=name.strip()[:80],
        digest=ids.token_digest(secret),
        hint=secret[:8],
        scopes=chosen,
        expires_at=expires_at,
    )
    audit.record(actor, row, after={"name": row.name, "scopes": chosen, "expires_at": expires_at})
    return row, secret


@action("core.token.revoke")
def revoke(actor: Actor, token_id: int) -> ApiToken:
    """End one of the actor's own tokens."""
    own = ApiToken.objects.select_for_update().filter(pk=token_id)
    row = own.filter(user_id=actor.user_id).first() if actor.user_id else None
    if row is None:
        raise NotFound()
    row.revoked_at = row.revoked_at or clock.now()
    row.save(update_fields=["revoked_at"])
    audit.record(actor, row, after={"revoked_at": row.revoked_at})
    return row


def authenticate(secret: str) -> Actor | None:
    """Return the actor of a live token, else None; notes its use at most once a minute."""
    moment = clock.now()
    live = Q(expires_at=None) | Q(expires_at__gt=moment)
    row = (
        ApiToken.objects.select_related("user")
        .filter(live, digest=ids.token_digest(secret), revoked_at=None, user__is_active=True)
        .first()
    )
    if row is None:
        return None
    stale = Q(last_used_at=None) | Q(last_used_at__lt=moment - timedelta(minutes=1))
    ApiToken.objects.filter(stale, pk=row.pk).update(last_used_at=moment)
    return Actor.of_token(row.user, frozenset(row.scopes), row.name)
