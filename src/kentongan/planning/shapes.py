"""What a platform says of the shape of pictures and videos: how narrow and how wide they may be."""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from kentongan.core.models.files import StoredFile
from kentongan.core.models.media import MediaFacts

ROUNDED = 0.01
"""Whole pixels do not meet a shape exactly."""


def problems(
    files: Iterable[StoredFile],
    allowed: tuple[float, float] | None,
    platform: Mapping[str, Any],
    facts: Mapping[str, MediaFacts],
) -> Iterator[str]:
    """Yield what is narrower or wider than the platform takes; what nobody has looked into yet is left out."""
    if allowed is None:
        return
    narrowest, widest = allowed
    for file in files:
        known = facts.get(file.sha256)
        if known is None or narrowest * (1 - ROUNDED) <= known.width / known.height <= widest * (1 + ROUNDED):
            continue
        about = {"name": file.name, "width": known.width, "height": known.height}
        text = _(
            "%(platform)s takes shapes between %(narrowest)s and %(widest)s; “%(name)s” has %(width)s × %(height)s "
            "pixels: crop it."
        )
        yield text % {**platform, **about, "narrowest": ratio(narrowest), "widest": ratio(widest)}


def ratio(shape: float) -> str:
    """Return width by height as people write it: 4:5, 1.91:1."""
    whole = Fraction(shape).limit_denominator(100)
    if abs(float(whole) - shape) < 1e-9 and (whole.numerator <= 20 or whole.denominator == 1):
        return f"{whole.numerator}:{whole.denominator}"
    return f"{shape:.4g}:1"
