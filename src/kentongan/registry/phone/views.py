"""What people see and change about themselves. Each page parses, calls one action or query, renders."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kentongan.channels import registry as channels
from kentongan.core import clock
from kentongan.core.errors import Conflict, Invalid, KentonganError, NotFound, TooMany
from kentongan.registry import actions, consents, proving, queries
from kentongan.registry.actions.proofs import prover
from kentongan.registry.forms.contacts import NotedForm, initial
from kentongan.registry.forms.own import CorrectForm, OwnAccountForm
from kentongan.registry.models import Account, Challenge, Contact, Membership, Person
from kentongan.registry.phone.visits import Visit, visited
from kentongan.registry.queries import own

CODE = re.compile(r"KTG-[2-9A-Z]{6}")
UNPROCESSABLE = 422
CONFLICT = 409


@require_safe
def proof(request: HttpRequest, code: str) -> HttpResponse:
    """Where a profile's rel=me link leads: what such a link means. Nothing is looked up, so nothing can be tried."""
    if not CODE.fullmatch(code.upper()):
        raise NotFound()
    return render(request, "registry/phone/proof.html", {"code": code.upper()})


def _context(visit: Visit, **more: Any) -> dict[str, Any]:
    positions = Membership.objects.filter(person=visit.person).select_related("unit").order_by("pk")
    contact = Contact.objects.filter(person=visit.person).select_related("unit").first()
    place = next((one.unit for one in positions if one.denied_at is None), contact.unit if contact else None)
    return {
        "visit": visit,
        "person": visit.person,
        "unit": place,
        "positions": positions,
        "contact": contact,
        "pages": {name: visit.url(name) for name in ("mine", "correct", "download", "leave")},
        "other_language": "id" if visit.person.language == "en" else "en",
        **more,
    }


def _offers(person: Person) -> list[tuple[consents.Offer, Any]]:
    live = queries.live_consents(person)
    return [(consents.offer(purpose), live.get(purpose)) for purpose in consents.TEXTS]


def _listed(visit: Visit) -> list[tuple[Account, str, str]]:
    """Return each own account with its platform's name and its page."""
    rows = queries.own_accounts(visit.person)
    return [(one, str(channels.label(one.platform)), visit.url("account", one.pk)) for one in rows]


def _home(
    request: HttpRequest, visit: Visit, form: OwnAccountForm | None = None, problem: object = "", status: int = 200
) -> HttpResponse:
    accounts = _listed(visit)
    context = _context(
        visit,
        offers=_offers(visit.person),
        claims=[row for row in accounts if row[0].state == Account.State.CLAIMED],
        accounts=[row for row in accounts if row[0].state != Account.State.CLAIMED],
        form=form or OwnAccountForm(),
        problem=problem,
    )
    context["lists_accounts"] = any(one.purpose == "accounts" and live for one, live in context["offers"])
    return render(request, "registry/phone/mine.html", context, status=status)


def _declare(visit: Visit, sent: Mapping[str, str]) -> str:
    account = actions.declare_own(visit.actor, text=sent.get("account", ""), platform=sent.get("platform", ""))
    return visit.url("account", account.pk)


INTENTS: Mapping[str, Callable[[Visit, Mapping[str, str]], Any]] = {
    "confirm": lambda visit, sent: actions.confirm_self(visit.actor),
    "agree": lambda visit, sent: actions.agree(visit.actor, sent.get("purpose", ""), digest=sent.get("digest", "")),
    "end": lambda visit, sent: actions.end_consent(visit.actor, sent.get("purpose", "")),
    "language": lambda visit, sent: actions.choose_language(visit.actor, sent.get("language", "")),
    "not_me": lambda visit, sent: actions.deny_position(visit.actor, sent.get("position", "")),
    "me_after_all": lambda visit, sent: actions.deny_position(visit.actor, sent.get("position", ""), denied=False),
    "claim": lambda visit, sent: actions.confirm_claim(visit.actor, sent.get("account_id", "")),
    "remove": lambda visit, sent: actions.remove_own(visit.actor, sent.get("account_id", "")),
    "declare": _declare,
}


@visited
def home(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Everything about oneself on one page, and the acts on it."""
    if request.method != "POST":
        return _home(request, visit)
    intent = INTENTS.get(request.POST.get("intent", ""))
    if intent is None:
        return redirect(visit.url("mine"))
    try:
        went = intent(visit, request.POST)
    except Invalid as error:
        form = OwnAccountForm(request.POST)
        for text in error.fields.get("account", []):
            form.add_error("account", text)
        return _home(request, visit, form if "account" in error.fields else None, error, UNPROCESSABLE)
    except Conflict as error:
        return _home(request, visit, problem=error, status=CONFLICT)
    if isinstance(went, str):
        return redirect(went)
    messages.success(request, _("Saved."))
    return redirect(visit.url("mine"))


def _correction(visit: Visit, sent: Mapping[str, str] | None) -> tuple[CorrectForm | NotedForm, Callable[[], Any]]:
    """Return the form for one's own data and what saves it; a contact outside the tree corrects what is noted too."""
    contact = Contact.objects.filter(person=visit.person).select_related("person", "unit").first()
    if contact is not None:
        noted = NotedForm(sent, initial=initial(contact))
        return noted, lambda: actions.correct_own_contact(visit.actor, noted.given())
    now = {name: getattr(visit.person, name) for name in ("full_name", "phone", "email")}
    form = CorrectForm(sent, initial=now)
    return form, lambda: actions.correct_self(visit.actor, **form.cleaned_data)


@visited
def correct(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Correct one's name, phone and e-mail, and what is noted about a contact."""
    form, save = _correction(visit, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            save()
        except Invalid as error:
            for name, texts in error.fields.items():
                form.add_error(name, texts)
        else:
            messages.success(request, _("Your data are corrected."))
            return redirect(visit.url("mine"))
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "registry/phone/correct.html", _context(visit, form=form), status=status)


@visited
def account(request: HttpRequest, visit: Visit, pk: int) -> HttpResponse:
    """One own account: prove it, see what was found, take it off the list."""
    found = queries.own_accounts(visit.person).filter(pk=pk).first()
    if found is None:
        raise NotFound()
    problem: KentonganError | None = None
    if request.method == "POST":
        if request.POST.get("intent") == "remove":
            actions.remove_own(visit.actor, pk)
            messages.success(request, _("The account is off the list."))
            return redirect(visit.url("mine"))
        try:
            if request.POST.get("intent") == "code":
                actions.issue_code(visit.actor, pk)
            elif request.POST.get("intent") == "check":
                proving.check(visit.actor, pk)
        except (Conflict, TooMany) as error:
            problem = error
        else:
            return redirect(visit.url("account", pk))
    return render(
        request,
        "registry/phone/account.html",
        _account_context(visit, found, problem),
        status=problem.status if problem else 200,
    )


def _account_context(visit: Visit, found: Account, problem: KentonganError | None) -> dict[str, Any]:
    reader = prover(found.platform)
    challenge = Challenge.objects.filter(account=found).first()
    live = challenge if challenge and not challenge.is_over else None
    return _context(
        visit,
        account=found,
        label=channels.label(found.platform),
        place=reader.place if reader else "",
        challenge=live,
        link=proving.address(live.code) if live else "",
        here=visit.url("account", found.pk),
        held=found.state not in own.HELD and own.holder_since(found),
        dispute=queries.dispute_of(found),
        problem=problem,
    )


@visited
def download(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Everything that is kept about oneself, as JSON."""
    content = {
        "made_at": clock.now().isoformat(),
        "purpose": _("Everything that is kept about you here (Law 27/2022, right of access)."),
        **queries.everything_about(visit.person),
    }
    response = JsonResponse(content, json_dumps_params={"ensure_ascii": False, "indent": 2}, encoder=_Plain)
    response["Content-Disposition"] = 'attachment; filename="data-saya.json"'
    return response


class _Plain(json.JSONEncoder):
    """Plain values only; anything else as its text."""

    def default(self, o: Any) -> str:
        return str(o)


@visited
def leave(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Withdraw completely: first what goes and what stays, then it is done."""
    problem: Conflict | None = None
    if request.method == "POST" and request.POST.get("sure") == "yes":
        try:
            actions.withdraw(visit.actor)
        except Conflict as error:
            problem = error
        else:
            return render(request, "registry/phone/left.html")
    context = _context(visit, problem=problem, unsure=request.method == "POST" and not problem)
    return render(request, "registry/phone/leave.html", context, status=CONFLICT if problem else 200)
