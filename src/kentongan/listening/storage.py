"""This process's lake, its key index, its gazetteers: what is expensive to make and the same for everybody."""

from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import connection

from kentongan.core import secrets
from kentongan.listening.keyindex import KeyIndex
from kentongan.listening.lake import Lake
from kentongan.listening.pipeline import gazetteer, normalise
from kentongan.listening.pipeline.context import Context
from kentongan.registry import areas

# One lock for all that writes to the lake, one for the clusterer; numbers of our own.
APPEND_LOCK = 7_305_001
STREAM_LOCK = 7_305_002


@lru_cache(maxsize=4)
def _lake(root: Path) -> Lake:
    return Lake(root)


def lake() -> Lake:
    """Return the lake of this installation."""
    return _lake(settings.KENTONGAN_HOME / "lake")


@lru_cache(maxsize=4)
def _index(root: Path) -> KeyIndex:
    return KeyIndex()


def index() -> KeyIndex:
    """Return this process's index of the lake."""
    return _index(settings.KENTONGAN_HOME / "lake")


def lock(number: int) -> None:
    """Wait for the lock, which the end of the transaction releases."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])


@lru_cache(maxsize=8)
def gazetteer_of(area_code: str) -> gazetteer.Gazetteer:
    """Return the gazetteer of an area: down to villages within a regency, to regencies otherwise."""
    deepest = areas.VILLAGE if area_code.count(".") >= 1 else areas.REGENCY
    inside = [area for area in areas.scope(area_code) if area.level <= deepest]
    known = {area.code for area in inside}
    outside = [area for area in areas.scope() if area.level == areas.REGENCY and area.code not in known]
    return gazetteer.build(area_code, inside, outside, normalise.roots())


def hash_mention(handle: str) -> str:
    """Return what stands for an account's name inside a text."""
    return "u" + secrets.keyed_hash("mention", handle.lower())[:10]


def context(area_code: str) -> Context:
    """Return what the pipeline may know for posts about an area."""
    return Context(gazetteer_of(area_code), hash_mention)
