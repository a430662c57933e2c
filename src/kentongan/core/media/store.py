"""What is known of media, and the copies made of them: found by content, so that neither is worked out twice."""

import io
import shutil
import tempfile
import threading
from collections.abc import Collection, Iterable
from dataclasses import asdict
from pathlib import Path

from django.utils.translation import gettext as _

from kentongan.core import files, room
from kentongan.core.errors import Invalid, Unavailable
from kentongan.core.media import conversion, pictures, videos
from kentongan.core.models.files import StoredFile
from kentongan.core.models.media import FittedFile, MediaFacts
from kentongan.core.sniff import MP4, WEBP

SMALL = pictures.Recipe((WEBP,), 120_000, 800)
"""What a picture is fitted to where we show it ourselves beside others: sharp enough for 400 pixels on any screen."""
_one_at_a_time = threading.Lock()
_WAIT = 1.0
_impossible: set[str] = set()
_MOST_IMPOSSIBLE = 10_000
CLEAN = "clean"
"""The recipe of a video: its metadata blanked, everything else as it was."""


def learn(file: StoredFile) -> MediaFacts:
    """Return what is in a stored picture or video, looked at once; raises Invalid for one that cannot be used."""
    known = MediaFacts.objects.filter(sha256=file.sha256).first()
    if known is not None:
        return known
    seen = videos.look(files.path(file)) if file.is_video else pictures.look(files.path(file))
    return MediaFacts.objects.get_or_create(sha256=file.sha256, defaults=asdict(seen))[0]


def facts_of(stored: Iterable[StoredFile]) -> dict[str, MediaFacts]:
    """Return what is known of files, by their SHA-256; one query."""
    wanted = {file.sha256 for file in stored}
    return {row.sha256: row for row in MediaFacts.objects.filter(sha256__in=wanted)} if wanted else {}


def fits_of(sources: Collection[str], recipes: Collection[str]) -> dict[tuple[str, str], FittedFile]:
    """Return the copies that were made so far, by the SHA-256 of the original and the recipe's key; one query."""
    if not sources or not recipes:
        return {}
    rows = FittedFile.objects.filter(source__in=sources, recipe__in=recipes)
    return {(row.source, row.recipe): row for row in rows}


def fitted(file: StoredFile, recipe: str) -> FittedFile:
    """Return the copy of a picture by a recipe's key, or of a video by `CLEAN`; it is made where there is none yet.

    One that `convert` makes is not made here, since that takes minutes: Unavailable where it is missing.

    Race: two make it at once; the first row stays, and both return it.
    """
    known = FittedFile.objects.filter(source=file.sha256, recipe=recipe).first()
    return known if known and is_kept(known) else _noted(file, recipe, _made(file, recipe))


def small(file: StoredFile) -> FittedFile | None:
    """Return the small copy of a picture, made where there is none yet; None where none can be made, or not now.

    That is one that moves, or is damaged; or others are being made, or the disk is full. Raises NotFound where it was
    erased, Unavailable where it was lost.
    """
    files.path(file)  # of one that was erased no copy is shown either, though another row may keep its content
    if not file.is_image:
        return None
    known = fits_of([file.sha256], [SMALL.key]).get((file.sha256, SMALL.key))
    if is_kept(known):
        return known
    if file.sha256 in _impossible or MediaFacts.objects.filter(sha256=file.sha256, animated=True).exists():
        return None
    # Each takes a second, and much memory for a large picture; whoever waits keeps a thread of the server.
    if not _one_at_a_time.acquire(timeout=_WAIT):
        return None
    try:
        return fitted(file, SMALL.key)
    except Invalid:
        _note_impossible(file.sha256)
        return None
    except room.NoRoom:
        return None
    finally:
        _one_at_a_time.release()


def _note_impossible(sha256: str) -> None:
    """Remember, in this process, that no small copy can be made: the next one who asks need not decode it again."""
    if len(_impossible) >= _MOST_IMPOSSIBLE:
        _impossible.clear()
    _impossible.add(sha256)


def is_kept(copy: FittedFile | None) -> bool:
    """Whether there is a copy, and its content."""
    return copy is not None and files.content_path(copy.sha256).exists()


def _noted(file: StoredFile, recipe: str, values: dict[str, object]) -> FittedFile:
    """Note a copy. Where its content was lost, what was made again is the same, or has another hash and is kept so."""
    copy, made = FittedFile.objects.get_or_create(source=file.sha256, recipe=recipe, defaults=values)
    if made or is_kept(copy):
        return copy
    FittedFile.objects.filter(pk=copy.pk).update(**values)
    return FittedFile.objects.get(pk=copy.pk)


def _made(file: StoredFile, recipe: str) -> dict[str, object]:
    if recipe == CLEAN:
        return _clean_copy(file)
    if conversion.is_conversion(recipe):
        raise Unavailable(
            _("The converted copy of “%(name)s” is missing.") % {"name": file.name},
            remedy=_("Have it converted once more, on the page of its item."),
        )
    return _picture(file, pictures.Recipe.parse(recipe))


def convert(file: StoredFile, key: str, tell: conversion.Tell, owner: str) -> FittedFile:
    """Convert a video by the key of a `VideoRecipe`, unless that was done; the copy is kept by content.

    `tell` gets the seconds that are done, and ends it by what it raises; `owner` names whoever does it: what a process
    that was killed left under that name is removed. Raises as `conversion.convert` does.

    Race: two convert it at once; the first row stays, and both return it.
    """
    known = FittedFile.objects.filter(source=file.sha256, recipe=key).first()
    if known and is_kept(known):
        return known
    facts = learn(file)
    with files.scratch(owner) as folder:
        target = folder / "video.mp4"
        made = conversion.convert(
            files.path(file), file.media_type, target, facts.seconds or 0, conversion.VideoRecipe.parse(key), tell
        )
        with target.open("rb") as source:
            content = files.keep(source, allowed={MP4})
    changes = ["converted"] + ["place"] * facts.located
    values = {"sha256": content.sha256, "size": content.size, "media_type": content.media_type}
    return _noted(file, key, values | {"width": made.width, "height": made.height, "changes": changes})


def _picture(file: StoredFile, recipe: pictures.Recipe) -> dict[str, object]:
    made = pictures.fit(files.path(file), recipe)
    content = files.keep(io.BytesIO(made.content))
    size = {"width": made.width, "height": made.height}
    return {"sha256": content.sha256, "size": content.size, "media_type": made.media_type, **size} | {
        "changes": list(made.changes)
    }


def _clean_copy(file: StoredFile) -> dict[str, object]:
    facts = learn(file)
    with tempfile.TemporaryDirectory(prefix="media-") as folder:
        copy = Path(folder) / "video"
        shutil.copyfile(files.path(file), copy)
        removed = videos.clean(copy)
        with copy.open("rb") as made:
            content = files.keep(made)
    changes = ["place"] if facts.located else ["details"] if removed else []
    size = {"width": facts.width, "height": facts.height}
    return {"sha256": content.sha256, "size": content.size, "media_type": file.media_type, **size, "changes": changes}
