"""Acts on an item: submit, approve, ask for changes, comment, withdraw, take up again."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kentongan.core.errors import Invalid
from kentongan.planning import actions, queries
from kentongan.planning.views.common import reader
from kentongan.planning.views.items import review_form, screen


def _complain(request: HttpRequest, error: Invalid) -> None:
    messages.error(request, str(error))
    for texts in error.fields.values():
        for text in texts:
            messages.error(request, text)


@login_required
@require_POST
def submit(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand an item in."""
    try:
        actions.submit(reader(request), pk)
    except Invalid as error:
        _complain(request, error)
    else:
        messages.success(request, _("Submitted. An approver who did not write it looks at it next."))
    return redirect("planning:item", pk)


@login_required
@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve the version that the reviewer saw."""
    actor = reader(request)
    form = review_form(queries.item_page(actor, pk), request.POST)
    if form.is_valid():
        values = form.cleaned_data
        try:
            actions.approve(actor, pk, **values)
        except Invalid as error:
            form.add_error("checklist" if "checklist" in error.fields else None, str(error))
        else:
            booked = _("Approved. See below where it goes.")
            messages.success(request, booked if values["effects"] else _("Approved. Next: schedule it."))
            return redirect("planning:item", pk)
    return screen(request, actor, pk, review=form, status=422)


@login_required
@require_POST
def request_changes(request: HttpRequest, pk: int) -> HttpResponse:
    """Send an item back."""
    try:
        actions.request_changes(reader(request), pk, request.POST.get("note", ""))
    except Invalid as error:
        _complain(request, error)
    else:
        messages.success(request, _("Sent back to its authors with your note."))
    return redirect("planning:item", pk)


@login_required
@require_POST
def comment(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave a remark."""
    try:
        actions.comment(reader(request), pk, request.POST.get("text", ""))
    except Invalid as error:
        _complain(request, error)
    return redirect("planning:item", pk)


@login_required
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Put an item aside."""
    actions.withdraw(reader(request), pk, request.POST.get("note", "").strip())
    messages.success(request, _("Withdrawn: nothing of it goes out any more."))
    return redirect("planning:item", pk)


@login_required
@require_POST
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a withdrawn item up again."""
    actions.reopen(reader(request), pk)
    messages.success(request, _("It is a draft again."))
    return redirect("planning:item", pk)
