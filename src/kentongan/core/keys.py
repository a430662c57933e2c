"""Changing the keys: a new one in front, every stored secret encrypted anew, old ones dropped when nothing uses them.

    rotate(actor)   # as often as needed: it goes on where an earlier run ended, however that ended

Each step is durable before the next begins, and every step can be done twice: the old keys read until the last one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, clock, keyring
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict
from kentongan.core.locks import FileLock
from kentongan.core.secrets import CannotDecrypt
from kentongan.core.stored_secrets import Place, places

BATCH = 500
# Race: a process that read the key file just before the change may still be about to commit what it encrypted.
GRACE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Status:
    """How many keys there are, and how many stored values each encryption key opens, the newest first."""

    signing_keys: int
    values: tuple[int, ...]
    unreadable: int
    changed_at: datetime

    @property
    def outdated(self) -> int:
        """How many values wait to be written anew."""
        return sum(self.values[1:])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run did, and when the old keys may go if they are still there."""

    added: bool
    renewed: int
    retired: bool
    retire_after: datetime


def _folder() -> Path:
    return Path(settings.KENTONGAN_SECRET_DIR)


def _opened_by(ciphers: list[Fernet], stored: str) -> int | None:
    for number, cipher in enumerate(ciphers):
        try:
            cipher.decrypt(stored.encode())
        except InvalidToken:
            continue
        return number
    return None


def status() -> Status:
    """Return which keys there are and what each of them still opens; reads every stored secret."""
    ring = keyring.load(_folder())
    ciphers = [Fernet(key) for key in ring.encryption]
    counts: dict[int | None, int] = {}
    for place in places():
        for _pk, stored in place.stored().iterator(chunk_size=BATCH):
            key = _opened_by(ciphers, stored)
            counts[key] = counts.get(key, 0) + 1
    values = tuple(counts.get(key, 0) for key in range(len(ciphers)))
    return Status(len(ring.signing), values, counts.get(None, 0), keyring.changed_at(_folder()))


def rotate(actor: Actor) -> Outcome:
    """Add a key, or go on with the change that is under way; raises CannotDecrypt before anything would be lost."""
    lock = FileLock(Path(settings.KENTONGAN_HOME) / "keys.lock")
    if not lock.acquire():
        raise Conflict(_("Somebody changes the keys at this moment."), remedy=_("Wait until they are through."))
    try:
        return _rotate(actor)
    finally:
        lock.release()


def _rotate(actor: Actor) -> Outcome:
    added = len(keyring.load(_folder()).encryption) == 1
    if added:
        _add(actor)
    renewed = sum(_renew(place) for place in places())
    if renewed:
        _note(actor, renewed)
    retire_after = keyring.changed_at(_folder()) + GRACE
    due = clock.now() >= retire_after
    if due:
        _retire(actor)
    return Outcome(added, renewed, due, retire_after)


@action("core.keys.add")
def _add(actor: Actor) -> None:
    ring = keyring.rotate(_folder())
    audit.record_installation(actor, label=keyring.FILE_NAME, after={"encryption": len(ring.encryption)})


@action("core.keys.renew")
def _note(actor: Actor, renewed: int) -> None:
    audit.record_installation(actor, label=keyring.FILE_NAME, after={"values": renewed})


@action("core.keys.retire")
def _retire(actor: Actor) -> None:
    now = status()
    if now.unreadable:
        raise CannotDecrypt()
    if now.outdated:
        raise Conflict(_("Some secrets were written with an old key meanwhile."), remedy=_("Run it once more."))
    audit.record_installation(actor, label=keyring.FILE_NAME, after={"encryption": 1, "values": now.values[0]})
    keyring.retire(_folder())


def _renew(place: Place) -> int:
    newest = [Fernet(keyring.load(_folder()).encryption[0])]
    old: list[Any] = []
    count = 0
    for pk, stored in place.stored().iterator(chunk_size=BATCH):
        if _opened_by(newest, stored) is None:
            old.append(pk)
        if len(old) == BATCH:
            count += _renew_batch(place, old)
            old = []
    return count + (_renew_batch(place, old) if old else 0)


def _renew_batch(place: Place, pks: list[Any]) -> int:
    with transaction.atomic():
        return place.renew(pks)
