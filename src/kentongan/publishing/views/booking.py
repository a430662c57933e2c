"""The screen on which accounts are booked for an item before it is approved."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from kentongan.core.errors import Invalid
from kentongan.core.forms import show_errors
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.planning import access as planning
from kentongan.publishing import actions, queries
from kentongan.publishing.actions.booking import check_open
from kentongan.publishing.forms import BookForm
from kentongan.publishing.views.common import form_page, reader


@login_required
@require_http_methods(["GET", "POST"])
def book(request: StaffRequest, pk: int) -> HttpResponse:
    """Say to which accounts an item goes by itself once it is approved."""
    actor = reader(request)
    item = planning.item(actor, pk, Capability.EDIT)
    check_open(item)
    accounts = list(queries.accounts_to_book(actor, item))
    booked = set(item.bookings.values_list("account_id", flat=True))
    form = BookForm(
        request.POST if request.method == "POST" else None, accounts=accounts, initial={"accounts": list(booked)}
    )
    if request.method == "POST" and form.is_valid():
        others = booked - {account.pk for account in accounts}
        try:
            made = actions.book(actor, pk, others | set(form.cleaned_data["accounts"]))
        except Invalid as error:
            show_errors(form, error)
        else:
            text = ngettext("%(n)s account is booked.", "%(n)s accounts are booked.", len(made))
            messages.success(request, text % {"n": len(made)})
            return redirect("planning:item", pk)
    return form_page(
        request,
        form=form,
        item=item,
        title=_("Book accounts for “%(title)s”") % {"title": item.title},
        lead=_("It goes there by itself at the time at which it is wanted, as soon as a second person approves it."),
        note="" if item.planned_for else _("It is not said when it is wanted yet: without a time it is not scheduled."),
        submit=_("Book"),
        none="" if accounts else _("No connected account has a version of this item."),
    )
