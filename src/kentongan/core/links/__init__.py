"""Single-use links for people who do not sign in: read as often as one likes, bound to the device that first acts.

class PersonInvitation(DeviceLink): ...                      # what it opens is the room's own
door = links.of(link, request.COOKIES.get(links.cookie_name(token), ""))
link, device = PersonInvitation.bind(link.pk, person.pk)     # inside an action; then links.keep(response, ...)
"""

from kentongan.core.links.doors import CLOSED, GONE, MAY_ASK, STATUS, Door, cookie_name, keep, of, unlisted
from kentongan.core.links.limits import act, miss
from kentongan.core.links.models import DeviceLink, Revocation, bound_to_a_device, revoked_for_a_reason

__all__ = [
    "CLOSED",
    "GONE",
    "MAY_ASK",
    "STATUS",
    "DeviceLink",
    "Door",
    "Revocation",
    "act",
    "bound_to_a_device",
    "cookie_name",
    "keep",
    "miss",
    "of",
    "revoked_for_a_reason",
    "unlisted",
]
