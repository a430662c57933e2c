"""The badge and the QR code that lead to a unit's page of official accounts."""

from io import BytesIO

import segno
from django.conf import settings
from django.urls import reverse

from kentongan.registry.models import Unit

BORDER = 4
DARK = "#241c15"
CHARACTER = 7.4
SHOWN = 46


def address(unit: Unit) -> str:
    """Return the address of the unit's page, as it stands on paper and on other sites."""
    return f"{settings.PUBLIC_URL}{reverse('check:unit', args=(unit.slug,))}"


def _code(unit: Unit) -> segno.QRCode:
    return segno.make(address(unit), error="q", micro=False)


def qr_svg(unit: Unit) -> bytes:
    """Return the QR code as an SVG picture of its own."""
    out = BytesIO()
    _code(unit).save(out, kind="svg", scale=8, border=BORDER, dark=DARK, light="#fff", nl=False)
    return out.getvalue()


def qr_png(unit: Unit) -> bytes:
    """Return the QR code as a PNG, large enough for print: 16 pixels a module."""
    out = BytesIO()
    _code(unit).save(out, kind="png", scale=16, border=BORDER, dark=DARK, light="#fff")
    return out.getvalue()


def short(name: str) -> str:
    """Return a name that fits on the badge."""
    return name if len(name) <= SHOWN else f"{name[: SHOWN - 1].rstrip()}…"


def line(text: str) -> int:
    """Return how long a line of the badge is drawn, in pixels, whatever typeface the reader's machine has."""
    return int(CHARACTER * len(text))


def width(*texts: str) -> int:
    """Return how wide the badge must be in pixels for its longest line."""
    return 56 + max(map(line, texts)) + 16
