"""Screens of contacts outside the tree; for administrators of the unit that keeps them."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from kentongan.channels import registry as channels
from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.core.tables import Column, export, sorted_by, sorted_page
from kentongan.registry import access, actions, queries
from kentongan.registry.actions import proofs
from kentongan.registry.forms.contacts import ContactForm, HandOnForm, NewContactForm, initial
from kentongan.registry.models import Consent, Contact, Person
from kentongan.registry.queries.contacts import NOBODY, ContactFilters
from kentongan.registry.views.common import around, edit, unit_of

UNPROCESSABLE = 422
SORTS = {"name": "person__full_name", "added": "created_at", "kind": "kind", "organisation": "organisation"}
FILTERS = ("kind", "area", "topic", "consent", "state")


def _accounts(contact: Contact) -> str:
    return "; ".join(f"{channels.label(one.platform)}: {one.handle}" for one in contact.person.accounts.all())


def _agreed(contact: Contact) -> str:
    return "; ".join(str(one.get_purpose_display()) for one in contact.person.live)  # type: ignore[attr-defined]


COLUMNS = (
    Column(gettext_lazy("Name"), "person.full_name", 34),
    Column(gettext_lazy("Kind"), "get_kind_display"),
    Column(gettext_lazy("Organisation or outlet"), "organisation", 34),
    Column(gettext_lazy("Topics"), lambda one: ", ".join(one.topics), 30),
    Column(gettext_lazy("Areas"), lambda one: "; ".join(one.area_names), 30),
    Column(gettext_lazy("Phone"), "person.phone"),
    Column(gettext_lazy("E-mail"), "person.email", 30),
    Column(gettext_lazy("Accounts"), _accounts, 40),
    Column(gettext_lazy("State"), "person.get_state_display"),
    Column(gettext_lazy("Agreed to"), _agreed, 40),
    Column(gettext_lazy("Source"), "get_source_display"),
    Column(gettext_lazy("From where exactly"), "person.basis", 40),
    Column(gettext_lazy("Unit"), "unit.name", 34),
)


def filters_of(request: StaffRequest) -> ContactFilters:
    """Return the filters that stand in the address."""
    chosen = {name: request.GET.get(name, "").strip() for name in FILTERS}
    return ContactFilters(**chosen, text=request.GET.get("q", "").strip())


@login_required
def index(request: StaffRequest, pk: int | None = None) -> HttpResponseBase:
    """The contacts that a unit and those below it keep."""
    unit = unit_of(request, pk, Capability.ADMINISTER)
    problem, filters = "", filters_of(request)
    try:
        found = queries.contacts(request.actor, unit, filters)
    except Invalid as error:
        problem, found = str(error.message), queries.contacts(request.actor, unit).none()
    if fmt := request.GET.get("format"):
        actions.record_contact_export(request.actor, unit.pk, found.count())
        return export("contacts", COLUMNS, sorted_by(request, found, SORTS), fmt)
    page = sorted_page(request, found, SORTS)
    context = around(
        request,
        unit,
        page=page,
        elsewhere=any(one.unit_id != unit.pk for one in page),
        problem=problem,
        kinds=[("", _("All")), *Contact.Kind.choices],
        consents=[*Consent.Purpose.choices, (NOBODY, _("Nothing yet"))],
        states=[choice for choice in Person.State.choices if choice[0] != Person.State.WITHDRAWN],
        topics=[(topic, topic) for topic in queries.topics_in_use(request.actor, unit)],
        days=settings.KENTONGAN_UNCONFIRMED_DAYS,
    )
    return render(request, "registry/contacts.html", context)


@login_required
def show(request: StaffRequest, pk: int) -> HttpResponse:
    """Show what is kept about a contact: what they are, contact, accounts, consents, links, history."""
    contact = queries.contact(request.actor, pk)
    agreed = queries.has_consent(contact.person_id, Consent.Purpose.ACCOUNTS)
    accounts = list(contact.person.accounts.order_by("platform", "handle"))
    context = around(
        request,
        contact.unit,
        attestable={one.platform for one in accounts if agreed and proofs.prover(one.platform) is None},
        contact=contact,
        person=contact.person,
        accounts=accounts,
        consents=contact.person.consents.order_by("purpose", "-given_at"),
        links=queries.contact_links(contact),
    )
    return render(request, "registry/contact.html", context)


@login_required
def add(request: StaffRequest, pk: int) -> HttpResponse:
    """Note somebody outside the tree."""
    unit = unit_of(request, pk, Capability.ADMINISTER)
    form = NewContactForm(request.POST or None)

    def save(actor: Actor, data: dict[str, Any]) -> None:
        actions.add_contact(actor, unit.pk, form.given(), asked_back=data["asked_back"])

    return edit(
        request,
        unit,
        form,
        save,
        title=_("Note a contact"),
        lead=_(
            "Only what they publish themselves or told you; they see all of it on their own page and decide about it."
        ),
        done=_("The contact is noted. Invite them, so that they can confirm it."),
        back="registry:unit_contacts",
    )


@login_required
def correct(request: StaffRequest, pk: int) -> HttpResponse:
    """Correct what is noted about a contact."""
    contact = queries.contact(request.actor, pk)
    form = ContactForm(request.POST or None, initial=initial(contact))
    form.fields["accounts"].label = _("More public accounts")
    return edit(
        request,
        contact.unit,
        form,
        lambda actor, data: actions.correct_contact(actor, pk, form.given()),
        title=_("Correct %(name)s") % {"name": contact.person.full_name},
        lead=_("What was before stays in the audit log."),
        done=_("The contact was corrected."),
        back="registry:contact",
        back_pk=pk,
    )


@login_required
def hand_on(request: StaffRequest, pk: int) -> HttpResponse:
    """Let another unit keep a contact."""
    contact = queries.contact(request.actor, pk)
    form = HandOnForm(request.POST or None)
    form.fields["unit"].offer(  # type: ignore[attr-defined]
        access.units_for(request.actor, Capability.ADMINISTER).filter(closed_at=None)
    )
    return edit(
        request,
        contact.unit,
        form,
        lambda actor, data: actions.hand_contact_on(actor, pk, data["unit"].pk),
        title=_("Give %(name)s to another unit") % {"name": contact.person.full_name},
        lead=_("Its administrators, and those above it, see the contact from then on."),
        done=_("Another unit keeps the contact now."),
        back="registry:contact",
        back_pk=pk,
    )


@login_required
@require_POST
def invite(request: StaffRequest, pk: int) -> HttpResponse:
    """Send one contact a new link to their own page."""
    contact = queries.contact(request.actor, pk)
    actions.invite_contacts(request.actor, contact.unit_id, [contact.pk])
    messages.success(request, _("A new link was made; the former one no longer opens."))
    return redirect("registry:contact", pk=pk)


@login_required
@require_POST
def invite_all(request: StaffRequest, pk: int) -> HttpResponse:
    """Invite the contacts below a unit who have not confirmed and hold no link."""
    result = actions.invite_contacts(request.actor, pk)
    text = ngettext("%(n)s contact was invited.", "%(n)s contacts were invited.", result.invited)
    messages.success(request, text % {"n": result.invited})
    return redirect("registry:unit_contacts", pk=pk)


@login_required
@require_POST
def drop_account(request: StaffRequest, pk: int, account: int) -> HttpResponse:
    """Take a stated account off a contact."""
    actions.drop_contact_account(request.actor, pk, account)
    messages.success(request, _("The account is off the record."))
    return redirect("registry:contact", pk=pk)


@login_required
@require_POST
def remove(request: StaffRequest, pk: int) -> HttpResponse:
    """Remove a contact with all that is kept about them."""
    unit_id = queries.contact(request.actor, pk).unit_id
    actions.remove_contact(request.actor, pk)
    messages.success(request, _("The contact was removed."))
    return redirect("registry:unit_contacts", pk=unit_id)


@login_required
def duplicates(request: StaffRequest, pk: int) -> HttpResponse:
    """Offer contacts who may be noted twice."""
    unit = unit_of(request, pk, Capability.ADMINISTER)
    context = around(request, unit, pairs=queries.alike_contacts(request.actor, unit))
    return render(request, "registry/contact_duplicates.html", context)


def _back(request: StaffRequest, contact_id: int) -> HttpResponse:
    """Return to the duplicates of the unit from which one came, else of the contact's own."""
    given = request.POST.get("unit", "")
    if given.isascii() and given.isdigit() and len(given) < 18:
        return redirect("registry:contact_duplicates", pk=int(given))
    return redirect("registry:contact_duplicates", pk=queries.contact(request.actor, contact_id).unit_id)


@login_required
@require_POST
def merge(request: StaffRequest, pk: int, other: int) -> HttpResponse:
    """Make one of two: the first stays."""
    actions.merge_contacts(request.actor, pk, other)
    messages.success(request, _("Both records are one now."))
    return _back(request, pk)


@login_required
@require_POST
def apart(request: StaffRequest, pk: int, other: int) -> HttpResponse:
    """Remember that they are two."""
    actions.keep_contacts_apart(request.actor, pk, other)
    messages.success(request, _("They stay two contacts, and are not offered again."))
    return _back(request, pk)
