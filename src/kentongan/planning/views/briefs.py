"""Screens of briefs."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import BaseFormSet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from kentongan.core import tables
from kentongan.core.errors import Invalid, NotAllowed
from kentongan.core.forms import show_errors
from kentongan.core.permissions import Capability
from kentongan.listening import access as listening
from kentongan.planning import access, actions, prefill, queries
from kentongan.planning.forms import BriefForm, FactForm, FactFormSet
from kentongan.planning.models import Brief
from kentongan.planning.views.common import number, reader, searched
from kentongan.registry import access as rights

COLUMNS = (
    tables.Column(gettext_lazy("Title"), "title", 40),
    tables.Column(gettext_lazy("Unit"), "unit.name", 30),
    tables.Column(gettext_lazy("Message"), "message", 60),
    tables.Column(gettext_lazy("Audience"), "audience", 30),
    tables.Column(gettext_lazy("Deadline"), "deadline"),
    tables.Column(gettext_lazy("Items"), "item_count"),
)


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponseBase:
    """All briefs, the latest first."""
    actor = reader(request)
    rows = tables.sorted_by(
        request, queries.briefs(actor, searched(request)), {"title": "title", "deadline": "deadline"}
    )
    if fmt := request.GET.get("format"):
        return tables.export("brief", COLUMNS, rows, fmt)
    context = {"page": tables.page_of(request, rows, 25), "may_write": queries.units_to_edit(actor).exists()}
    return render(request, "planning/briefs.html", context)


@login_required
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One brief with its facts and what was made from it."""
    actor = reader(request)
    brief = access.brief(actor, pk)
    context = {
        "brief": brief,
        "facts": brief.facts.all(),
        "items": queries.items(actor, brief_id=brief.pk)[:50],
        "may_edit": rights.allows(actor, Capability.EDIT, brief.unit),
    }
    return render(request, "planning/brief.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Make a brief, filled in from an issue when one is named."""
    actor = reader(request)
    if not queries.units_to_edit(actor).exists():
        raise NotAllowed()
    issue_id = number(request.GET.get("issue"))
    issue = listening.issue(actor, issue_id) if issue_id is not None else None
    start = prefill.from_issue(issue) if issue is not None else prefill.Start({}, [])
    form = BriefForm(request.POST or None, actor=actor, initial=start.brief)
    facts = FactFormSet(request.POST or None, prefix="facts", initial=start.facts)
    if request.method == "POST" and form.is_valid() and facts.is_valid():
        try:
            brief = actions.create_brief(actor, form.cleaned_data["unit"].pk, form.draft(facts, issue_id))
        except Invalid as error:
            show_errors(form, error)
        else:
            messages.success(request, _("The brief is ready. Next: write an item from it."))
            return redirect("planning:brief", brief.pk)
    return _form(request, form, facts, issue=issue)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a brief."""
    actor = reader(request)
    brief = access.brief(actor, pk, Capability.EDIT)
    form = BriefForm(request.POST or None, actor=actor, brief=brief, initial=prefill.brief_initial(brief))
    facts = FactFormSet(request.POST or None, prefix="facts", initial=prefill.facts_initial(brief))
    if request.method == "POST" and form.is_valid() and facts.is_valid():
        try:
            actions.change_brief(actor, pk, form.draft(facts, brief.issue_id))
        except Invalid as error:
            show_errors(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("planning:brief", pk)
    return _form(request, form, facts, issue=brief.issue, brief=brief)


def _form(
    request: HttpRequest,
    form: BriefForm,
    facts: "BaseFormSet[FactForm]",
    *,
    issue: Any = None,
    brief: Brief | None = None,
) -> HttpResponse:
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "facts": facts, "issue": issue, "brief": brief}
    return render(request, "planning/brief_form.html", context, status=status)
