"""Media at a public address, for platforms that fetch them themselves: one file of one delivery while it is sent.

The address is signed for the claim of the worker that sends the delivery: it opens one file, until the claim is over,
and nothing else. Whoever finds it later finds nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from kentongan.channels import registry as channels
from kentongan.channels.contract import Manifest
from kentongan.core import clock, files, media
from kentongan.core.errors import Invalid, NotFound
from kentongan.core.models.files import StoredFile
from kentongan.core.secrets import sign, unsign
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import CLAIMS

PURPOSE = "delivery-media"
LASTS = timedelta(hours=1)
"""Longer than any claim on what is fetched (`uploads.FETCHING`), which is what ends it."""
SUFFIXES = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
}


def problem() -> str:
    """Return why no platform could fetch anything from this installation, and what to do; empty where it can."""
    parts = urlsplit(settings.PUBLIC_URL)
    if parts.scheme == "https" and _is_public(parts.hostname or ""):
        return ""
    return _(
        "The platform fetches pictures and videos itself, and this installation has no public address that begins with "
        "https://: have your administrator set KENTONGAN_PUBLIC_URL."
    )


def _is_public(host: str) -> bool:
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".local", ".localhost", ".internal", ".lan"))


def check(platforms: Iterable[str], files_sent: Sequence[StoredFile]) -> None:
    """Raise Invalid where media are to go to a platform that could not fetch them from here."""
    manifests = [channels.get(kind).manifest for kind in platforms]
    wanting = [str(one.label) for one in manifests if any(_is_fetched(one, file) for file in files_sent)]
    if wanting and (text := problem()):
        raise Invalid(
            fields={"accounts": [f"{', '.join(sorted(wanting))}: {text}"]},
            remedy=_("Choose other accounts until then, or take the pictures and videos out of the item."),
        )


def _is_fetched(manifest: Manifest, file: StoredFile) -> bool:
    return (manifest.fetches_pictures and file.is_image) or (manifest.fetches_videos and file.is_video)


def address(delivery: Delivery, file: StoredFile, media_type: str = "") -> str:
    """Return where a file's copy of that type can be fetched while it is being sent; empty where nobody fetches it."""
    manifest = channels.get(delivery.account.platform).manifest
    if not _is_fetched(manifest, file) or delivery.claim_token is None or problem():
        return ""
    token = sign(PURPOSE, [delivery.pk, delivery.claim_token.hex, file.pk], expires_in=LASTS)
    path = reverse("publishing:media", args=[token, SUFFIXES.get(media_type or file.media_type, "bin")])
    return f"{settings.PUBLIC_URL}{path}"


def copy_of(token: str) -> tuple[Path, str]:
    """Return what an address opens now, and its type: the copy that goes out, never what was uploaded.

    Raises BadSignature for what was made up, NotFound afterwards.
    """
    number, claim, file_id = unsign(PURPOSE, token)
    sent = Delivery.objects.filter(
        pk=number, claim_token=claim, claimed_until__gt=clock.in_database(), state__in=CLAIMS
    ).first()
    file = StoredFile.objects.filter(pk=file_id, erased_at=None).first()
    row = _part(sent, file) if sent and file else None
    if row is None or file is None:
        raise NotFound()
    if "fit" not in row:  # scheduled before there were copies
        return files.path(file), file.media_type
    copy = media.fitted(file, row["fit"])
    return files.content_path(copy.sha256), copy.media_type


def _part(delivery: Delivery, file: StoredFile) -> dict[str, Any] | None:
    """Return what the delivery says of that file, as it was fixed when it was scheduled; None where it has no part."""
    rows = [*delivery.content.get("images", []), *delivery.content.get("videos", [])]
    return next((row for row in rows if row["file"] == file.pk), None)
