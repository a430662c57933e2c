"""Sources: where posts come from, whether that works, and what could not be read."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kentongan.channels import registry as channels
from kentongan.core import authority, imports
from kentongan.core.errors import Conflict, Invalid, NotFound, Unavailable
from kentongan.core.forms import show_errors
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.core.tables import Column, export, page_of
from kentongan.listening import access, actions, folders, opening, queries, reading
from kentongan.listening.forms.sources import ChangeForm, NamedForm, SourceForm
from kentongan.listening.importing import PostImport
from kentongan.listening.models import Source
from kentongan.listening.views.common import unit_of
from kentongan.registry import access as registry
from kentongan.registry.models import Unit

COLUMNS = (
    Column(gettext_lazy("Source"), "name", 40),
    Column(gettext_lazy("Kind"), "kind_label", 40),
    Column(gettext_lazy("What it looks for"), "query", 40),
    Column(gettext_lazy("State"), "get_state_display"),
    Column(gettext_lazy("Last error"), "last_error", 40),
    Column(gettext_lazy("Posts"), "posts"),
    Column(gettext_lazy("Could not be read"), "waiting"),
    Column(gettext_lazy("Last read"), "last_read_at", 22),
    Column(gettext_lazy("Last new"), "last_new_at", 22),
    Column(gettext_lazy("Next read"), "due_at", 22),
)
PACE = ("name", "every_minutes", "retention_days", "budget_posts", "budget_requests")


@login_required
@require_GET
def index(request: StaffRequest) -> HttpResponseBase:
    """Where posts come from, and whether that works."""
    authority.require_anywhere(request.actor, Capability.LISTEN)
    found = queries.sources(request.actor)
    if fmt := request.GET.get("format"):
        return export("sumber", COLUMNS, found, fmt)
    context = {
        "page": page_of(request, found),
        "posts": queries.segments_count(request.actor),
        "runs": imports.visible(request.actor).filter(kind=PostImport.name).exclude(state="discarded")[:10],
        "may_analyse": Capability.ANALYSE in registry.capabilities(request.actor),
    }
    return render(request, "listening/sources.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def add(request: StaffRequest) -> HttpResponse:
    """Add a source: choose its kind, say what to read, see what would come, save."""
    unit = unit_of(request)
    kind = request.GET.get("kind", "")
    if kind in opening.BROUGHT:
        return _add_named(request, unit, kind)
    if kind not in channels.listeners():
        return render(request, "listening/source_kinds.html", {"kinds": channels.listeners()})
    channel, listener = channels.listeners()[kind]
    accounts = queries.accounts(request.actor, channel.kind)
    form = SourceForm(request.POST or None, kind=kind, listener=listener, accounts=accounts)
    context: dict[str, Any] = {"form": form, "unit": unit, "channel": channel, "listener": listener}
    context["lacks_account"] = "account" in form.fields and not accounts
    if request.method == "POST" and form.is_valid():
        try:
            if "save" in request.POST:
                source = actions.open_source(request.actor, unit.pk, form.new())
                messages.success(request, _("The source was added. It is read within seconds."))
                return redirect(source)
            context["preview"] = reading.preview(request.actor, unit.pk, form.new())
        except Invalid as error:
            show_errors(form, error)
        except Unavailable as error:
            form.add_error(None, str(error))
    return render(request, "listening/source_new.html", context, status=422 if form.errors else 200)


def _add_named(request: StaffRequest, unit: Unit, kind: str) -> HttpResponse:
    form = NamedForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            source = opening.BROUGHT[kind](request.actor, unit.pk, **form.cleaned_data)
            messages.success(request, _("The source was added."))
            return redirect(source)
        except Invalid as error:
            show_errors(form, error)
    status = 422 if form.errors else 200
    return render(request, f"listening/source_{kind}.html", {"form": form, "unit": unit}, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def source(request: StaffRequest, pk: int) -> HttpResponse:
    """One source: its health, its pace, what could not be read."""
    found = queries.sources(request.actor).filter(pk=pk).first()
    if found is None:
        raise NotFound()
    held = registry.capabilities(request.actor, found.unit)
    may = Capability.ANALYSE in held
    kind = ChangeForm if found.is_read else NamedForm
    form = kind(request.POST or None, initial={name: getattr(found, name) for name in PACE})
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_source(request.actor, pk, form.cleaned_data["name"], form.pace())
            messages.success(request, _("Changed."))
            return redirect(found)
        except Invalid as error:
            show_errors(form, error)
    context = {
        "source": found,
        "form": form,
        "may_analyse": may,
        "door": opening.entrance(request.actor, pk) if may and found.kind == Source.Kind.FORM else "",
        "brings": found.kind == Source.Kind.FORM and any(one in held for one in actions.WORKERS),
        "folder": folders.folder_of(found) if may and found.kind == Source.Kind.FOLDER else None,
        "items": page_of(request, queries.quarantine(request.actor, pk), 25),
    }
    return render(request, "listening/source.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def read(request: StaffRequest, pk: int) -> HttpResponse:
    """Read it now."""
    try:
        counts = reading.read_now(request.actor, pk)
    except Unavailable as error:
        messages.warning(request, str(error))
    else:
        text = ngettext("%(added)d new post, %(same)d already there.", "%(added)d new posts, %(same)d already there.",
                        counts.added)  # fmt: skip
        messages.success(request, text % {"added": counts.added, "same": counts.duplicates})
    return redirect("listening:source", pk)


@login_required
@require_POST
def pause(request: StaffRequest, pk: int) -> HttpResponse:
    """Pause it, or resume."""
    if request.POST.get("off"):
        return _done(request, actions.resume_source(request.actor, pk), _("It is read again."))
    return _done(request, actions.pause_source(request.actor, pk), _("It is paused: nothing comes in."))


@login_required
@require_POST
def remove(request: StaffRequest, pk: int) -> HttpResponse:
    """Remove it."""
    actions.remove_source(request.actor, pk)
    messages.success(request, _("The source was removed. Its posts stay."))
    return redirect("listening:sources")


def _done(request: StaffRequest, found: Source, text: str) -> HttpResponse:
    messages.success(request, text)
    return redirect(found)


@login_required
@require_POST
def item(request: StaffRequest, pk: int) -> HttpResponse:
    """Show an item that could not be read; written down."""
    found = access.quarantined(request.actor, pk)
    raw = actions.open_item(request.actor, pk)
    return render(request, "listening/quarantined.html", {"item": found, "raw": raw})


@login_required
@require_POST
def retry(request: StaffRequest, pk: int) -> HttpResponse:
    """Read an item once more."""
    source_id = access.quarantined(request.actor, pk).source_id
    try:
        actions.retry_item(request.actor, pk)
        messages.success(request, _("It could be read this time, and is in."))
    except Conflict as error:
        messages.warning(request, str(error))
    return redirect("listening:source", source_id)


@login_required
@require_POST
def discard(request: StaffRequest, pk: int) -> HttpResponse:
    """Discard an item."""
    return _done(request, actions.discard_item(request.actor, pk), _("It was discarded."))
