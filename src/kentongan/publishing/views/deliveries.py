"""One delivery, and what people do with it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kentongan.channels import registry as channels
from kentongan.core import clock
from kentongan.core.errors import Invalid
from kentongan.core.forms import complain, show_errors
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.planning import access as planning
from kentongan.planning.models import ContentItem
from kentongan.publishing import access, actions, planner, previews, queries
from kentongan.publishing.actions import reconciling
from kentongan.publishing.actions.alikeness import STANDING
from kentongan.publishing.actions.scheduling import LATE_MINUTES
from kentongan.publishing.forms import ReasonForm, RepostForm, ResolveForm, TimeForm
from kentongan.publishing.models import Delivery
from kentongan.publishing.recalls import queries as recalls
from kentongan.publishing.states import WAITING, State
from kentongan.publishing.views.common import form_page, number, reader
from kentongan.registry import access as rights
from kentongan.registry.models import Account


@login_required
@require_GET
def detail(request: StaffRequest, pk: int) -> HttpResponse:
    """One delivery: what goes out, where it stands, every attempt."""
    return _screen(request, pk)


def _screen(request: StaffRequest, pk: int, *, resolve: ResolveForm | None = None, status: int = 200) -> HttpResponse:
    actor = reader(request)
    delivery = access.delivery(actor, pk)
    manifest = channels.get(delivery.account.platform).manifest
    may, until = rights.capabilities(actor, delivery.unit), manifest.recall_until(delivery.published_at)
    task = recalls.open_task(delivery)
    fate = recalls.fate_of(delivery)
    context = {
        "delivery": delivery,
        "manifest": manifest,
        "preview": previews.of(delivery),
        "attempts": queries.attempts(delivery),
        "origin": queries.origin_of(actor, delivery),
        "reposts": queries.reposts_of(actor, delivery),
        "may_publish": Capability.PUBLISH in may,
        "may_release": Capability.ADMINISTER in may and delivery.state == State.HELD and not delivery.is_hidden,
        "is_there": delivery.state == State.PUBLISHED or delivery.is_hidden,
        "may_see_trail": Capability.AUDIT in may,
        "recalls": manifest.recalls and (until is None or until > clock.now()),
        "recall_until": until,
        "along": len(recalls.along({delivery: fate})),
        "task": task,
        "strays": recalls.strays_of(delivery),
        "waiting": recalls.waiting_for([task])[task.pk] if task else None,
        "pauses": queries.stopped_by(delivery) if delivery.state in WAITING else [],
        "resolve_form": resolve or ResolveForm(),
        "under_way_until": _under_way_until(delivery),
        "reason_form": ReasonForm(auto_id="recall_%s"),
        "release_form": ReasonForm(auto_id="release_%s"),
        "time_form": TimeForm(due_at=delivery.due_at),
    }
    return render(request, "publishing/delivery.html", context, status=status)


def _under_way_until(delivery: Delivery) -> datetime | None:
    """Return until when what is of unknown fate may still be on its way there; None where it is not any more."""
    until = reconciling.under_way_until(delivery) if delivery.state == State.UNKNOWN else None
    return until if until is not None and until > clock.now() else None


def _suggested(item: ContentItem) -> datetime:
    """Return when the item was wanted if that is still ahead, else the next full quarter of an hour."""
    now = clock.now()
    if item.planned_for is not None and item.planned_for > now:
        return item.planned_for
    return now.replace(second=0, microsecond=0) + timedelta(minutes=15 - now.minute % 15)


def _nothing_left(scheduled: Sequence[Delivery]) -> str:
    if scheduled:
        return _("Every connected account for which this item is written has it already.")
    return _("No connected account has a version of this item.")


def _can_be_reposted(one: Delivery, item: ContentItem) -> bool:
    return one.repost_of_id is None and one.item_version == item.version and one.state in STANDING


@dataclass(frozen=True, slots=True)
class _Wish:
    """What somebody comes with from texts that are alike: to which accounts, and which one shall post there."""

    accounts: Sequence[Account]
    origins: Mapping[str, int | None] = field(default_factory=dict)
    note: str = ""


def _wish(
    request: StaffRequest, offered: Sequence[Account], posted: Sequence[Account], have_it: Sequence[Account]
) -> _Wish:
    """Read it: `repost`, the account whose post is reposted, by those of `unit`; or `one`, the platform.

    Where that cannot be, nothing is chosen: anything else would be more than was asked for.
    """
    wanted, unit_id = number(request.GET.get("repost")), number(request.GET.get("unit"))
    origin = next((one for one in posted if one.pk == wanted), None)
    if wanted is not None and origin is None:
        return _Wish([], note=_("The post that was to be reposted is not there any more, or has changed."))
    kind = origin.platform if origin else request.GET.get("one", "")
    if kind not in {channel.kind for channel in channels.every()}:
        return _Wish(offered)
    there = [one for one in offered if one.platform == kind and unit_id in (None, one.unit_id)]
    if not there:
        meant = any(one.platform == kind and unit_id in (None, one.unit_id) for one in have_it)
        return _Wish([], note=_nobody_left(kind, meant=meant))
    return _Wish(there, {kind: origin.pk if origin else None})


def _nobody_left(kind: str, *, meant: bool) -> str:
    text = _("No connected account on %(platform)s is among those that were meant: choose here yourself.")
    if meant:
        text = _("Every account on %(platform)s that was meant has this item already, so none is chosen.")
    return text % {"platform": channels.label(kind)}


@login_required
@require_http_methods(["GET", "POST"])
def schedule(request: StaffRequest, pk: int) -> HttpResponse:
    """Schedule an approved item to accounts."""
    actor = reader(request)
    item = planning.item(actor, pk)
    kinds = [rendition.kind for rendition in item.renditions.all()]
    accounts = queries.accounts_for(actor, kinds).exclude(deliveries__item=item)  # each gets an item once
    scheduled = list(queries.of_item(actor, pk).select_related("account__unit"))
    posted = [one.account for one in scheduled if _can_be_reposted(one, item)]
    data, offered = request.POST if request.method == "POST" else None, list(accounts)
    wish = _wish(request, offered, posted, [one.account for one in scheduled])
    initial = {"accounts": [account.pk for account in wish.accounts], "due_at": _suggested(item)}
    form = RepostForm(data, accounts=offered, posted=posted, wished=wish.origins, initial=initial)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        try:
            at, late = chosen["due_at"], chosen["late_minutes"]
            made = actions.schedule(actor, pk, chosen["accounts"], at, late, form.origins())
        except Invalid as error:
            show_errors(form, error)
        else:
            text = ngettext("Scheduled to %(n)s account.", "Scheduled to %(n)s accounts.", len(made))
            messages.success(request, text % {"n": len(made)})
            return redirect("planning:item", pk)
    planned = planner.of_item(item, offered, [_suggested(item)] * len(offered), form.reposting())
    context = {
        "item": item,
        "accounts": offered,
        "deliveries": scheduled,
        "note": wish.note,
        "forecasts": planner.forecasts(planned, LATE_MINUTES),
    }
    return form_page(
        request,
        form=form,
        title=_("Schedule “%(title)s”") % {"title": item.title},
        lead=_("Each account gets the version written for its platform, once, at this time."),
        submit=_("Schedule"),
        back=item.get_absolute_url() if hasattr(item, "get_absolute_url") else "",
        none="" if offered else _nothing_left(scheduled),
        **context,
    )


def _done(request: StaffRequest, delivery: Delivery, text: str) -> HttpResponse:
    messages.success(request, text)
    return redirect("publishing:delivery", delivery.pk)


def _with_reason(request: StaffRequest, act: Callable[[str], Delivery], text: str) -> HttpResponse:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        raise complain(form)
    return _done(request, act(form.cleaned_data["reason"]), text)


@login_required
@require_POST
def recall(request: StaffRequest, pk: int) -> HttpResponse:
    """Take a delivery back."""
    actor = reader(request)
    return _with_reason(
        request,
        lambda reason: actions.recall(actor, pk, reason=reason),
        _("It is taken back; what is out already is deleted there in a moment, or by those who are asked to."),
    )


@login_required
@require_POST
def release(request: StaffRequest, pk: int) -> HttpResponse:
    """Let a held delivery go out on a named person's reason."""
    actor = reader(request)
    return _with_reason(
        request, lambda reason: actions.release(actor, pk, reason=reason), _("Released; it goes out in a moment.")
    )


@login_required
@require_POST
def send_again(request: StaffRequest, pk: int) -> HttpResponse:
    """Put a delivery back into the queue."""
    delivery = actions.send_again(reader(request), pk)
    return _done(request, delivery, _("It is in the queue again; everything is checked once more before it goes out."))


@login_required
@require_POST
def view_now(request: StaffRequest, pk: int) -> HttpResponse:
    """Look soon whether everybody sees what is there."""
    delivery = actions.view_now(reader(request), pk)
    return _done(request, delivery, _("The platform is asked in a moment; reload this page then."))


@login_required
@require_POST
def reschedule(request: StaffRequest, pk: int) -> HttpResponse:
    """Give a delivery another time."""
    form = TimeForm(request.POST)
    if not form.is_valid():
        raise complain(form)
    delivery = actions.reschedule(reader(request), pk, form.cleaned_data["due_at"])
    return _done(request, delivery, _("The new time is set."))


@login_required
@require_POST
def resolve(request: StaffRequest, pk: int) -> HttpResponse:
    """Move a delivery of unknown fate on, by what a person found."""
    actor, form = reader(request), ResolveForm(request.POST)
    if form.is_valid():
        how, found = actions.Resolution(form.cleaned_data["how"]), form.cleaned_data
        try:
            delivery = actions.resolve(actor, pk, how, url=found["url"], note=found["note"])
        except Invalid as error:
            show_errors(form, error)
        else:
            if delivery.state == State.PUBLISHED and how != actions.Resolution.PUBLISHED:
                return _done(request, delivery, _("The platform has answered meanwhile: it is there."))
            return _done(request, delivery, _("Resolved. Your word is in the audit trail."))
    return _screen(request, pk, resolve=form, status=422)
