"""Screens of mandates: who must have what, who has it, who is missing."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from kentongan.core import printing
from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.core.tables import Column, export, page_of
from kentongan.registry import access, actions, queries, sheets
from kentongan.registry.forms.mandates import MandateChangeForm, MandateForm
from kentongan.registry.models import Mandate, Unit
from kentongan.registry.queries import mandates as reads
from kentongan.registry.views.common import around, edit, unit_of

EVERYBODY = "all"
ORDERS = {
    "unit": lambda line: line.unit.name,
    "done": lambda line: line.complete.ratio,
    "missing": lambda line: line.complete.missing,
}


def _whole(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name) or request.POST.get(name) or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


@login_required
def index(request: StaffRequest, pk: int | None = None) -> HttpResponse:
    """The mandates that bind a unit or something below it, with how far each is."""
    unit = unit_of(request, pk, Capability.MEASURE)
    ended = request.GET.get("ended") == "1"
    found = reads.mandates(request.actor, unit).filter(ended_at__isnull=not ended)
    page = page_of(request, found, 25)
    shares = reads.progress(request.actor, list(page))
    context = around(request, unit, page=page, rows=[(one, shares[one.pk]) for one in page], ended=ended)
    context["states"] = [("", _("Running")), ("1", _("Over"))]
    return render(request, "registry/mandates.html", context)


def _given(request: StaffRequest, pk: int, capability: Capability = Capability.MEASURE) -> tuple[Mandate, Unit]:
    given = reads.mandate(request.actor, pk)
    return given, reads.place(request.actor, given, _whole(request, "unit"), capability)


def matrix_columns(given: Mandate) -> list[Column]:
    """Return the columns in which the matrix leaves the system."""
    columns = [
        Column(gettext_lazy("Code"), "unit.code"),
        Column(gettext_lazy("Unit"), "unit.name", 34),
        Column(gettext_lazy("Must"), "complete.total", 12),
        Column(gettext_lazy("Complete"), "complete.done", 12),
        Column(gettext_lazy("Missing"), "complete.missing", 12),
        Column(gettext_lazy("Change since last week"), "complete.change", 12),
    ]
    for kind, label in given.platform_labels:
        columns.append(Column(label, f"platforms.{kind}.done", 14))
    return columns


@login_required
def show(request: StaffRequest, pk: int) -> HttpResponseBase:
    """The matrix: units right below by platform."""
    given, unit = _given(request, pk)
    matrix = reads.matrix(request.actor, given, unit)
    lines = _ordered(request, matrix)
    if fmt := request.GET.get("format"):
        return export("mandate", matrix_columns(given), [*lines, *([matrix.own] if matrix.own else [])], fmt)
    context = around(request, unit, given=given, matrix=matrix, lines=lines, platforms=given.platform_labels)
    context["mandated"] = access.capabilities(request.actor, given.unit)
    return render(request, "registry/mandate.html", context)


def _ordered(request: HttpRequest, matrix: reads.Matrix) -> list[reads.Line]:
    name = request.GET.get("sort", "")
    key = ORDERS.get(name.removeprefix("-"))
    return sorted(matrix.below, key=key, reverse=name.startswith("-")) if key else list(matrix.below)


def _yes_or_no(kind: str, row: Any) -> str:
    return _("yes") if getattr(row, reads.HAS + kind) else _("no")


def _name_columns(given: Mandate) -> list[Column]:
    who: list[Column] = []
    if given.of_people:
        who = [Column(gettext_lazy("Name"), "person.full_name", 34), Column(gettext_lazy("Position"), "title", 24)]
        who.append(Column(gettext_lazy("Phone"), "person.phone"))
        who.append(Column(gettext_lazy("Unit"), "unit.name", 34))
    else:
        who = [Column(gettext_lazy("Code"), "code"), Column(gettext_lazy("Unit"), "name", 34)]
    return [
        *who,
        *(Column(label, partial(_yes_or_no, kind), 12) for kind, label in given.platform_labels),
    ]


@login_required
def names(request: StaffRequest, pk: int) -> HttpResponseBase:
    """Who lacks something, by name; for those who audit the unit."""
    given, unit = _given(request, pk, Capability.AUDIT)
    lacks = request.GET.get("lacks", "")
    everybody = lacks == EVERYBODY
    bearers = reads.bearers(request.actor, given, unit)
    found = bearers if everybody else reads.missing(request.actor, given, unit, lacks)
    if fmt := request.GET.get("format"):
        if given.of_people:
            actions.record_export(request.actor, unit.pk, found.count(), Capability.AUDIT)
        return export("missing", _name_columns(given), reads.with_held(given, found), fmt)
    page = page_of(request, found, at_least=reads.counted(given, unit, None if everybody else lacks) or 0)
    shown = reads.with_held(given, page)
    rows = [(row, {kind: getattr(row, reads.HAS + kind) for kind in given.platforms}) for row in shown]
    context = around(request, unit, given=given, page=page, rows=rows, everybody=everybody)
    without = [(kind, _("Without %(label)s") % {"label": label}) for kind, label in given.platform_labels]
    context["choices"] = [("", _("Lacks something")), *without, (EVERYBODY, _("Everyone"))]
    context["platforms"] = given.platform_labels
    return render(request, "registry/mandate_names.html", context)


@login_required
def sheet(request: StaffRequest, pk: int) -> HttpResponse:
    """The sheet for the meeting: the matrix, and names where there are few enough to print."""
    given, unit = _given(request, pk)
    matrix = reads.matrix(request.actor, given, unit)
    may_name = access.allows(request.actor, Capability.AUDIT, unit)
    found = reads.missing(request.actor, given, unit) if may_name else None
    content = printing.pdf("core/table.typ", sheets.mandate(matrix, found, organisation=queries.organisation()))
    if found is not None and given.of_people:
        actions.record_export(request.actor, unit.pk, min(found.count(), sheets.MOST_NAMES), Capability.AUDIT)
    return printing.response(f"{given.name}-{unit.code}", content)


@login_required
def add(request: StaffRequest, pk: int) -> HttpResponse:
    """Give a mandate to a unit's subtree."""
    unit = unit_of(request, pk, Capability.INSTRUCT)
    form = MandateForm(request.POST or None, request.FILES or None)

    def save(actor: Actor, _data: dict[str, Any]) -> Mandate:
        letter = form.letter(actor, unit.pk, Capability.INSTRUCT)
        return actions.give_mandate(actor, unit.pk, form.wanted(), letter=letter)

    return edit(
        request,
        unit,
        form,
        save,
        title=_("Give a mandate"),
        lead=_("It binds %(unit)s and everything below it; numbers come within seconds.") % {"unit": unit.name},
        done=_("The mandate is given; the first numbers are being counted."),
        back="registry:unit_mandates",
        yes=_("Give the mandate"),
    )


@login_required
def change(request: StaffRequest, pk: int) -> HttpResponse:
    """Correct a mandate's name, day or letter."""
    given = reads.mandate(request.actor, pk)
    access.require(request.actor, Capability.INSTRUCT, given.unit)
    initial = {"name": given.name, "due_on": given.due_on}
    if given.letter:
        initial |= {"letter_number": given.letter.number, "letter_dated": given.letter.dated}
    form = MandateChangeForm(request.POST or None, request.FILES or None, initial=initial)

    def save(actor: Actor, data: dict[str, Any]) -> Mandate:
        letter = form.letter(actor, given.unit_id, Capability.INSTRUCT)
        return actions.change_mandate(actor, pk, name=data["name"], due_on=data["due_on"], letter=letter)

    return edit(
        request,
        given.unit,
        form,
        save,
        title=_("Change the mandate"),
        lead=_("What it asks of whom stays: a different duty is a different mandate."),
        done=_("The mandate was changed."),
        back="registry:unit_mandates",
    )


@login_required
@require_POST
def end(request: StaffRequest, pk: int) -> HttpResponse:
    """End a mandate."""
    given = actions.end_mandate(request.actor, pk)
    messages.success(request, _("The mandate has ended; its numbers stay as they are now."))
    return redirect("registry:unit_mandates", pk=given.unit_id)


@login_required
@require_POST
def remind(request: StaffRequest, pk: int) -> HttpResponse:
    """Write to everyone who lacks something at a unit and below."""
    given, unit = _given(request, pk, Capability.INSTRUCT)
    job = actions.remind(request.actor, given.pk, unit.pk, platform=request.POST.get("platform", ""))
    return redirect(job)
