"""Acts on an item: submit, approve, ask for changes, comment, withdraw, take up again."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from kentongan.core import tables
from kentongan.core.errors import Invalid
from kentongan.planning import actions, queries
from kentongan.planning.campaigns import queries as campaigns
from kentongan.planning.views.common import chosen_unit, number, reader
from kentongan.planning.views.items import review_form, screen
from kentongan.safeguards import queries as safeguards

LOOKED_AT = 20


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
    page = queries.item_page(actor, pk)
    form = review_form(page, request.POST)
    if form.is_valid():
        values = form.cleaned_data
        try:
            actions.approve(actor, pk, **values)
        except Invalid as error:
            form.add_error("checklist" if "checklist" in error.fields else None, str(error))
        else:
            booked = _("Approved. See below where it goes.")
            messages.success(request, booked if page.effects.count else _("Approved. Next: schedule it."))
            return redirect("planning:item", pk)
    return screen(request, actor, pk, review=form, status=422)


@login_required
@require_http_methods(["GET", "POST"])
def many(request: HttpRequest) -> HttpResponse:
    """Look at what waits, one after the other, and approve what was ticked; what changed meanwhile is named."""
    actor = reader(request)
    left: list[actions.LeftOut] = []
    if request.method == "POST":
        looked = [one for one in map(_looked, request.POST.getlist("looked")) if one is not None]
        ticked = request.POST.getlist("checklist")
        approved, left = actions.approve_many(actor, looked, checklist=ticked, note=request.POST.get("note", "")[:2000])
        if approved:
            text = ngettext("%(n)s item is approved.", "%(n)s items are approved.", len(approved))
            messages.success(request, text % {"n": len(approved)})
        elif not looked:
            messages.warning(request, _("Nothing was ticked: look at an item, tick it, then approve."))
        if not left:
            return redirect(request.get_full_path())
    unit = chosen_unit(request, actor)
    rows = queries.to_look_at(actor, number(request.GET.get("campaign")), unit)
    page = tables.page_of(request, rows, LOOKED_AT)
    purposes = sorted({item.purpose for item in page.object_list})
    lines = {rule.code: rule.text for purpose in purposes for rule in safeguards.checklist(purpose)}
    context = {
        "page": page,
        "looks": queries.looks(page.object_list),
        "checklist": lines.items(),
        "left": left,
        "unit": unit,
        "campaigns": campaigns.to_choose(actor),
    }
    return render(request, "planning/look.html", context, status=422 if left else 200)


def _looked(value: str) -> actions.Looked | None:
    """Return what a tick stands for: item, version and effects, as they were drawn."""
    item, _colon, rest = value.partition(":")
    version, _colon, effects = rest.partition(":")
    pk, seen = number(item), number(version)
    return actions.Looked(pk, seen, effects[:64]) if pk is not None and seen is not None else None


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
