"""Handles that look alike: what remains of a handle when everything is taken off that eyes pass over.

`Skeleton` is the same in PostgreSQL, where a trigram index stands on it, and `skeleton` in Python.
"""

import re
import unicodedata
from contextlib import suppress

from django.db.models import CharField, Func
from rapidfuzz.distance import OSA

# Digits that stand in for letters, and letters that look like each other; what has no counterpart falls away.
LOOKS = ("01l34578._- /", "oiieastb")
# Letters of other scripts that are drawn like Latin ones (Cyrillic, Greek, and single Latin strays).
FOREIGN = str.maketrans("аеорсухіјѕһԁԛԝкмтвнɡαορνικτυχεıłøđ", "aeopcyxijshdqwkmtbhgaopviktuxeilod")
BLUESKY = ".bsky.social"
# What people add to a name so that it seems to be the true one, as skeletons.
ADDED = tuple(
    "officiai resmi asii reai ori verified admin cs care bantuan iayanan heip support id indonesia".split()  # noqa: SIM905
)
ENDINGS = frozenset(
    "com net org info biz co go ac or sch web my desa id xyz site online top blogspot wordpress".split()  # noqa: SIM905
)
SHORTEST = 4
LONG = 8


class Skeleton(Func):
    """The skeleton of a column of handles; immutable, so that an index can stand on it."""

    template = (
        f"translate(replace(split_part(lower(%(expressions)s), '@', 1), '{BLUESKY}', ''), '{LOOKS[0]}', '{LOOKS[1]}')"
    )
    output_field = CharField()


def _latin(text: str) -> str:
    bare = unicodedata.normalize("NFKD", text).lower().translate(FOREIGN)
    return "".join(letter for letter in bare if not unicodedata.combining(letter))


def skeleton(handle: str) -> str:
    """Return what a handle looks like at a glance."""
    name = _latin(handle).partition("@")[0].replace(BLUESKY, "")
    gone = LOOKS[0][len(LOOKS[1]) :]
    return name.translate(str.maketrans(LOOKS[0][: len(LOOKS[1])], LOOKS[1], gone))


def _site(host: str) -> str:
    """Return the part of a site's name that people read."""
    host = host.partition("/")[0]
    with suppress(UnicodeError):
        host = host.encode("ascii").decode("idna")
    parts = [part for part in re.split(r"[.-]", _latin(host)) if part not in ENDINGS]
    return "".join(parts) or host


def core(platform: str, handle: str) -> str:
    """Return the skeleton of a handle without the words that are added to seem true."""
    name = skeleton(_site(handle) if platform == "website" else handle)
    for _round in range(len(name)):
        shorter = _without_added(name)
        if shorter == name:
            break
        name = shorter
    return name


def _without_added(name: str) -> str:
    """Return a name without one added word at its beginning or its end; the name itself when there is none."""
    for word in ADDED:
        for shorter in (name.removeprefix(word), name.removesuffix(word)):
            if shorter != name and len(shorter) >= SHORTEST:
                return shorter
    return name


def alike(one: str, other: str) -> int:
    """Return how far apart two cores are: 0 the same, 9 not alike."""
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) < SHORTEST:
        return 9
    if len(shorter) >= LONG and shorter in longer:
        return 3 if shorter != longer else 0
    edits = OSA.distance(one, other)
    return edits if edits <= (2 if len(shorter) >= LONG else 1) else 9
