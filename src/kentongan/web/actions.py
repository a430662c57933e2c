"""What people change about their own screens."""

from kentongan.core import audit
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.clock import Zone
from kentongan.core.errors import Invalid, NotAllowed
from kentongan.core.models import User

CHOICES = {
    "language": set(User.Language.values),
    "theme": set(User.Theme.values),
    "timezone": set(Zone.values),
}


@action("web.profile.change", may_do_nothing=True)
def change_profile(actor: Actor, /, **changes: str) -> User:
    """Change the actor's own name, language, theme or zone; fields left out stay."""
    if actor.kind != "user" or actor.user_id is None:
        raise NotAllowed()
    for field, value in changes.items():
        if field not in {"name", *CHOICES} or (field in CHOICES and value not in CHOICES[field]) or not value:
            raise Invalid(fields={field: ["?"]})
    user = User.objects.select_for_update().get(pk=actor.user_id)
    before = audit.snapshot(user, *changes)
    if before == changes:
        return user
    for field, value in changes.items():
        setattr(user, field, value)
    user.save(update_fields=[*changes])
    audit.record(actor, user, before=before, after=changes)
    return user
