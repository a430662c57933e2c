"""What a link does for the device that holds it, or which story to tell instead. Nothing here writes."""

from enum import StrEnum

from django.conf import settings
from django.http import HttpResponse

from kentongan.core import ids
from kentongan.core.links.models import DeviceLink, Revocation


class Door(StrEnum):
    """What a link does for the device that holds it."""

    UNKNOWN = "unknown"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    OTHER_DEVICE = "other_device"
    NEW = "new"
    OPEN = "open"


CLOSED = frozenset(set(Door) - {Door.NEW, Door.OPEN})
MAY_ASK = frozenset({Door.OTHER_DEVICE, Door.EXPIRED, Door.REPLACED})
STATUS = {Door.UNKNOWN: 404, Door.OTHER_DEVICE: 403}
GONE = 410


def of(link: DeviceLink, device: str) -> Door:
    """Return what the link does for a device with this cookie."""
    if link.revoked_at is not None:
        return Door.REPLACED if link.revoked_for == Revocation.REPLACED else Door.WITHDRAWN
    if link.is_expired:
        return Door.EXPIRED
    if link.bound_at is None:
        return Door.NEW
    return Door.OPEN if device and ids.token_digest(device) == link.device_digest else Door.OTHER_DEVICE


def cookie_name(token: str) -> str:
    """Return the name of the cookie that binds a device to this link."""
    return f"kentongan_m_{ids.token_digest(token)[:12]}"


def keep(response: HttpResponse, link: DeviceLink, token: str, device: str, path: str) -> HttpResponse:
    """Give the device the cookie that makes the link its own, for the pages below `path`."""
    response.set_cookie(
        cookie_name(token),
        device,
        expires=link.expires_at,
        path=path,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def unlisted(response: HttpResponse) -> HttpResponse:
    """Keep a page behind a link out of search engines."""
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response
