"""Who sees which imports, and what came of them."""

import itertools
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from kentongan.core import authority, tables
from kentongan.core.actor import Actor
from kentongan.core.errors import NotAllowed, NotFound
from kentongan.core.imports import guessing
from kentongan.core.imports.contract import ImportKind, kind_of, kinds
from kentongan.core.imports.layout import Layout
from kentongan.core.models.imports import ImportReject, ImportRun
from kentongan.core.tables import Column

SHOWN_REASONS = 10


def visible(actor: Actor) -> QuerySet[ImportRun]:
    """Return the imports `actor` may see, newest first: of kinds and at units where they may import."""
    runs = ImportRun.objects.select_related("file", "job", "created_by").order_by("-id")
    if actor.is_system:
        return runs
    if actor.user_id is None:
        return runs.none()
    seen = Q(pk__in=())
    for capability, group in itertools.groupby(
        sorted(kinds(), key=lambda kind: kind.capability), key=lambda kind: kind.capability
    ):
        units = Q(unit_id__in=authority.unit_ids(actor, capability))
        if authority.allows(actor, capability):
            units |= Q(unit_id=None)
        seen |= units & Q(kind__in=[kind.name for kind in group])
    return runs.filter(seen)


def get(actor: Actor, run_id: int) -> ImportRun:
    """Return one import; raises NotFound when `actor` may not see it."""
    run = visible(actor).filter(pk=run_id).first()
    if run is None:
        raise NotFound()
    return run


def require(actor: Actor, kind: ImportKind, unit_id: int | None) -> None:
    """Raise NotAllowed unless `actor` may import this kind there."""
    if not (actor.is_system or authority.allows(actor, kind.capability, unit_id)):
        raise NotAllowed()


def kinds_for(actor: Actor) -> list[ImportKind]:
    """Return the kinds that `actor` may import somewhere."""
    return [kind for kind in kinds() if authority.allows_anywhere(actor, kind.capability)]


def earlier(run: ImportRun) -> QuerySet[ImportRun]:
    """Return earlier imports of this content, of the same kind at the same unit, that brought something in."""
    came_in = (ImportRun.State.DONE, ImportRun.State.STOPPED, ImportRun.State.FAILED, ImportRun.State.RUNNING)
    return (
        ImportRun.objects.select_related("created_by", "file")
        .filter(kind=run.kind, unit_id=run.unit_id, file__sha256=run.file.sha256, state__in=came_in, pk__lt=run.pk)
        .order_by("-id")
    )


def reasons(run: ImportRun) -> list[tuple[str, int]]:
    """Return the commonest reasons of rejection, with how many rows each."""
    grouped = run.rejects.values_list("reason").annotate(rows=Count("pk")).order_by("-rows", "reason")
    return [(reason, rows) for reason, rows in grouped[:SHOWN_REASONS]]


def left_for(run: ImportRun) -> list[tuple[str, int]]:
    """Return why rows were left when the import was taken back, as far as the kind told: the reason, and how many."""
    told = run.job.result.get("left_for", {}) if run.job else {}
    labels = getattr(kind_of(run.kind), "left_labels", {})
    rooms = {room.label: room.verbose_name for room in apps.get_app_configs()}
    return sorted((str(labels.get(reason) or rooms.get(reason, reason)), count) for reason, count in told.items())


def _original(place: int, reject: ImportReject) -> Any:
    return reject.original[place] if place < len(reject.original) else None


def reject_columns(run: ImportRun) -> list[Column]:
    """Return the columns of the reject file: line, reason, then the file's own."""
    columns = Layout.of(run.layout).columns
    ours = guessing.told_by_us(columns)
    own = [Column(name, partial(_original, place)) for place, name in enumerate(columns) if name not in ours]
    return [Column(_("line"), "line", 8), Column(_("reason"), "reason", 50), *own]


def rejects(run: ImportRun) -> Iterator[ImportReject]:
    """Yield the rejected rows in the order of the file, in constant memory."""
    return run.rejects.order_by("pk").iterator(chunk_size=2000)


def write_rejects(run: ImportRun, path: Path) -> int:
    """Write the reject file (.csv or .xlsx by its suffix); return how many rows it has."""
    write = tables.write_xlsx if path.suffix == ".xlsx" else tables.write_csv
    write(str(path), reject_columns(run), rejects(run))
    return run.rows_rejected
