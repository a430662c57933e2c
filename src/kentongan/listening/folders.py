"""Watched folders: files that other tools put there come in as imports; one that cannot be read is put aside.

The folder of a source is `inbox/NUMBER` in the data directory, which an operator mounts, shares or copies to: nobody
can name another place on this machine. A file that came in is deleted there, since its content is kept with the import;
one that cannot be is moved to `aside`, with its reason beside it. A worker killed in between leaves the file where it
is: the next look finds its import by the content, and goes on with that.
"""

import hashlib
import logging
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from kentongan.core import advisory, clock, imports
from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid, KentonganError
from kentongan.core.imports import ImportRun
from kentongan.listening.actions import note_trouble
from kentongan.listening.importing import PostImport
from kentongan.listening.models import Source

logger = logging.getLogger(__name__)

ASIDE = "aside"
# Whoever still writes to a file changes it more often than that.
SETTLED = timedelta(seconds=10)
UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".filepart")
SYSTEM = Actor.system("listening.folders")
GOING_ON = (ImportRun.State.DRAFT, ImportRun.State.RUNNING, ImportRun.State.DONE)


def folder_of(source: Source) -> Path:
    """Return the folder of a source."""
    return Path(settings.KENTONGAN_HOME) / "inbox" / str(source.pk)


def _settled(path: Path) -> bool:
    """Whether nobody writes to a file any more, nor has it a name for what is unfinished."""
    if path.name.startswith((".", "~$")) or path.name.lower().endswith(UNFINISHED):
        return False
    if path.is_symlink() or not path.is_file():
        return False
    stat = path.stat()
    return max(stat.st_mtime, stat.st_ctime) < (clock.now() - SETTLED).timestamp()


def look() -> int:
    """Take the files that are complete, in all watched folders; return how many."""
    watched = Source.objects.filter(kind=Source.Kind.FOLDER, state=Source.State.ACTIVE).select_related("unit")
    return sum(_look_into(source) for source in watched)


def _look_into(source: Source) -> int:
    folder = folder_of(source)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = sorted(path for path in folder.iterdir() if _settled(path))
    except OSError as error:
        note_trouble(SYSTEM, source.pk, _("The folder cannot be read: %(error)s") % {"error": error.strerror})
        return 0
    if not files:
        return 0
    # Race: another worker looks into the same folder; it finds nothing more once this one is done.
    with advisory.alone(f"folder:{source.pk}"):
        return sum(_take(source, path) for path in files if path.exists())


def _take(source: Source, path: Path) -> int:
    try:
        run = _uploaded(source, path)
        if run.state == ImportRun.State.DRAFT:
            _confirm(run)
        path.unlink()
    except Invalid as error:
        _put_aside(source, path, error)
        return 1
    except (OSError, KentonganError) as error:
        logger.warning("The file %s of source %s could not be taken: %s", path.name, source.pk, error)
        note_trouble(SYSTEM, source.pk, f"{path.name}: {error}")
        return 0
    return 1


def _uploaded(source: Source, path: Path) -> ImportRun:
    """Return the import of this content for this source: one that is under way or done, else a new one."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        known = ImportRun.objects.filter(kind=PostImport.name, file__sha256=digest, options__source_id=source.pk)
        run = known.filter(state__in=GOING_ON).order_by("-pk").first()
        if run is not None:
            return run
        file.seek(0)
        options = {"source_id": source.pk, "timezone": source.unit.timezone}
        return imports.upload(SYSTEM, PostImport.name, source.unit_id, file, path.name, options=options)


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
    aside = path.parent / ASIDE
    aside.mkdir(exist_ok=True)
    target = aside / f"{clock.now():%Y%m%dT%H%M%S%f}-{path.name[-200:]}"
    target.with_name(f"{target.name}.txt").write_text(f"{error.message} {error.remedy}\n", encoding="utf-8")
    path.rename(target)
    note_trouble(SYSTEM, source.pk, _("%(file)s was put aside: %(error)s") % {"file": path.name, "error": error})
