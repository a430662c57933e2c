"""Watched folders: files that other tools put there come in as imports; one that cannot be read is put aside.

The folder of a source is `inbox/NUMBER` in the data directory, which an operator mounts, shares or copies to: nobody
can name another place on this machine, and no link in it is followed. A file is moved to `.taken` first, so that a
newer one of its name is another file; it is deleted there once its import is done, since its content is kept with the
import. One that cannot come in is moved to `aside`, with its reason beside it. A worker killed in between leaves the
file in `.taken`: the next look finds its import by the content, and goes on with that.
"""

import hashlib
import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import BufferedReader
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from kentongan.core import advisory, clock, files, imports
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, KentonganError
from kentongan.core.imports import ImportRun
from kentongan.listening.actions import note_trouble
from kentongan.listening.importing import PostImport
from kentongan.listening.models import Source

logger = logging.getLogger(__name__)

ASIDE, TAKEN = "aside", ".taken"
# Whoever still writes to a file changes it more often than that.
SETTLED = timedelta(seconds=10)
UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".filepart")
SYSTEM = Actor.system("listening.folders")
State = ImportRun.State
GOING_ON = (State.DRAFT, State.RUNNING, State.DONE)


def folder_of(source: Source) -> Path:
    """Return the folder of a source."""
    return Path(settings.KENTONGAN_HOME) / "inbox" / str(source.pk)


def _settled(path: Path) -> bool:
    """Whether nobody writes to a file any more, nor has it a name for what is unfinished."""
    if path.name.startswith((".", "~$")) or path.name.lower().endswith(UNFINISHED):
        return False
    if path.is_symlink() or not path.is_file():
        return False
    about = path.stat()
    return max(about.st_mtime, about.st_ctime) < (clock.now() - SETTLED).timestamp()


def look() -> int:
    """Take the files that are complete, in all watched folders; return how many."""
    watched = Source.objects.filter(kind=Source.Kind.FOLDER, state=Source.State.ACTIVE).select_related("unit")
    return sum(_look_safely(source) for source in watched)


def _look_safely(source: Source) -> int:
    try:
        return _look_into(source)
    except (OSError, KentonganError) as error:
        _note(source, _("The folder cannot be read: %(error)s") % {"error": _said(error)})
    except Exception:
        # One folder must not hold up the others.
        logger.exception("The folder of source %s could not be looked into.", source.pk)
    return 0


def _said(error: Exception) -> str:
    """Return what an error says, without the paths of this machine."""
    return (error.strerror or "") if isinstance(error, OSError) else str(error)


def _note(source: Source, reason: str) -> None:
    try:
        note_trouble(SYSTEM, source.pk, reason)
    except KentonganError as error:
        logger.warning("The trouble of source %s could not be kept: %s", source.pk, error)


def _look_into(source: Source) -> int:
    folder = folder_of(source)
    folder.mkdir(parents=True, exist_ok=True)
    if not any(_settled(path) for path in folder.iterdir()) and not _listed(folder / TAKEN):
        return 0
    # Race: another worker looks into the same folder; it finds nothing more once this one is done.
    with advisory.alone(f"folder:{source.pk}"):
        for path in sorted(path for path in folder.iterdir() if _settled(path)):
            _move(path, TAKEN)
        return sum(_take(source, path) for path in _listed(folder / TAKEN))


def _listed(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() and not folder.is_symlink() else []


def _move(path: Path, name: str, called: str = "") -> Path:
    """Move a file into a folder of its source's, under a name that nothing has; Conflict where that is a link."""
    folder = path.parent / name if path.parent.name != TAKEN else path.parent.parent / name
    if folder.is_symlink():
        raise Conflict(_("“%(name)s” is a link.") % {"name": name}, remedy=_("Remove it from the folder."))
    folder.mkdir(exist_ok=True)
    return path.rename(folder / f"{clock.now():%Y%m%dT%H%M%S%f}-{(called or path.name)[-200:]}")


def _called(taken: Path) -> str:
    """Return what a file was called before it was taken."""
    return taken.name.partition("-")[2] or taken.name


def _take(source: Source, path: Path) -> int:
    """Bring a file in, or go on with it; return 1 if something became of it. Never raises what one file may cause."""
    try:
        try:
            return _bring(source, path)
        except Invalid as error:
            _put_aside(source, path, error)
            return 1
    except (OSError, KentonganError) as error:
        logger.warning("The file %s of source %s could not be taken: %s", path.name, source.pk, error)
        _note(source, f"{_called(path)}: {_said(error)}")
    return 0


def _bring(source: Source, path: Path) -> int:
    with _opened(path) as file:
        before = _mark(file)
        run = _uploaded(source, file, path)
        if _mark(file) != before:
            # Somebody still writes to it.
            if run.state == State.DRAFT:
                imports.discard(SYSTEM, run.pk)
            return 0
    if run.state == State.DRAFT:
        _confirm(run)
        return 1
    if run.state == State.DONE:
        path.unlink()
    elif run.state != State.RUNNING:
        raise Invalid(
            _("Its import ended as “%(state)s”.") % {"state": run.get_state_display()},
            remedy=_("See the page of the import, and put the file into the folder again."),
        )
    return 0


@contextmanager
def _opened(path: Path) -> Iterator[BufferedReader]:
    """Open a file that is one, no link and no pipe, and not too large; raises Invalid, or OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise Invalid(_("It is no ordinary file."), remedy=_("Put a copy of the file itself into the folder."))
        files.check_size(about.st_size)
        yield file


def _mark(file: BufferedReader) -> tuple[int, int]:
    about = os.fstat(file.fileno())
    return about.st_size, about.st_mtime_ns


def _uploaded(source: Source, file: BufferedReader, path: Path) -> ImportRun:
    """Return the import of this content for this source: one under way, done, or of this very file; else a new one."""
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    known = ImportRun.objects.filter(kind=PostImport.name, file__sha256=digest, options__source_id=source.pk)
    known = known.order_by("-pk")
    run = known.filter(state__in=GOING_ON).first()
    run = run or known.filter(options__taken=path.name).exclude(state=State.DISCARDED).first()
    if run is not None:
        return run
    file.seek(0)
    options = {"source_id": source.pk, "timezone": source.unit.timezone, "taken": path.name}
    return imports.upload(SYSTEM, PostImport.name, source.unit_id, file, _called(path), options=options)


def _confirm(run: ImportRun) -> None:
    """Bring it in as its columns were guessed; Invalid, with the columns that are missing, where that is not clear."""
    try:
        imports.confirm(SYSTEM, run.pk)
    except Invalid as error:
        imports.discard(SYSTEM, run.pk)
        labels = {field.name: str(field.label) for field in PostImport.fields}
        missing = ", ".join(labels.get(name, name) for name in error.fields)
        raise Invalid(
            _("No column was found for: %(names)s.") % {"names": missing},
            remedy=_("Import such a file by hand once and choose its columns; they are remembered."),
        ) from error


def _put_aside(source: Source, path: Path, error: Invalid) -> None:
    called = _called(path)
    target = _move(path, ASIDE, called)
    target.with_name(f"{target.name}.txt").write_text(f"{error.message} {error.remedy}\n", encoding="utf-8")
    _note(source, _("%(file)s was put aside: %(error)s") % {"file": called, "error": error})
