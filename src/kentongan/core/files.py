"""Files by content: kept once under their SHA-256, never changed, seen by their unit."""

import builtins
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO, Protocol

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.db import transaction
from django.db.models import QuerySet
from django.template.defaultfilters import filesizeformat
from django.utils.text import get_valid_filename
from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, authority, clock, room, sniff
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid, NotFound, Unavailable
from kentongan.core.models.files import StoredFile
from kentongan.core.models.media import FittedFile
from kentongan.core.permissions import Capability

CHUNK_BYTES = 1 << 20
YOUNG_SECONDS = 3600
DRAFT_SECONDS = 24 * 3600
MAX_BYTES = 512 * 1024 * 1024
OTHER = _("The content counts, not the name: save it anew in one of the permitted formats.")
PHONE = _(
    "Photographs of this kind come from some telephones: save it as JPEG, or choose “Most compatible” in the settings "
    "of the camera."
)


class Readable(Protocol):
    """Anything that gives bytes piece by piece: an upload, an open file, a BytesIO."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes, nothing at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes that are in the store: SHA-256 in hex, size in bytes, media type by content."""

    sha256: str
    size: int
    media_type: str


def _root() -> Path:
    return Path(settings.KENTONGAN_HOME) / "files"


def content_path(sha256: str) -> Path:
    """Return where content of that hash lies."""
    return _root() / sha256[:2] / sha256[2:4] / sha256


def path(file: StoredFile) -> Path:
    """Return where the file's content lies; raises NotFound when it was erased, Unavailable when it was lost."""
    if file.erased_at is not None:
        raise NotFound(
            _("The content of this file was erased, since it held personal data that is no longer kept."),
            remedy=_("Ask whoever sent it, if it is still needed."),
        )
    place = content_path(file.sha256)
    if not place.exists():
        raise Unavailable(
            _("The content of “%(name)s” is missing from the file store.") % {"name": file.name},
            remedy=_("Restore the folder “files” of the data directory from the backup."),
        )
    return place


def open(file: StoredFile) -> BinaryIO:
    """Open the file's content for reading."""
    return builtins.open(path(file), "rb")


def check_size(size: int, max_bytes: int = MAX_BYTES) -> None:
    """Raise Invalid for a file of more bytes than are kept."""
    if size > max_bytes:
        raise Invalid(
            _("The file is larger than %(limit)s.") % {"limit": filesizeformat(max_bytes)},
            remedy=_("Split it, or send a smaller one."),
            code="file_too_large",
        )


def _copy(source: Readable, target: BinaryIO, max_bytes: int) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK_BYTES):
        size += len(chunk)
        check_size(size, max_bytes)
        digest.update(chunk)
        target.write(chunk)
    target.flush()
    os.fsync(target.fileno())
    return digest.hexdigest(), size


def _place(draft: Path, sha256: str) -> None:
    """Name the draft by its hash; two uploads of the same bytes rename onto each other, which changes nothing."""
    place = content_path(sha256)
    place.parent.mkdir(parents=True, exist_ok=True)
    draft.replace(place)
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def scratch(owner: str) -> Iterator[Path]:
    """Give a folder on the disk of the store, gone afterwards; first goes what a killed process left to that owner."""
    drafts = _root() / "drafts"
    with room.told():
        drafts.mkdir(parents=True, exist_ok=True)
        for left in drafts.glob(f"{owner}.*"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=drafts, prefix=f"{owner}.", ignore_cleanup_errors=True) as folder:
            yield Path(folder)


def discard_drafts() -> int:
    """Remove what processes that were killed left half written more than a day ago; returns how many."""
    before = time.time() - DRAFT_SECONDS
    return sum(_discard_draft(draft, before) for draft in (_root() / "drafts").glob("*"))


def _discard_draft(draft: Path, before: float) -> bool:
    """Remove a draft that nobody wrote to since; race: an upload that ends meanwhile takes its own away."""
    with suppress(FileNotFoundError):
        if draft.stat().st_mtime < before:
            shutil.rmtree(draft, ignore_errors=True) if draft.is_dir() else draft.unlink()
            return True
    return False


def keep(source: Readable, *, allowed: Collection[str] | None = None, max_bytes: int = MAX_BYTES) -> Content:
    """Put bytes into the store, durably, and say what they are; raises Invalid for a size or type, NoRoom."""
    with room.told():
        return _kept(source, allowed, max_bytes)


def _kept(source: Readable, allowed: Collection[str] | None, max_bytes: int) -> Content:
    drafts = _root() / "drafts"
    drafts.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=drafts)
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as target:
            sha256, size = _copy(source, target, max_bytes)
        if not size:
            raise Invalid(_("The file is empty."), remedy=_("Choose another file."), code="file_empty")
        kind = sniff.media_type(draft)
        if allowed is not None and kind not in allowed:
            raise Invalid(
                _("This kind of file (%(kind)s) cannot be used here.") % {"kind": kind},
                remedy=PHONE if kind in sniff.PHONE_PICTURES else OTHER,
                code="file_type",
            )
        _place(draft, sha256)
    finally:
        draft.unlink(missing_ok=True)
    return Content(sha256, size, kind)


def clean_name(name: str) -> str:
    """Return a file name that is safe to show and to save under, at most 200 characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1].strip()
    stem, dot, suffix = last.rpartition(".")
    try:
        return get_valid_filename(f"{(stem or suffix)[:180]}{dot if stem else ''}{suffix[:15] if stem else ''}")
    except SuspiciousFileOperation:
        return "file"


@action("core.file.store", may_do_nothing=True)
def register(
    actor: Actor,
    content: Content,
    name: str,
    *,
    unit_id: int | None = None,
    capability: Capability = Capability.VIEW,
) -> StoredFile:
    """Note who gave this content; the same content by the same person for the same unit is noted once."""
    file, created = StoredFile.objects.get_or_create(
        sha256=content.sha256,
        unit_id=unit_id,
        capability=capability.value,
        created_by_id=actor.user_id,
        name=clean_name(name),
        defaults={"size": content.size, "media_type": content.media_type},
    )
    if file.erased_at is not None:  # the same content came again
        file.erased_at = None
        file.save(update_fields=["erased_at"])
    if created:
        audit.record(actor, file, after=audit.snapshot(file, "name", "size", "media_type", "sha256"))
    return file


def store(
    actor: Actor,
    source: Readable,
    name: str,
    *,
    unit_id: int | None = None,
    capability: Capability = Capability.VIEW,
    allowed: Collection[str] | None = None,
    max_bytes: int = MAX_BYTES,
) -> StoredFile:
    """Keep an upload and note who gave it; whoever holds `capability` at the unit can open it, and its creator."""
    content = keep(source, allowed=allowed, max_bytes=max_bytes)
    return register(actor, content, name, unit_id=unit_id, capability=capability)


def drop(file: StoredFile) -> None:
    """Delete a file; its content goes when the transaction is committed and no other row has it."""
    sha256 = file.sha256
    file.delete()
    transaction.on_commit(partial(_discard, sha256))


def erase(wanted: QuerySet[StoredFile], *, keep_name: bool = False) -> int:
    """Let files lose their content, and their names too unless told otherwise; part of an action. Returns how many.

    The row stays, for what refers to it. Content that another file has as well stays for that one.
    """
    erased = list(wanted.filter(erased_at=None))
    for file in erased:
        file.erased_at = clock.now()
        file.name = file.name if keep_name else f"–{file.public_id}"
    StoredFile.objects.bulk_update(erased, ["erased_at", "name"], batch_size=1000)
    for sha256 in {file.sha256 for file in erased}:
        transaction.on_commit(partial(_discard, sha256))
    return len(erased)


def discard_erased() -> int:
    """Remove content that was too young to be removed when its file was erased; returns how much was still there."""
    lately = clock.now() - timedelta(seconds=YOUNG_SECONDS * 24)
    hashes = set(StoredFile.objects.filter(erased_at__gte=lately).values_list("sha256", flat=True))
    left = [sha256 for sha256 in hashes if content_path(sha256).exists()]
    for sha256 in left:
        _discard(sha256)
    return sum(not content_path(sha256).exists() for sha256 in left)


def _discard(sha256: str) -> None:
    """Race: the same content is uploaded now and gets its row in a moment; `keep` has just made it young again."""
    if StoredFile.objects.filter(sha256=sha256, erased_at=None).exists():
        return
    copies = FittedFile.objects.filter(source=sha256)
    made = set(copies.exclude(sha256=sha256).values_list("sha256", flat=True))
    copies.delete()
    _unlink(sha256)
    for copy in made:
        _discard_copy(copy)


def _discard_copy(sha256: str) -> None:
    """Remove a fitted copy, unless it is somebody's own file, or was made of another one too."""
    others = FittedFile.objects.filter(sha256=sha256).exists()
    if not others and not StoredFile.objects.filter(sha256=sha256, erased_at=None).exists():
        _unlink(sha256)


def _unlink(sha256: str) -> None:
    with suppress(FileNotFoundError):
        place = content_path(sha256)
        if time.time() - place.stat().st_mtime > YOUNG_SECONDS:
            place.unlink()


def get(actor: Actor, public_id: str) -> StoredFile:
    """Return a file that `actor` may open; raises NotFound for all others, so that ids tell nothing."""
    file = StoredFile.objects.filter(public_id=public_id).first()
    if file is None or not _may_open(actor, file):
        raise NotFound()
    return file


def _may_open(actor: Actor, file: StoredFile) -> bool:
    if actor.is_system or (actor.user_id is not None and file.created_by_id == actor.user_id):
        return True
    if file.unit_id is None:
        return False
    return authority.allows(actor, Capability(file.capability), file.unit_id)
