"""What is known of media, and the copies made of them: found by content, so that neither is worked out twice."""

import io
import shutil
import tempfile
from collections.abc import Collection, Iterable
from dataclasses import asdict
from pathlib import Path

from kentongan.core import files
from kentongan.core.media import pictures, videos
from kentongan.core.models.files import StoredFile
from kentongan.core.models.media import FittedFile, MediaFacts

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

    Race: two make it at once; the first row stays, and both return it.
    """
    known = FittedFile.objects.filter(source=file.sha256, recipe=recipe).first()
    if known is not None and files.content_path(known.sha256).exists():
        return known
    values = _clean_copy(file) if recipe == CLEAN else _picture(file, pictures.Recipe.parse(recipe))
    if known is not None:  # its content was lost: made again it is the same, or has another hash and is kept as such
        FittedFile.objects.filter(pk=known.pk).update(**values)
        return FittedFile.objects.get(pk=known.pk)
    return FittedFile.objects.get_or_create(source=file.sha256, recipe=recipe, defaults=values)[0]


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
