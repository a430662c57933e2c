"""A recall on the phone of a custodian who does not sign in here: which post, why, and the answer.

Reading never writes: a messenger's preview must not use the link up.
"""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from kentongan.channels import registry as channels
from kentongan.core import ids, links
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotFound
from kentongan.core.forms import show_errors
from kentongan.core.links import CLOSED, GONE, MAY_ASK, STATUS, Door, unlisted
from kentongan.core.requests import spoken
from kentongan.publishing import access, actions
from kentongan.publishing.models import RecallLink
from kentongan.publishing.recalls import links as recall_links
from kentongan.publishing.recalls.answering import answer
from kentongan.publishing.recalls.forms import GoneForm


@dataclass(frozen=True, slots=True)
class Entry:
    """A link as it was found, and what it does here."""

    door: Door
    link: RecallLink | None = None
    token: str = ""

    @property
    def opened(self) -> RecallLink:
        """Return the link of a door that opens."""
        if self.link is None:
            raise NotFound()
        return self.link

    @property
    def actor(self) -> Actor:
        """Who acts through the link."""
        return Actor.of_link(self.opened.person_id, self.opened.person.full_name)

    @property
    def why_not(self) -> str:
        """Why who stands before a closed door is sent no other link; empty where there is nothing to say."""
        return recall_links.why_no_other(self.link) if self.link and self.door in MAY_ASK else ""

    @property
    def may_ask(self) -> bool:
        """Whether a wish for another link would be heard."""
        return self.door in MAY_ASK and not self.why_not

    @property
    def here(self) -> str:
        """Return the address of the page."""
        return reverse("recall:door", args=(self.token,))


def _enter(request: HttpRequest, token: str) -> Entry:
    rows = RecallLink.objects.select_related(
        "person", "task__delivery__account", "task__delivery__unit", "task__stray", "task__unit"
    )
    link = rows.filter(digest=ids.token_digest(token)).first()
    if link is None:
        links.miss(request)
        return Entry(Door.UNKNOWN)
    if request.method == "POST":
        links.act(link)
    entry = Entry(links.of(link, request.COOKIES.get(links.cookie_name(token), "")), link, token)
    if entry.door in MAY_ASK and not link.task.is_open:  # nothing is expected any more, so no other link is made
        return Entry(Door.WITHDRAWN, link, token)
    return entry if entry.door in CLOSED or _keeps(entry) else Entry(Door.WITHDRAWN, link, token)


def _keeps(entry: Entry) -> bool:
    """Whether who holds the link still keeps the account."""
    try:
        access.recall_task(entry.actor, entry.opened.task_id, answering=True)
    except NotFound:
        return False
    return True


def _closed(request: HttpRequest, entry: Entry, *, asked: bool = False) -> HttpResponse:
    unit = entry.link.task.unit if entry.link else None
    context = {
        "door": entry.door.value,
        "unit": unit,
        "asked": asked,
        "may_ask": entry.may_ask,
        "why_not": entry.why_not,
    }
    return render(request, "kentongan/link_closed.html", context, status=STATUS.get(entry.door, GONE))


def _show(request: HttpRequest, entry: Entry, form: GoneForm | None = None, status: int = 200) -> HttpResponse:
    if entry.door in CLOSED:
        return _closed(request, entry)
    task = entry.opened.task
    context = {
        "task": task,
        "delivery": task.delivery,
        "unit": task.unit,
        "person": entry.opened.person,
        "platform": channels.label(task.delivery.account.platform),
        "here": entry.here,
        "form": form or GoneForm(),
        "is_new": entry.door == Door.NEW,
    }
    return render(request, "publishing/recall_door.html", context, status=status)


def _act(request: HttpRequest, entry: Entry) -> HttpResponse:
    if entry.door in CLOSED:
        asked = request.POST.get("intent") == "ask" and entry.may_ask and entry.opened.ask_again()
        return _closed(request, entry, asked=asked)
    if entry.door != Door.NEW:
        return _answered(request, entry)
    try:
        device = actions.bind(entry.actor, entry.opened.pk)
    except Conflict:
        return _closed(request, Entry(Door.OTHER_DEVICE, entry.link))
    return links.keep(redirect(entry.here), entry.opened, entry.token, device, entry.here)


def _answered(request: HttpRequest, entry: Entry) -> HttpResponse:
    """Take the answer in; whoever was quicker, or called it off, is said on the page itself."""
    intent, form = request.POST.get("intent", ""), GoneForm(request.POST, request.FILES)
    if intent not in ("done", "decline"):
        actions.see(entry.actor, entry.opened.task_id)
        return redirect(entry.here)
    if not form.is_valid():
        return _show(request, entry, form, 422)
    try:
        answer(entry.actor, entry.opened.task, form, deleted=intent == "done")
    except Invalid as error:
        show_errors(form, error)
        return _show(request, entry, form, 422)
    except Conflict:
        return redirect(entry.here)
    return redirect(entry.here)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def door(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind a link."""
    entry = _enter(request, token)
    with spoken(request, entry.link.person.language if entry.link else ""):
        return unlisted(_act(request, entry) if request.method == "POST" else _show(request, entry))
