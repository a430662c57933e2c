"""Settings: the user's own, their tokens, the organisation with its roles, and the audit log."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kentongan.core import audit, authority, clock, tables
from kentongan.core import tokens as token_actions
from kentongan.core.models import User
from kentongan.core.models.audit import AuditEntry
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.core.tables import Column
from kentongan.registry import areas
from kentongan.registry import queries as registry
from kentongan.registry.views.lists import ROLE_COLUMNS
from kentongan.web import actions, queries
from kentongan.web.forms import ProfileForm, TokenForm

PER_PAGE = 30


def _changes(entry: AuditEntry) -> str:
    return "; ".join(f"{name}: {old} → {new}" for name, old, new in entry.changes)


AUDIT_COLUMNS = (
    Column(gettext_lazy("When"), "at", 22),
    Column(gettext_lazy("Who"), "who", 30),
    Column(gettext_lazy("What"), "act", 34),
    Column(gettext_lazy("Act"), "verb", 28),
    Column(gettext_lazy("To which object"), "object_label", 40),
    Column(gettext_lazy("Before and after"), _changes, 60),
    Column(gettext_lazy("Note"), "note", 40),
)
_form_methods = require_http_methods(["GET", "HEAD", "POST"])


@login_required
@require_GET
def settings(request: StaffRequest) -> HttpResponse:
    """Lead to the first page of the settings."""
    return redirect("web:profile")


@login_required
@_form_methods
def profile(request: StaffRequest) -> HttpResponse:
    """Show and change the user's own name, language, appearance and zone."""
    own = User.objects.get(pk=request.actor.user_id or 0)
    form = ProfileForm(request.POST or None, instance=own)
    if request.method == "POST" and form.is_valid():
        user = actions.change_profile(request.actor, **form.cleaned_data)
        with translation.override(user.language):
            messages.success(request, _("Saved."))
        return redirect("web:profile")
    return render(request, "web/profile.html", {"form": form}, status=422 if form.errors else 200)


@never_cache
@login_required
@_form_methods
def tokens(request: StaffRequest) -> HttpResponse:
    """List the user's API tokens and make one; the secret is shown on this page, once."""
    form, secret = TokenForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        until = clock.now() + timedelta(days=int(form.cleaned_data["days"]))
        _row, secret = token_actions.create(request.actor, form.cleaned_data["name"], form.scopes(), until)
        form = TokenForm()
    context = {"form": form, "secret": secret, "tokens": queries.tokens(request.actor), "now": clock.now()}
    return render(request, "web/tokens.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def token_revoke(request: StaffRequest, pk: int) -> HttpResponse:
    """End one of the user's tokens."""
    token = token_actions.revoke(request.actor, pk)
    messages.success(request, _("The token “%(name)s” no longer works.") % {"name": token.name})
    return redirect("web:tokens")


@login_required
@require_GET
def organisation(request: StaffRequest) -> HttpResponseBase:
    """Show whose installation this is and who holds which role."""
    authority.require_anywhere(request.actor, Capability.ADMINISTER)
    found = registry.grants(request.actor)
    if fmt := request.GET.get("format"):
        return tables.export("roles", ROLE_COLUMNS, found, fmt)
    context = {"page": tables.page_of(request, found, PER_PAGE), "root": registry.root(), "areas": areas}
    return render(request, "web/organisation.html", context)


@login_required
@require_GET
def audit_log(request: StaffRequest) -> HttpResponseBase:
    """Show who did what at the units that the user may audit."""
    authority.require_anywhere(request.actor, Capability.AUDIT)
    text = request.GET.get("text", "").strip()
    found = queries.audit_log(request.actor, text)
    if fmt := request.GET.get("format"):
        return tables.export("audit", AUDIT_COLUMNS, audit.each_named(found), fmt)
    page = tables.page_of(request, found, PER_PAGE)
    page.object_list = audit.named(page.object_list)
    return render(request, "web/audit_log.html", {"page": page, "text": text})
