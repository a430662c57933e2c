"""Anybody reports an account that pretends to be ours."""

import re

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid
from kentongan.registry import actions
from kentongan.registry.actions.impostors import LARGEST_PICTURE
from kentongan.registry.check import limits
from kentongan.registry.forms.impostors import PublicReportForm
from kentongan.registry.views.impostors import place_errors

REFERENCE = re.compile(r"[2-9a-hj-km-np-z]{12}")
LARGEST_FORM = LARGEST_PICTURE + (1 << 20)


# A report is made in nobody's name, so there is nothing to forge; and the token would have to be looked for in the
# body before the size of that is checked here.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Show the form, or take the report in."""
    if request.method != "POST":
        asked = {"link": request.GET.get("q", "")[:1000], "platform": request.GET.get("platform", "")}
        return render(request, "registry/check/report.html", {"form": PublicReportForm(initial=asked)})
    limits.report(request)
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_FORM:
        raise Invalid(
            _("The screenshot is larger than 8 MB."), remedy=_("Send a smaller one, or none."), code="file_too_large"
        )
    form = PublicReportForm(request.POST, request.FILES)
    reference = _taken_in(form) if form.is_valid() else ""
    if not reference:
        return render(request, "registry/check/report.html", {"form": form}, status=422)
    return redirect(f"{reverse('check:thanks')}?r={reference}")


def _taken_in(form: PublicReportForm) -> str:
    """Return the reference of the report, empty when it cannot be taken; a robot is thanked and forgotten."""
    if form.is_trapped:
        return "-"
    try:
        return actions.take_in(Actor.anonymous(), form.report(), form.cleaned_data["screenshot"]).reference
    except Invalid as error:
        place_errors(form, error)
        return ""


@never_cache
@require_safe
def thanks(request: HttpRequest) -> HttpResponse:
    """Thank the reporter, and give the number to come back with."""
    reference = request.GET.get("r", "")
    shown = reference if REFERENCE.fullmatch(reference) else ""
    response = render(request, "registry/check/thanks.html", {"reference": shown})
    response["X-Robots-Tag"] = "noindex"
    return response
