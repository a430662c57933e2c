"""Issues, search, imports."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from kentongan.core import authority, clock, imports
from kentongan.core.errors import Invalid
from kentongan.core.forms import complain
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.core.tables import Column, export, page_of
from kentongan.listening import access, actions, answers, panels, queries, taxonomy
from kentongan.listening.forms import issues as own_forms
from kentongan.listening.importing import DEFAULT_SOURCE, PostImport
from kentongan.listening.models import Issue, IssueFollow
from kentongan.listening.views.common import unit_of
from kentongan.registry import access as registry
from kentongan.registry import queries as registry_queries

EXPORT = (
    Column(gettext_lazy("Rank"), "rank", 8),
    Column(gettext_lazy("Issue"), "issue.title", 70),
    Column(gettext_lazy("Topic"), "issue.topic_label"),
    Column(gettext_lazy("Posts"), "volume"),
    Column(gettext_lazy("Complaints"), "complaints"),
    Column(gettext_lazy("Authors"), "issue.authors"),
    Column(gettext_lazy("Since"), "issue.first_at", 22),
    Column(gettext_lazy("State"), "issue.get_state_display"),
)


def _filters(request: HttpRequest) -> queries.Filters:
    get = request.GET
    topic, district = get.get("topic", ""), get.get("district", "")
    return queries.Filters(
        period=get.get("period", "") if get.get("period") in dict(queries.PERIODS) else "",
        topic=topic if topic in taxonomy.LABELS else "",
        district=district[:13],
        unhandled=get.get("show") == "unhandled",
        mine=get.get("show") == "mine",
    )


@login_required
def index(request: StaffRequest) -> HttpResponse:
    """The board of issues."""
    authority.require_anywhere(request.actor, Capability.LISTEN)
    filters = _filters(request)
    if fmt := request.GET.get("format"):
        period = queries.period_of(request.actor, filters.period)
        own, apart = queries.ranked(request.actor, filters, period)
        return export("issues", EXPORT, [*own, *apart], fmt)  # type: ignore[return-value]
    board = queries.board(request.actor, filters, request.GET.get("page"))
    may = registry.capabilities(request.actor)
    return render(
        request,
        "listening/board.html",
        {
            "board": board,
            "filters": filters,
            "periods": queries.PERIODS,
            "shows": [("", _("All issues")), ("unhandled", _("Not handled")), ("mine", _("I follow"))],
            "may_import": Capability.ANALYSE in may,
            "may_edit": Capability.EDIT in may,
            "area": registry_queries.home_unit(request.actor),
        },
    )


def _choices(request: StaffRequest, issue: Issue) -> dict[str, Any]:
    units = registry.units_for(request.actor, Capability.VIEW).order_by("path")[:300]
    others = queries.merge_choices(request.actor, issue)
    return {
        "assign_form": own_forms.AssignForm(units=[(unit.pk, unit.name) for unit in units]),
        "merge_form": own_forms.MergeForm(issues=[(one.pk, one.title) for one in others]),
        "title_form": own_forms.TitleForm(initial={"title": issue.title}),
        "close_form": own_forms.CloseForm(),
    }


@login_required
def issue(request: StaffRequest, pk: int) -> HttpResponse:
    """One issue: what happened, where, who answers it."""
    found = access.issue(request.actor, pk)
    if found.pk != pk:
        return redirect(found)
    may = registry.capabilities(request.actor, found.unit)
    works = bool(may & set(actions.WORKERS))
    curve, districts = queries.curve(found), queries.districts_of(found)
    context: dict[str, Any] = {
        "issue": found,
        "answered": bool(answers.answered([found.pk])),
        "curve": curve,
        "chart_title": _peak(curve),
        "chart_series": [
            {"name": _("Posts"), "values": curve.posts, "tone": "teak"},
            {"name": _("Complaints"), "values": curve.complaints, "tone": "signal"},
        ],
        "districts": districts,
        "district_bars": [(name, posts) for name, posts, _bad in districts],
        "samples": page_of(request, queries.samples(found), 10),
        "panels": panels.for_issue(request.actor, found),
        "may": may,
        "works": works,
        # One prominent button: the brief for those who write, handing it over for all others.
        "hand_tone": "plain" if Capability.EDIT in may else "main",
        "follows": IssueFollow.objects.filter(issue=found, user_id=request.actor.user_id or 0).exists(),
        "forget_form": own_forms.ForgetForm(),
        "topics": _topics(found),
    }
    return render(request, "listening/issue.html", context | (_choices(request, found) if works else {}))


def _peak(curve: queries.Curve) -> str:
    if curve.peak is None:
        return _("Posts over time")
    moment, posts = curve.peak
    label = curve.labels[curve.starts.index(moment)]
    return _("Highest on %(when)s with %(posts)s posts") % {"when": label, "posts": posts}


def _topics(found: Issue) -> list[tuple[Any, int]]:
    most = sorted(found.topics.items(), key=lambda item: -item[1])[:5]
    return [(taxonomy.label(topic), count) for topic, count in most]


def _valid(form: forms.Form) -> dict[str, Any]:
    if not form.is_valid():
        raise complain(form)
    return form.cleaned_data


def _done(request: HttpRequest, found: Issue, text: str) -> HttpResponse:
    messages.success(request, text)
    return redirect(found)


@login_required
@require_POST
def follow(request: StaffRequest, pk: int) -> HttpResponse:
    """Follow the issue, or stop."""
    if request.POST.get("off"):
        return _done(request, actions.unfollow(request.actor, pk), _("You no longer follow this issue."))
    return _done(request, actions.follow(request.actor, pk), _("You follow this issue."))


@login_required
@require_POST
def rename(request: StaffRequest, pk: int) -> HttpResponse:
    """Give it a title."""
    title = _valid(own_forms.TitleForm(request.POST))["title"]
    return _done(request, actions.rename(request.actor, pk, title), _("The title was changed."))


@login_required
@require_POST
def assign(request: StaffRequest, pk: int) -> HttpResponse:
    """Hand it to a unit."""
    unit = request.POST.get("unit", "")
    if not unit.isdecimal():
        raise Invalid(fields={"unit": [_("Choose a unit.")]})
    found = actions.assign(request.actor, pk, int(unit))
    return _done(request, found, _("%(unit)s answers this issue now.") % {"unit": found.handler})


@login_required
@require_POST
def close(request: StaffRequest, pk: int) -> HttpResponse:
    """Close it."""
    note = _valid(own_forms.CloseForm(request.POST))["note"]
    return _done(request, actions.close(request.actor, pk, note), _("The issue is closed."))


@login_required
@require_POST
def reopen(request: StaffRequest, pk: int) -> HttpResponse:
    """Open it again."""
    return _done(request, actions.reopen(request.actor, pk), _("The issue is open again."))


@login_required
@require_POST
def merge(request: StaffRequest, pk: int) -> HttpResponse:
    """Bring it into another."""
    into = request.POST.get("into", "")
    if not into.isdecimal():
        raise Invalid(fields={"into": [_("Choose an issue.")]})
    found = actions.merge(request.actor, pk, int(into))
    return _done(request, found, _("The two issues are one now."))


@login_required
@require_POST
def open_original(request: StaffRequest, pk: int) -> HttpResponse:
    """Go to a post's original; written down."""
    return HttpResponseRedirect(actions.open_link(request.actor, pk))


@login_required
@require_POST
def forget(request: StaffRequest, pk: int) -> HttpResponse:
    """Take a post out."""
    sample = access.sample(request.actor, pk, Capability.ANALYSE)
    reason = _valid(own_forms.ForgetForm(request.POST))["reason"]
    issue_pk = sample.issue_id
    actions.forget_post(request.actor, pk, reason)
    messages.success(request, _("The post was taken out."))
    still = access.issues(request.actor).filter(pk=issue_pk).first()
    return redirect(still) if still else redirect("listening:index")


@login_required
def search(request: StaffRequest) -> HttpResponse:
    """Posts that contain some words, by day."""
    authority.require_anywhere(request.actor, Capability.LISTEN)
    asked = bool(request.GET)
    form = own_forms.SearchForm(request.GET or None)
    context: dict[str, Any] = {"form": form, "asked": asked}
    if asked and form.is_valid():
        unit = registry_queries.home_unit(request.actor)
        zone = unit.timezone if unit else "Asia/Jakarta"
        period = queries.period_of(request.actor, "all")
        newest = timezone.localtime(period.end, timezone=clock.zone(zone)).date()
        first, last = form.days(newest)
        found, total = queries.search(
            request.actor, form.cleaned_data["q"], first, last, zone, topic=form.cleaned_data["topic"]
        )
        context |= {
            "found": [(post, taxonomy.label(post.topic), taxonomy.tone(post.topic)) for post in found],
            "total": total,
            "first": first,
            "last": last,
            "unit": unit,
        }
    return render(request, "listening/search.html", context)


@login_required
def import_posts(request: StaffRequest) -> HttpResponse:
    """Upload a file of posts; its columns are confirmed on the next screen."""
    unit = unit_of(request)
    initial = {"source": DEFAULT_SOURCE, "timezone": unit.timezone}
    form = own_forms.ImportForm(request.POST or None, request.FILES or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        options = {"timezone": form.cleaned_data["timezone"], "source": form.cleaned_data["source"]}
        file = form.cleaned_data["file"]
        try:
            run = imports.upload(request.actor, PostImport.name, unit.pk, file, file.name, options=options)
            return redirect(run)
        except Invalid as error:
            form.add_error("file", f"{error.message} {error.remedy}")
    status = 422 if form.is_bound else 200
    return render(request, "listening/import.html", {"form": form, "unit": unit}, status=status)
