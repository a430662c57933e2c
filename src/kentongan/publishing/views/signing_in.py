"""Signing in at platforms, and the organisation's apps there."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kentongan.channels import registry as channels
from kentongan.channels.contract import SignInOfSeveral
from kentongan.core import authority
from kentongan.core.errors import Conflict, Invalid
from kentongan.core.forms import show_errors
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.publishing import actions, queries, signing_in
from kentongan.publishing.actions.signing_in import sign_in_of
from kentongan.publishing.forms import AppForm
from kentongan.publishing.views.common import after_connecting
from kentongan.registry import access as rights
from kentongan.registry import queries as registry


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: StaffRequest, pk: int) -> HttpResponse:
    """Say what will happen; begun, lead to the platform's page.

    A form may send nobody to another site (content security policy), so the way there is a link.
    """
    account = registry.account_to_connect(request.actor, pk)
    sign_in = sign_in_of(account.platform)
    there = ""
    if request.method == "POST":
        there = signing_in.begin(request.actor, pk, request.session.session_key or "")
    context = {
        "account": account,
        "manifest": channels.get(account.platform).manifest,
        "there": there,
        "several": isinstance(sign_in, SignInOfSeveral),
        "app": queries.app(account.platform),
        "may_set_apps": authority.allows(request.actor, Capability.ADMINISTER),
    }
    return render(request, "publishing/sign_in.html", context)


@login_required
@never_cache
@require_GET
def signed_in(request: StaffRequest) -> HttpResponse:
    """Take in who comes back from a platform's page: what went wrong is said where it is begun again."""
    given = {name: request.GET.get(name, "")[:2_000] for name in ("state", "code", "error")}
    try:
        account = signing_in.finish(request.actor, request.session.session_key or "", **given)
    except (Invalid, Conflict) as error:
        messages.error(request, str(error))
    else:
        names = {"account": account.known_as}
        messages.success(request, _("Signed in: %(account)s could publish right now.") % names)
    return redirect(after_connecting(request.actor))


def _administrator(request: StaffRequest) -> None:
    rights.get_unit(request.actor, Capability.ADMINISTER, parent=None)


@login_required
@require_GET
def apps(request: StaffRequest) -> HttpResponse:
    """The platforms where people sign in, each with the organisation's app or without."""
    _administrator(request)
    context = {"rows": queries.apps(), "redirect": signing_in.redirect()}
    return render(request, "publishing/apps.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def app(request: StaffRequest, platform: str) -> HttpResponse:
    """Enter the organisation's app at a platform."""
    _administrator(request)
    sign_in, stored = sign_in_of(platform), queries.app(platform)
    known = {
        "client_id": stored.client_id if stored else "",
        "service": stored.service_url if stored else sign_in.service,
        "posts_a_day": stored.posts_a_day if stored else None,
        "month_usd": stored.month_usd if stored else None,
    }
    form = AppForm(request.POST if request.method == "POST" else None, initial=known)
    if request.method == "POST" and form.is_valid():
        try:
            actions.set_app(request.actor, platform, **form.cleaned_data)
        except Invalid as error:
            show_errors(form, error)
        else:
            messages.success(request, _("Stored. Accounts of this platform can be signed in now."))
            return redirect("publishing:apps")
    context = {
        "form": form,
        "manifest": channels.get(platform).manifest,
        "stored": stored,
        "redirect": signing_in.redirect(),
        "accounts": queries.signed_in_accounts(platform),
    }
    return render(request, "publishing/app.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def audited(request: StaffRequest, platform: str) -> HttpResponse:
    """Take an administrator's word that the platform has audited the organisation's app."""
    actions.audited(request.actor, platform)
    messages.success(request, _("Noted. What was held for that goes out if it is not too late."))
    return redirect("publishing:apps")


@login_required
@require_POST
def forget(request: StaffRequest, platform: str) -> HttpResponse:
    """Forget the organisation's app at a platform."""
    actions.forget_app(request.actor, platform)
    messages.success(
        request, _("Removed. Accounts of this platform have to be signed in anew once there is one again.")
    )
    return redirect("publishing:apps")
