"""Screens of imports: the list, upload, preview with a column for each field, progress, result."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from kentongan.core import authority, imports, tables
from kentongan.core.errors import Invalid, NotAllowed
from kentongan.core.imports import queries
from kentongan.core.imports.contract import AsksOptions, ImportKind, ReadsSheetsTogether, kind_of
from kentongan.core.imports.preview import preview as make_preview
from kentongan.core.imports.values import readable
from kentongan.core.models.imports import ImportRun
from kentongan.core.requests import StaffRequest
from kentongan.core.views.common import act, form_page, page

SHOWN_REJECTS = 20
COLUMN, OPTION, ANSWER, OTHER = "column:", "option:", "answer:", "other:"
UNPROCESSABLE = 422


@page
def index(request: StaffRequest) -> HttpResponse:
    """List the imports that one may see."""
    kinds = imports.kinds_for(request.actor)
    if not kinds:
        raise NotAllowed()
    found = imports.visible(request.actor).exclude(state=ImportRun.State.DISCARDED)
    labels = {kind.name: kind.label for kind in kinds}
    rows = tables.page_of(request, found, 25)
    context = {"page": rows, "rows": [(run, labels.get(run.kind, run.kind)) for run in rows], "kinds": kinds}
    return render(request, "core/imports.html", context)


def _upload_context(request: StaffRequest, kind: ImportKind, unit_id: int | None) -> dict[str, Any]:
    units = authority.units(request.actor, kind.capability)
    context = {"kind": kind, "units": units, "unit_id": unit_id or (units[0][0] if units else None)}
    if isinstance(kind, AsksOptions):
        context["options"] = [(option, _said(request, f"{OPTION}{option.name}"), ()) for option in kind.options]
    return context


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else None


@form_page
def upload(request: StaffRequest) -> HttpResponse:
    """Take a file: `?kind=` says what it holds, `?unit=` for which unit."""
    given = request.POST if request.method == "POST" else request.GET
    allowed = imports.kinds_for(request.actor)
    if not allowed:
        raise NotAllowed()
    kind = kind_of(given["kind"]) if given.get("kind") else allowed[0]
    context = _upload_context(request, kind, _whole(given.get("unit"))) | {"kinds": allowed}
    if request.method != "POST":
        return render(request, "core/import_upload.html", context)
    file = request.FILES.get("file")
    if file is None:
        context["error"] = Invalid(_("No file was chosen."), remedy=_("Choose a file, or drop one on the field."))
        return render(request, "core/import_upload.html", context, status=UNPROCESSABLE)
    try:
        options = {option.name: value for option, value, _faults in context.get("options", ())}
        run = imports.upload(request.actor, kind.name, context["unit_id"], file, file.name or "", options=options)
    except Invalid as error:
        asked = [
            (option, value, error.fields.get(option.name, ())) for option, value, _faults in context.get("options", ())
        ]
        context |= {"error": error, "options": asked}
        return render(request, "core/import_upload.html", context, status=error.status)
    return redirect(run)


def _draft(
    request: StaffRequest, run: ImportRun, mapping: dict[str, str], error: Invalid | None = None
) -> HttpResponse:
    kind = kind_of(run.kind)
    scores = run.options.get("scores", {}) if mapping == run.mapping else {}
    context = {
        "run": run,
        "kind": kind,
        "preview": make_preview(run, kind, mapping, scores, _answers(request)),
        "together": isinstance(kind, ReadsSheetsTogether) and kind.sheets_together,
        "earlier": queries.earlier(run).first(),
        "error": error,
    }
    template = "core/import_preview.html" if request.htmx and not error else "core/import_draft.html"
    return render(request, template, context, status=error.status if error else 200)


def _said(request: StaffRequest, name: str) -> str:
    """Return what a field of the form holds, without characters that no text of ours can hold."""
    return readable(str(request.POST.get(name, ""))).strip()


def _chosen(request: StaffRequest, prefix: str) -> dict[str, str]:
    """Return the filled fields whose names begin with `prefix`, by the rest of their names."""
    found = {
        readable(name.removeprefix(prefix)): _said(request, name) for name in request.POST if name.startswith(prefix)
    }
    return {name: value for name, value in found.items() if value}


def _mapping(request: StaffRequest) -> dict[str, str]:
    return _chosen(request, COLUMN)


def _answers(request: StaffRequest) -> dict[str, str]:
    """Return the decisions of the form, by key; what was typed goes before what was chosen."""
    return _chosen(request, ANSWER) | _chosen(request, OTHER)


@page
def show(request: StaffRequest, pk: int) -> HttpResponse:
    """Show one import: to be confirmed, on its way, or what came of it."""
    run = imports.get(request.actor, pk)
    if run.state == ImportRun.State.DRAFT:
        return _draft(request, run, dict(run.mapping))
    context = {
        "run": run,
        "kind": kind_of(run.kind),
        "reasons": imports.reasons(run),
        "left_for": imports.left_for(run),
        "rejects": list(run.rejects.order_by("pk")[:SHOWN_REJECTS]),
        "remarks": list(run.remarks.order_by("pk")[:SHOWN_REJECTS]),
        "remarks_count": run.remarks.count(),
    }
    return render(request, "core/import.html", context)


@act
def preview(request: StaffRequest, pk: int) -> HttpResponse:
    """Show what another choice of columns would do; nothing is written, so a draft can be tried as often as wanted."""
    run = imports.get(request.actor, pk)
    if run.state != ImportRun.State.DRAFT:
        return redirect(run)
    return _draft(request, run, _mapping(request))


@act
def choose_sheet(request: StaffRequest, pk: int) -> HttpResponse:
    """Read another sheet of the workbook."""
    return redirect(imports.choose_sheet(request.actor, pk, request.POST.get("sheet", "")))


@act
def confirm(request: StaffRequest, pk: int) -> HttpResponse:
    """Start the import as the form says."""
    mapping = _mapping(request)
    try:
        if answers := _answers(request):
            imports.answer(request.actor, pk, answers)
        imports.confirm(request.actor, pk, mapping)
    except Invalid as error:
        return _draft(request, imports.get(request.actor, pk), mapping, error)
    return redirect("core:import", pk)


@act
def answer(request: StaffRequest, pk: int) -> HttpResponse:
    """Keep the decisions on what we were not sure of, and show what the file looks like now."""
    run = imports.get(request.actor, pk)
    error = None
    try:
        if answers := _answers(request):
            imports.answer(request.actor, pk, answers)
    except Invalid as caught:
        error = caught
    return _draft(request, run, _mapping(request), error) if run.state == ImportRun.State.DRAFT else redirect(run)


@act
def resume(request: StaffRequest, pk: int) -> HttpResponse:
    """Bring in the rest."""
    imports.resume(request.actor, pk)
    return redirect("core:import", pk)


@act
def undo(request: StaffRequest, pk: int) -> HttpResponse:
    """Take back what came in."""
    imports.undo(request.actor, pk)
    return redirect("core:import", pk)


@act
def discard(request: StaffRequest, pk: int) -> HttpResponse:
    """Drop an upload that was not confirmed."""
    imports.discard(request.actor, pk)
    messages.success(request, _("The upload was dropped; nothing of it came in."))
    return redirect("core:imports")


@page
def rejects(request: StaffRequest, pk: int) -> HttpResponseBase:
    """Download the rejected rows, each with its line and the reason."""
    run = imports.get(request.actor, pk)
    name = run.file.name.rsplit(".", 1)[0]
    return tables.export(
        f"{name}-{_('rejected')}", queries.reject_columns(run), queries.rejects(run), request.GET.get("format", "csv")
    )
