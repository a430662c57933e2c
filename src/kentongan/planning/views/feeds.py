"""The calendar in other programs: the page where a person makes or ends their address, and the file behind it."""

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kentongan.core import authority, clock, ids, limits
from kentongan.core.actor import Actor
from kentongan.core.errors import NotFound
from kentongan.core.models import User
from kentongan.planning import access, actions, calendar, queries
from kentongan.planning.calendar import ical
from kentongan.planning.views.common import reader

BEFORE, AFTER = timedelta(days=30), timedelta(days=120)
MOST = 2_000
HOUR = 3_600
ASKED, GUESSED = 60, 30
"""How often an hour a program may ask for one address, and a stranger for addresses that do not exist."""


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def feed(request: HttpRequest) -> HttpResponse:
    """Show whether there is an address; a press makes one, shown this once, and ends the one before."""
    actor = reader(request)
    context: dict[str, object] = {}
    if request.method == "POST":
        _made, secret = actions.make_feed(actor)
        context["address"] = f"{settings.PUBLIC_URL}{reverse('planning:calendar_file', args=[secret])}"
    context["feed"] = queries.feed_of(actor)
    return render(request, "planning/feed.html", context)


@login_required
@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """End one's own address."""
    actions.end_feed(reader(request))
    messages.success(request, _("The address is ended; programs that ask for it get nothing any more."))
    return redirect("planning:calendar_feed")


@require_GET
def file(request: HttpRequest, secret: str) -> HttpResponse:
    """Answer a calendar program with what the person behind the address may see now."""
    found = queries.live_feed(ids.token_digest(secret))
    if found is None:
        limits.visit(request, "planning.feed.guess", limit=GUESSED, seconds=HOUR)
        raise NotFound()
    limits.hit("planning.feed", str(found.pk), limit=ASKED, seconds=HOUR)
    actions.note_use(found)
    return _file_of(found.user)


def _file_of(user: User) -> HttpResponse:
    actor = Actor.of_user(user)
    if not authority.allows_anywhere(actor, access.READ):
        raise NotFound()
    with timezone.override(user.timezone), translation.override(user.language):
        content = ical.write(_("Kentongan: %(name)s") % {"name": user.name}, _entries(actor))
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="kentongan.ics"'
    response["Cache-Control"] = "private, max-age=300"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _entries(actor: Actor) -> list[calendar.Entry]:
    """Return at most `MOST` entries: from today on first, then of the days before, the latest first."""
    today = timezone.localtime(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    coming = calendar.listed(actor, calendar.Wanted(calendar.Period(today, today + AFTER)))
    rows = list(coming[:MOST])
    if len(rows) < MOST:
        past = calendar.listed(actor, calendar.Wanted(calendar.Period(today - BEFORE, today)))
        rows += past.order_by("-at", "source", "number")[: MOST - len(rows)]
    return calendar.entries_of(actor, rows)
