"""Apps whose posts a platform shows to nobody, since it has not audited them: what is known, and learnt, of that."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from kentongan.channels import registry as channels
from kentongan.channels.contract import Found, Published
from kentongan.core import audit, clock
from kentongan.core.actor import Actor
from kentongan.publishing.models import PlatformApp
from kentongan.registry import queries as registry

FIRST_VIEW = timedelta(minutes=10)
"""When what came out public is looked at again: YouTube locks some videos only then."""
LATER_VIEWS = (timedelta(hours=2),)
HIDDEN_VIEWS = (timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))


def hides(platform: str) -> bool:
    """Whether the platform shows to nobody what comes from the organisation's app; no query where none does that."""
    if channels.get(platform).viewer is None:
        return False
    return PlatformApp.objects.filter(platform=platform, hidden_since__isnull=False).exists()


def problem(platform: str) -> str:
    """Return why nothing goes out through such an app, and what to do."""
    text = _(
        "%(platform)s shows to nobody what comes from the organisation's app: it has not audited it. Ask it for the "
        "audit; then an administrator says so under Connections, Apps at platforms."
    )
    return text % {"platform": channels.label(platform)}


def learn(actor: Actor, platform: str, *, hidden: bool = True) -> bool:
    """Note that posts of the app are shown to nobody, or to everybody again; whether that is new. Part of an action."""
    known = PlatformApp.objects.filter(platform=platform, hidden_since__isnull=hidden)
    if not known.update(hidden_since=clock.now() if hidden else None):
        return False
    if root := registry.root():
        audit.record(actor, root, after={"platform": platform, "hidden": hidden})
    return True


def noted(there: Published | Found) -> dict[str, Any]:
    """Return what is noted of a delivery that nobody sees: where it is, and when it is looked at again."""
    return {
        "remote_id": there.remote_id,
        "url": there.url,
        "published_at": None,
        "settled_at": None,
        "looks": 0,
        "look_at": clock.now() + HIDDEN_VIEWS[0],
    }


def first_view(platform: str) -> dict[str, Any]:
    """Return when what is out there is looked at again: never, where nothing is hidden."""
    seen = channels.get(platform).viewer is None
    return {"looks": 0, "look_at": None if seen else clock.now() + FIRST_VIEW}


def put_off(published_at: datetime | None) -> datetime:
    """Return when what is out is looked at again where a look learnt nothing: ever later, a day at most."""
    now = clock.now()
    return now + min(max(now - (published_at or now), FIRST_VIEW), HIDDEN_VIEWS[-1])


def next_view(looks: int, *, hidden: bool) -> datetime | None:
    """Return when it is looked at again after so many looks; None where that was the last one."""
    waits = HIDDEN_VIEWS if hidden else LATER_VIEWS
    if not hidden and looks > len(waits):
        return None
    return clock.now() + waits[min(looks, len(waits)) - 1]
