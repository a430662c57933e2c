"""Screens of one person, and of those who may be on the list twice; for administrators."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.registry import access, actions, queries
from kentongan.registry.forms.people import CorrectionForm, NewPostForm, PostForm
from kentongan.registry.models import Account, Membership, Person, Unit
from kentongan.registry.views.common import around, edit, unit_of


def _with_unit(request: StaffRequest, pk: int) -> tuple[Person, Unit]:
    """Return somebody whom the person at the screen administers, and the first of the units where they do."""
    person = queries.person(request.actor, pk)
    return person, person.memberships.all()[0].unit


@login_required
def show(request: StaffRequest, pk: int) -> HttpResponse:
    """Show what is kept about somebody: contact, positions, consents, accounts, history."""
    person, unit = _with_unit(request, pk)
    mine = access.units_for(request.actor, Capability.ADMINISTER).values("pk")
    context = around(
        request,
        unit,
        person=person,
        consents=person.consents.order_by("purpose", "-given_at"),
        accounts=Account.objects.filter(person=person, unit__in=mine),
        elsewhere=person.memberships.model.objects.filter(person=person).exclude(unit__in=mine).count(),
    )
    return render(request, "registry/person.html", context)


@login_required
def correct(request: StaffRequest, pk: int) -> HttpResponse:
    """Correct how somebody is called and reached."""
    person, unit = _with_unit(request, pk)
    now = {"full_name": person.full_name, "phone": person.phone, "email": person.email}
    return edit(
        request,
        unit,
        CorrectionForm(request.POST or None, initial=now),
        lambda actor, data: actions.correct_person(actor, pk, **data),
        title=_("Correct %(name)s") % {"name": person.full_name},
        lead=_("How they are called and reached; what was before stays in the audit log."),
        done=_("The person was corrected."),
        back="registry:person",
        back_pk=pk,
    )


@login_required
def post_add(request: StaffRequest, pk: int) -> HttpResponse:
    """Give somebody a position."""
    person, unit = _with_unit(request, pk)
    form = NewPostForm(request.POST or None, initial={"unit": unit.code})
    form.fields["unit"].offer(  # type: ignore[attr-defined]
        access.units_for(request.actor, Capability.ADMINISTER).filter(closed_at=None)
    )

    def save(actor: Actor, data: dict[str, Any]) -> None:
        actions.give_post(actor, pk, data.pop("unit").pk, **data)

    return edit(
        request,
        unit,
        form,
        save,
        title=_("Give %(name)s a position") % {"name": person.full_name},
        lead=_("At any unit that you administer; the other positions stay."),
        done=_("The position was added."),
        back="registry:person",
        back_pk=pk,
    )


def _post(request: StaffRequest, pk: int) -> Membership:
    posts = Membership.objects.select_related("person", "unit")
    return access.get(posts, request.actor, Capability.ADMINISTER, seen_with=Capability.ADMINISTER, pk=pk)


@login_required
def post_correct(request: StaffRequest, pk: int) -> HttpResponse:
    """Correct a position and its term."""
    post = _post(request, pk)
    now = {"title": post.title, "starts_on": post.starts_on, "ends_on": post.ends_on}
    return edit(
        request,
        post.unit,
        PostForm(request.POST or None, initial=now),
        lambda actor, data: actions.correct_post(actor, pk, **data),
        title=_("Correct a position of %(name)s") % {"name": post.person.full_name},
        lead=_("At %(unit)s; a last day in the past ends it.") % {"unit": post.unit.name},
        done=_("The position was corrected."),
        back="registry:person",
        back_pk=post.person_id,
    )


@login_required
@require_POST
def post_end(request: StaffRequest, pk: int) -> HttpResponse:
    """End a position today."""
    post = actions.end_post(request.actor, pk)
    messages.success(request, _("The position ended today."))
    return redirect("registry:person", pk=post.person_id)


@login_required
@require_POST
def remove(request: StaffRequest, pk: int) -> HttpResponse:
    """Remove somebody with all that is kept about them."""
    _person, unit = _with_unit(request, pk)
    actions.remove_person(request.actor, pk)
    messages.success(request, _("The person was removed from the list."))
    return redirect("registry:unit_people", pk=unit.pk)


@login_required
def duplicates(request: StaffRequest, pk: int) -> HttpResponse:
    """Offer those who may be on the list twice."""
    unit = unit_of(request, pk, Capability.ADMINISTER)
    context = around(request, unit, pairs=queries.likenesses(unit), days=settings.KENTONGAN_UNCONFIRMED_DAYS)
    return render(request, "registry/duplicates.html", context)


def _back(request: StaffRequest, person: Person) -> HttpResponse:
    """Return to the duplicates of the unit from which one came, else of the person's own."""
    given = request.POST.get("unit", "")
    unit_id = int(given) if given.isascii() and given.isdigit() and len(given) < 18 else None
    if unit_id is None:
        unit_id = person.memberships.values_list("unit_id", flat=True)[0]
    return redirect("registry:duplicates", pk=unit_id)


@login_required
@require_POST
def merge(request: StaffRequest, pk: int, other: int) -> HttpResponse:
    """Make one of two: the first stays."""
    actions.merge_people(request.actor, pk, other)
    messages.success(request, _("Both records are one now."))
    return _back(request, queries.person(request.actor, pk))


@login_required
@require_POST
def apart(request: StaffRequest, pk: int, other: int) -> HttpResponse:
    """Remember that they are two."""
    found = actions.keep_apart(request.actor, pk, other)
    messages.success(request, _("They stay two people, and are not offered again."))
    return _back(request, found.one)
