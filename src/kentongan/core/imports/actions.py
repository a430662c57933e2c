"""Uploading a file, confirming how it is read, going on, taking back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, files, jobs
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid
from kentongan.core.imports import guessing, queries
from kentongan.core.imports.checking import unmapped
from kentongan.core.imports.contract import AsksOptions, Foresees, ImportKind, ReadsSheetsTogether, kind_of
from kentongan.core.imports.layout import TABLE_TYPES, Layout, detect
from kentongan.core.imports.preview import sample, suggest
from kentongan.core.imports.work import APPLY, UNDO
from kentongan.core.models.files import StoredFile
from kentongan.core.models.imports import ImportRun
from kentongan.core.models.jobs import Job

State = ImportRun.State


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file will be read: its layout and the suggested mapping with its scores."""

    layout: Layout
    mapping: Mapping[str, str]
    scores: Mapping[str, float]


def _read(kind: ImportKind, file: StoredFile, sheet: str = "") -> Reading:
    together = isinstance(kind, ReadsSheetsTogether) and kind.sheets_together
    layout = detect(files.path(file), file.media_type, kind.fields, sheet, together=together)
    rows = sample(file, layout)
    if not rows:
        raise Invalid(
            _("There is nothing to import: no row stands below the headings."),
            remedy=_("Check that the export has finished and that this is the right file or sheet."),
        )
    guesses = suggest(kind, layout, rows)
    return Reading(
        layout,
        {name: found.column for name, found in guesses.items()},
        {name: round(found.score, 3) for name, found in guesses.items()},
    )


def upload(
    actor: Actor,
    kind_name: str,
    unit_id: int | None,
    source: files.Readable,
    name: str,
    *,
    options: Mapping[str, Any] | None = None,
) -> ImportRun:
    """Keep a file, find out how it is laid out, suggest what its columns mean; nothing comes in yet.

    `options` are the kind's own and reach it as `run.options`.
    """
    kind = kind_of(kind_name)
    queries.require(actor, kind, unit_id)
    given = dict(options or {})
    if isinstance(kind, AsksOptions):
        given = kind.check_options(given)
    content = files.keep(source, allowed=TABLE_TYPES)
    return _draft(actor, kind, unit_id, content, name, given)


@action("core.import.upload")
def _draft(
    actor: Actor, kind: ImportKind, unit_id: int | None, content: files.Content, name: str, options: dict[str, Any]
) -> ImportRun:
    file = files.register(actor, content, name, unit_id=unit_id, capability=kind.capability)
    reading = _read(kind, file)
    run = ImportRun.objects.create(
        kind=kind.name,
        unit_id=unit_id,
        file=file,
        layout=reading.layout.values(),
        mapping=reading.mapping,
        options={**options, "scores": reading.scores},
        created_by_id=actor.user_id,
    )
    audit.record(actor, run, after={"kind": kind.name, "file": file.name, "sha256": file.sha256})
    return run


def _locked(actor: Actor, run_id: int, *states: State) -> tuple[ImportRun, ImportKind]:
    run = queries.get(actor, run_id)
    kind = kind_of(run.kind)
    queries.require(actor, kind, run.unit_id)
    # Race: two people confirm the same upload; the second one waits here and then finds it running.
    locked = ImportRun.objects.select_for_update(of=("self",)).select_related("file").get(pk=run.pk)
    if locked.state not in states:
        raise Conflict(_("This import is “%(state)s”.") % {"state": locked.get_state_display()})
    return locked, kind


@action("core.import.choose_sheet")
def choose_sheet(actor: Actor, run_id: int, sheet: str) -> ImportRun:
    """Read another sheet of the workbook; none means all that look alike, for kinds that read them together."""
    run, kind = _locked(actor, run_id, State.DRAFT)
    reading = _read(kind, run.file, sheet)
    before = {"sheet": run.layout["sheet"]}
    run.layout, run.mapping = reading.layout.values(), dict(reading.mapping)
    run.options = {**run.options, "scores": dict(reading.scores)}
    run.save(update_fields=["layout", "mapping", "options"])
    audit.record(actor, run, before=before, after={"sheet": sheet})
    return run


def _checked(kind: ImportKind, columns: tuple[str, ...], mapping: Mapping[str, str]) -> dict[str, str]:
    names = {field.name for field in kind.fields}
    chosen = {field: column for field, column in mapping.items() if column}
    faults: dict[str, list[Any]] = {}
    for field, column in chosen.items():
        if field not in names or column not in columns:
            faults[field] = [_("There is no such column.")]
        elif list(chosen.values()).count(column) > 1:
            faults[field] = [_("This column is chosen for two fields.")]
    for field_ in unmapped(kind.fields, chosen):
        faults[field_.name] = [_("Choose the column that holds this.")]
    if faults:
        raise Invalid(_("The columns are not all assigned yet."), fields=faults)
    return chosen


@action("core.import.answer")
def answer(actor: Actor, run_id: int, answers: Mapping[str, str]) -> ImportRun:
    """Decide what the kind was not sure of; remembered for the next files too."""
    run, kind = _locked(actor, run_id, State.DRAFT, State.STOPPED, State.FAILED, State.DONE)
    if not isinstance(kind, Foresees):
        raise Invalid(_("There is nothing to decide about this file."))
    kind.answer(actor, run, answers)
    audit.record(actor, run, after={"answers": dict(answers)})
    return run


@action("core.import.confirm")
def confirm(actor: Actor, run_id: int, mapping: Mapping[str, str] | None = None, *, inline: bool = False) -> Job:
    """Bring the file in as `mapping` (field to column; default: as suggested) says, and remember it for the next one.

    `inline` leaves the work to the caller's own `jobs.run_now(job)`.
    """
    run, kind = _locked(actor, run_id, State.DRAFT)
    columns = Layout.of(run.layout).columns
    run.mapping = _checked(kind, columns, run.mapping if mapping is None else mapping)
    guessing.remember(kind.name, columns, run.mapping)
    audit.record(actor, run, before={"state": State.DRAFT}, after={"state": State.RUNNING, "mapping": run.mapping})
    return _start(actor, run, State.RUNNING, APPLY, _("Import of %(file)s") % {"file": run.file.name}, inline)


def _start(actor: Actor, run: ImportRun, state: State, work: str, label: Any, inline: bool) -> Job:
    job = jobs.start(actor, work, label, unit_id=run.unit_id, link=run.get_absolute_url(), inline=inline, run_id=run.pk)
    run.job, run.state, run.finished_at = job, state, None
    run.save(update_fields=["job", "state", "finished_at", "mapping"])
    return job


@action("core.import.continue")
def resume(actor: Actor, run_id: int, *, inline: bool = False) -> Job:
    """Bring in the rest of an import that was stopped or failed."""
    run, _kind = _locked(actor, run_id, State.STOPPED, State.FAILED)
    files.path(run.file)  # raises where the content was erased meanwhile
    audit.record(actor, run, before={"state": run.state}, after={"state": State.RUNNING})
    return _start(actor, run, State.RUNNING, APPLY, _("Import of %(file)s") % {"file": run.file.name}, inline)


@action("core.import.undo")
def undo(actor: Actor, run_id: int, *, inline: bool = False) -> Job:
    """Take back what the import brought in; may be asked again when it was interrupted."""
    run, _kind = _locked(actor, run_id, State.DONE, State.STOPPED, State.FAILED, State.UNDOING)
    if run.state == State.UNDOING and run.job is not None and not run.job.is_final:
        raise Conflict(_("This import is being undone already."))
    audit.record(actor, run, before={"state": run.state}, after={"state": State.UNDOING})
    label = _("Undoing the import of %(file)s") % {"file": run.file.name}
    return _start(actor, run, State.UNDOING, UNDO, label, inline)


@action("core.import.discard")
def discard(actor: Actor, run_id: int) -> ImportRun:
    """Drop an upload that was never confirmed."""
    run, _kind = _locked(actor, run_id, State.DRAFT)
    run.state = State.DISCARDED
    run.save(update_fields=["state"])
    audit.record(actor, run, before={"state": State.DRAFT}, after={"state": run.state})
    return run
