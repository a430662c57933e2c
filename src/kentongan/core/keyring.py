"""The key file: what encrypts, what signs, and what hashes authors.

One JSON file, `ring`, in the folder of secrets (by default `keys` in the data directory), readable by its owner alone.
The folder is left out of every backup: whoever holds a backup cannot read the tokens in it.
"""

import base64
import json
import os
import secrets
import tempfile
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

FILE_NAME = "ring"


class KeyFileDamaged(RuntimeError):
    """The key file exists and cannot be read; making a new one would lose every stored token."""


def _fresh() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


@dataclass(frozen=True, slots=True)
class Keyring:
    """Keys as URL-safe base64 of 32 bytes each; lists hold the newest first, older ones only read.

    `author` never rotates: the keyed hash of an author has to be the same next year.
    """

    author: str
    encryption: tuple[str, ...]
    signing: tuple[str, ...]

    @classmethod
    def generate(cls) -> "Keyring":
        """Return a ring of new keys."""
        return cls(author=_fresh(), encryption=(_fresh(),), signing=(_fresh(),))

    def rotated(self) -> "Keyring":
        """Return this ring with a new key in front of both lists; the author key stays."""
        return replace(self, encryption=(_fresh(), *self.encryption), signing=(_fresh(), *self.signing))


def _parse(path: Path) -> Keyring:
    try:
        values = json.loads(path.read_text())
        ring = Keyring(values["author"], tuple(values["encryption"]), tuple(values["signing"]))
    except (ValueError, KeyError, TypeError) as error:
        raise KeyFileDamaged(f"{path} is damaged. Restore it from where you keep a copy.") from error
    if not (ring.author and ring.encryption and ring.signing):
        raise KeyFileDamaged(f"{path} is incomplete. Restore it from where you keep a copy.")
    return ring


def _draft(path: Path, ring: Keyring) -> Path:
    """Write `ring` to a durable temporary file beside `path`; mkstemp makes it 0600 from the first byte."""
    handle, name = tempfile.mkstemp(prefix=".ring-", dir=path.parent)
    with os.fdopen(handle, "w") as file:
        json.dump(asdict(ring), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)


def _sync_folder(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _create(path: Path) -> None:
    """Race: web and worker start together on a new directory; link() lets only one of them name its draft."""
    draft = _draft(path, Keyring.generate())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    _sync_folder(path)


@lru_cache(maxsize=8)
def _load(path: Path, _modified: int) -> Keyring:
    return _parse(path)


def load(folder: Path) -> Keyring:
    """Return the keys in `folder`, made on first use and read anew when the file changes."""
    path = folder / FILE_NAME
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _create(path)
    return _load(path, path.stat().st_mtime_ns)


def _replace(folder: Path, ring: Keyring) -> Keyring:
    path = folder / FILE_NAME
    _draft(path, ring).replace(path)
    _sync_folder(path)
    return load(folder)


def rotate(folder: Path) -> Keyring:
    """Put a new key in front of the encryption and signing keys, atomically; old ones keep reading."""
    return _replace(folder, load(folder).rotated())


def retire(folder: Path) -> Keyring:
    """Drop the older encryption keys, atomically. Signing keys stay: links that people hold are signed with them."""
    ring = load(folder)
    return _replace(folder, replace(ring, encryption=ring.encryption[:1]))


def changed_at(folder: Path) -> datetime:
    """Return when the key file was last written."""
    return datetime.fromtimestamp((folder / FILE_NAME).stat().st_mtime, UTC)
