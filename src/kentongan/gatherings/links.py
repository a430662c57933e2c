"""A participant's signed link: what it carries, how long it is good, how it is shown as a QR code."""

from datetime import timedelta

import segno
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe

from kentongan.core import clock, secrets
from kentongan.gatherings.models import Gathering, Participant

PURPOSE = "gatherings.participant"
GRACE = timedelta(days=7)


def moment(gathering: Gathering) -> str:
    """Return when it begins, as people say it in the unit's zone."""
    local = timezone.localtime(gathering.starts_at, clock.zone(gathering.unit.timezone))
    return f"{date_format(local, 'l j F Y, H.i')} {clock.abbreviation(gathering.unit.timezone)}"


def token(participant: Participant) -> str:
    """Return the participant's signed token; good until a week after the gathering, or half a year."""
    ahead = participant.gathering.ends_at - clock.now() + GRACE
    return secrets.sign(PURPOSE, participant.pk, expires_in=max(ahead, GRACE))


def participant_id(text: str) -> int:
    """Return whose token this is; raises BadSignature or SignatureExpired."""
    return int(secrets.unsign(PURPOSE, text))


def address(participant: Participant) -> str:
    """Return the address of the participant's page."""
    return settings.PUBLIC_URL + reverse("guest:page", args=(token(participant),))


def qr(token_text: str) -> SafeString:
    """Return the QR code of the staff's check-in page for this token, as inline SVG without styles."""
    url = settings.PUBLIC_URL + reverse("gatherings:scan", args=(token_text,))
    code = segno.make(url, error="m", micro=False)
    # The content is our own URL and never markup; segno writes the rest.
    return mark_safe(code.svg_inline(scale=6, omitsize=True, svgclass="qr", lineclass=None))  # noqa: S308
