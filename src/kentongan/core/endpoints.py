"""Jobs, imports and messages through the API."""

import json
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import File, Form, Query, Router, Schema, Status
from ninja.files import UploadedFile

from kentongan.core import imports, jobs, messages
from kentongan.core.api import Page, Paging, actor_of, paginate, scope
from kentongan.core.errors import Invalid
from kentongan.core.imports.feed import counts
from kentongan.core.models.imports import ImportReject, ImportRun
from kentongan.core.models.jobs import Job
from kentongan.core.models.messages import Message

router = Router(tags=["core"])
LARGEST_ID = 2**63 - 1
"""What PostgreSQL can hold as a key: a larger number is not found, instead of an error."""


class JobOut(Schema):
    """A piece of long work; `total` and `rate` (per second) are null as long as they are not known."""

    id: int
    kind: str
    label: str
    state: str
    done: int
    total: int | None
    rate: float | None
    message: str
    result: dict[str, Any]
    error: str
    remedy: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class ImportOut(Schema):
    """A file on its way in; read = new + same + changed + rejected."""

    id: int
    kind: str
    unit_id: int | None
    file: str
    sha256: str
    state: str
    columns: list[str]
    mapping: dict[str, str]
    counts: dict[str, int]
    job_id: int | None
    imported_before: bool


class MappingIn(Schema):
    """Which column holds which field; null takes the suggestion."""

    mapping: dict[str, str] | None = None


class RejectOut(Schema):
    """A row that was not taken."""

    sheet: str
    line: int
    reason: str
    original: list[Any]


class MessageOut(Schema):
    """A message of the outbox; its address is masked."""

    id: int
    channel: str
    recipient: str
    address: str
    purpose: str
    subject: str
    state: str
    reason: str
    due_at: datetime
    sent_at: datetime | None
    opened_at: datetime | None


def _job(job: Job) -> dict[str, Any]:
    return {name: getattr(job, name) for name in JobOut.model_fields}


def _run(run: ImportRun) -> dict[str, Any]:
    return {
        "id": run.pk,
        "kind": run.kind,
        "unit_id": run.unit_id,
        "file": run.file.name,
        "sha256": run.file.sha256,
        "state": run.state,
        "columns": run.layout["columns"],
        "mapping": run.mapping,
        "counts": dict(counts(run)),
        "job_id": run.job_id,
        "imported_before": getattr(run, "imported_before", False),
    }


def _options(given: str) -> dict[str, str]:
    try:
        values = json.loads(given or "{}")
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise Invalid(fields={"options": [_("This is not a JSON object of texts.")]})
    return values


def _one(request: HttpRequest, run_id: int) -> dict[str, Any]:
    run = imports.get(actor_of(request), min(run_id, LARGEST_ID))
    run.imported_before = imports.earlier(run).exists()  # type: ignore[attr-defined]
    return _run(run)


def _reject(reject: ImportReject) -> dict[str, Any]:
    return {name: getattr(reject, name) for name in RejectOut.model_fields}


def _message(message: Message) -> dict[str, Any]:
    fields = {name: getattr(message, name) for name in MessageOut.model_fields if name != "address"}
    return fields | {"address": messages.masked(message.address)}


@router.get("/jobs", response=Page[JobOut], auth=scope("core:read"))
def list_jobs(request: HttpRequest, paging: Query[Paging], state: str = "") -> dict[str, Any]:
    """List the jobs that you started or administer, newest first."""
    found = jobs.visible(actor_of(request))
    return paginate(found.filter(state=state) if state in Job.State.values else found, paging, _job)


@router.get("/jobs/{job_id}", response=JobOut, auth=scope("core:read"))
def get_job(request: HttpRequest, job_id: int) -> dict[str, Any]:
    """Show how far a job is."""
    return _job(jobs.get(actor_of(request), min(job_id, LARGEST_ID)))


@router.post("/jobs/{job_id}/stop", response=JobOut, auth=scope("core:write"))
def stop_job(request: HttpRequest, job_id: int) -> dict[str, Any]:
    """Ask a job to stop at its next safe point."""
    return _job(jobs.stop(actor_of(request), min(job_id, LARGEST_ID)))


@router.get("/imports", response=Page[ImportOut], auth=scope("core:read"))
def list_imports(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """List the imports that you may see, newest first."""
    return paginate(imports.visible(actor_of(request)), paging, _run)


@router.post("/imports", response={201: ImportOut}, auth=scope("core:write"))
def upload(
    request: HttpRequest,
    file: File[UploadedFile],
    kind: Form[str],
    unit_id: Form[int | None] = None,
    options: Form[str] = "",
) -> Status[dict[str, Any]]:
    """Upload a file; nothing comes in before it is confirmed. `mapping` is what we suggest.

    `options` is a JSON object of texts: what this kind asks, such as the `basis` of people's records.
    """
    whole = min(unit_id, LARGEST_ID) if unit_id is not None else None
    run = imports.upload(actor_of(request), kind, whole, file, file.name or "", options=_options(options))
    return Status(201, _one(request, run.pk))


@router.get("/imports/{run_id}", response=ImportOut, auth=scope("core:read"))
def get_import(request: HttpRequest, run_id: int) -> dict[str, Any]:
    """Show an import with its counts."""
    return _one(request, run_id)


@router.post("/imports/{run_id}/confirm", response={202: JobOut}, auth=scope("core:write"))
def confirm(request: HttpRequest, run_id: int, given: MappingIn) -> Status[dict[str, Any]]:
    """Bring the file in; answers with the job that does it."""
    return Status(202, _job(imports.confirm(actor_of(request), min(run_id, LARGEST_ID), given.mapping)))


@router.post("/imports/{run_id}/continue", response={202: JobOut}, auth=scope("core:write"))
def resume(request: HttpRequest, run_id: int) -> Status[dict[str, Any]]:
    """Bring in the rest of an import that was stopped or failed."""
    return Status(202, _job(imports.resume(actor_of(request), min(run_id, LARGEST_ID))))


@router.post("/imports/{run_id}/undo", response={202: JobOut}, auth=scope("core:write"))
def undo(request: HttpRequest, run_id: int) -> Status[dict[str, Any]]:
    """Take back what the import brought in."""
    return Status(202, _job(imports.undo(actor_of(request), min(run_id, LARGEST_ID))))


@router.post("/imports/{run_id}/discard", response=ImportOut, auth=scope("core:write"))
def discard(request: HttpRequest, run_id: int) -> dict[str, Any]:
    """Drop an upload that was not confirmed."""
    return _one(request, imports.discard(actor_of(request), min(run_id, LARGEST_ID)).pk)


@router.get("/imports/{run_id}/rejects", response=Page[RejectOut], auth=scope("core:read"))
def list_rejects(request: HttpRequest, run_id: int, paging: Query[Paging]) -> dict[str, Any]:
    """List the rejected rows with their lines and reasons."""
    run = imports.get(actor_of(request), min(run_id, LARGEST_ID))
    return paginate(run.rejects.order_by("pk"), paging, _reject)


@router.get("/messages", response=Page[MessageOut], auth=scope("core:read"))
def list_messages(request: HttpRequest, paging: Query[Paging], state: str = "") -> dict[str, Any]:
    """List messages with what became of each, newest first."""
    found = messages.visible(actor_of(request))
    return paginate(found.filter(state=state) if state in Message.State.values else found, paging, _message)
