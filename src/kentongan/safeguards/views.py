"""Screens of safeguards."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kentongan.core import audit, authority, clock, tables
from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid, NotFound
from kentongan.core.permissions import Capability
from kentongan.safeguards import actions, held, queries
from kentongan.safeguards.actions import MODELS, Table
from kentongan.safeguards.forms import form_class
from kentongan.safeguards.models import Sourced
from kentongan.safeguards.purposes import Purpose

HOMES = {
    Table.ELECTION: "safeguards:elections",
    Table.STAGE: "safeguards:elections",
    Table.QUIET_PERIOD: "safeguards:elections",
    Table.ACCOUNT_CAP: "safeguards:account_caps",
    Table.CONTENT_RULE: "safeguards:content_rules",
}
RELEASE_COLUMNS = (
    tables.Column(gettext_lazy("At"), "at"),
    tables.Column(gettext_lazy("By"), "by.name"),
    tables.Column(gettext_lazy("What"), "subject", 40),
    tables.Column(gettext_lazy("Reason"), "reason", 60),
    tables.Column(gettext_lazy("Held by"), lambda row: str(row.period or ""), 40),
)


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    authority.require_anywhere(actor, Capability.VIEW)
    return actor


def _screen(request: HttpRequest, template: str, actor: Actor, **context: Any) -> HttpResponse:
    may_edit = authority.allows(actor, Capability.ADMINISTER)
    return render(request, f"safeguards/{template}.html", {"may_edit": may_edit} | context)


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The clock, what holds and what is held right now."""
    actor = _actor(request)
    return _screen(
        request,
        "index",
        actor,
        overview=queries.overview(clock.now()),
        held=held.held(actor),
        held_count=held.count(actor),
        checklist=queries.checklist(Purpose.SERVICE),
    )


@login_required
@require_GET
def elections(request: HttpRequest) -> HttpResponse:
    """Elections with their stages and quiet periods."""
    actor = _actor(request)
    return _screen(
        request, "elections", actor, page=tables.page_of(request, queries.elections(), 10), today=clock.now().date()
    )


@login_required
@require_GET
def account_caps(request: HttpRequest) -> HttpResponse:
    """How many accounts a participant may register, election by election."""
    actor = _actor(request)
    return _screen(request, "account_caps", actor, page=tables.page_of(request, queries.account_caps()))


@login_required
@require_GET
def content_rules(request: HttpRequest) -> HttpResponse:
    """What reviewers tick before they approve."""
    actor = _actor(request)
    groups = [(purpose, [row for row in queries.content_rules() if row.purpose == purpose]) for purpose in Purpose]
    return _screen(request, "content_rules", actor, groups=groups)


@login_required
@require_GET
def releases(request: HttpRequest) -> HttpResponseBase:
    """Who let what go out, and why."""
    actor = _actor(request)
    rows = tables.sorted_by(request, queries.releases(actor), {"at": "at"})
    if fmt := request.GET.get("format"):
        return tables.export("pelepasan", RELEASE_COLUMNS, rows, fmt)
    return _screen(request, "releases", actor, page=tables.page_of(request, rows))


def _table(name: str) -> Table:
    try:
        return Table(name)
    except ValueError as error:
        raise NotFound() from error


def _row(table: Table, pk: int) -> Sourced:
    row = MODELS[table]._default_manager.filter(pk=pk).first()
    if row is None:
        raise NotFound()
    return row


def _filled(form: forms.ModelForm[Sourced], error: Invalid) -> None:
    for name, texts in error.fields.items():
        for text in texts:
            form.add_error(name if name in form.fields else None, text)


@login_required
@require_http_methods(["GET", "POST"])
def add_row(request: HttpRequest, table: str) -> HttpResponse:
    """Add a row of law."""
    actor, chosen = _actor(request), _table(table)
    authority.require(actor, Capability.ADMINISTER)
    form = form_class(chosen)(request.POST or None, initial=request.GET.dict())
    if request.method == "POST" and form.is_valid():
        try:
            row = actions.add(actor, chosen, form.cleaned_data)
        except Invalid as error:
            _filled(form, error)
        else:
            messages.success(request, _("Added: %(row)s.") % {"row": row})
            return redirect(HOMES[chosen])
    context = {"form": form, "table": chosen, "model": MODELS[chosen]._meta, "home": HOMES[chosen]}
    return _screen(request, "row", actor, **context)


@login_required
@require_http_methods(["GET", "POST"])
def edit_row(request: HttpRequest, table: str, pk: int) -> HttpResponse:
    """Correct or verify a row of law."""
    actor, chosen = _actor(request), _table(table)
    authority.require(actor, Capability.ADMINISTER)
    row = _row(chosen, pk)
    form = form_class(chosen)(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change(actor, chosen, pk, form.cleaned_data)
        except Invalid as error:
            _filled(form, error)
        else:
            messages.success(request, _("Saved: %(row)s.") % {"row": row})
            return redirect(HOMES[chosen])
    context = {
        "form": form,
        "table": chosen,
        "model": MODELS[chosen]._meta,
        "home": HOMES[chosen],
        "row": _row(chosen, pk),
        "trail": audit.trail(row),
        "held_count": held.count(actor) if chosen is Table.QUIET_PERIOD else 0,
    }
    return _screen(request, "row", actor, **context)


@login_required
@require_POST
def remove_row(request: HttpRequest, table: str, pk: int) -> HttpResponse:
    """Remove a row that was entered here."""
    actor, chosen = _actor(request), _table(table)
    actions.remove(actor, chosen, pk)
    messages.success(request, _("Removed."))
    return redirect(HOMES[chosen])
