"""Areas that somebody covers, as people write them ("Kab. Bekasi", "32.16", "Cikarang Utara"), read to codes."""

import re
from collections.abc import Iterable
from functools import lru_cache

from django.utils.translation import gettext as _

from kentongan.core.errors import Invalid, NotFound
from kentongan.registry import areas

CODE = re.compile(r"(\d\d)(?:\.?(\d\d)(?:\.?(\d\d)(?:\.?(\d{4}))?)?)?")
APART = re.compile(r"\s*[;,\n]\s*")
LEVELS = {
    "provinsi": areas.PROVINCE,
    "prov": areas.PROVINCE,
    "kabupaten": areas.REGENCY,
    "kab": areas.REGENCY,
    "kota": areas.REGENCY,
    "kecamatan": areas.DISTRICT,
    "kec": areas.DISTRICT,
    "kelurahan": areas.VILLAGE,
    "kel": areas.VILLAGE,
    "desa": areas.VILLAGE,
}
FULL = {"prov": "provinsi", "kab": "kabupaten", "kec": "kecamatan", "kel": "kelurahan"}
SHOWN = 3


def around(codes: Iterable[str]) -> list[str]:
    """Return these codes and those of the areas around them: 32.16.09 lies in 32.16 and in 32."""
    found = set()
    for code in codes:
        parts = code.split(".")
        found |= {".".join(parts[: depth + 1]) for depth in range(len(parts))}
    return sorted(found)


def names(codes: Iterable[str]) -> list[str]:
    """Return the areas' names as people say them; a code that the gazetteer does not know any more stays as it is."""
    return [_name(code) for code in codes]


def _name(code: str) -> str:
    try:
        area = areas.get(code)
    except NotFound:
        return code
    kind = {areas.DISTRICT: "Kec. ", areas.VILLAGE: f"{area.village_word} "}.get(area.level, "")
    return f"{kind}{area.name}"


def spoken(codes: Iterable[str], near: str = "") -> str:
    """Return the areas as a text that reads back to the same codes: by name where no other area is meant by it."""
    return "; ".join(name if _means(name, code, near) else code for code, name in ((one, _name(one)) for one in codes))


def _means(name: str, code: str, near: str) -> bool:
    try:
        return read(name, near) == code
    except Invalid:
        return False


def split(text: str) -> list[str]:
    """Return the parts of a text in which several areas stand."""
    return [part for part in APART.split(text.strip()) if part]


@lru_cache(maxsize=4096)
def read(text: str, near: str = "") -> str:
    """Return the code of the one area that `text` names; where several are called so, the one in or around `near`.

    Raises Invalid with what it might be.
    """
    words = " ".join(text.split())
    code = CODE.fullmatch(words)
    if code:
        return _known(".".join(part for part in code.groups() if part), words)
    found = _called(words)
    if len(found) > 1:
        found = _likeliest(found, near)
    if len(found) == 1:
        return found[0].code
    if not found:
        raise Invalid(_("No area is called “%(text)s”.") % {"text": words[:60]})
    likely = "; ".join(f"{one.name} {one.code}" for one in found[:SHOWN])
    raise Invalid(_("Several areas are called “%(text)s”: %(likely)s.") % {"text": words[:60], "likely": likely})


def _likeliest(found: list[areas.Area], near: str) -> list[areas.Area]:
    """Return those in `near`, else those around it, if any.

    Of these a regency comes before a village, and a district before its own villages.
    """
    inside = [one for one in found if one.code.startswith(near)]
    found = inside or [one for one in found if near and one.code in around([near])] or found
    highest = min(one.level for one in found)
    tops = [one for one in found if one.level == highest]
    below = all(one.code.startswith(tops[0].code) for one in found)
    return tops if highest <= areas.REGENCY or (len(tops) == 1 and below) else found


def _known(code: str, words: str) -> str:
    try:
        return areas.get(code).code
    except NotFound as error:
        raise Invalid(_("No area is called “%(text)s”.") % {"text": words[:60]}) from error


def _called(words: str) -> list[areas.Area]:
    """Return the areas of exactly this name; "Kota Bekasi" is not the regency."""
    first, _blank, rest = words.partition(" ")
    word = first.casefold().rstrip(".")
    level = LEVELS.get(word) if rest else None
    found = areas.named(words, level=level)
    whole = f"{FULL.get(word, word)} {rest}".casefold().strip()
    return [one for one in found if one.name.casefold() == whole] or found
