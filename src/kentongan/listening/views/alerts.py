"""Alerts, whether they were of use, and the rules behind them."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kentongan.core import authority
from kentongan.core.errors import Invalid, NotFound
from kentongan.core.forms import show_errors
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.core.tables import Column, export, page_of
from kentongan.listening import access, actions, queries
from kentongan.listening.actions.alerts import SEEN
from kentongan.listening.alerts.wording import why
from kentongan.listening.forms.alerts import RuleForm
from kentongan.listening.models import AlertRule
from kentongan.listening.views.common import unit_of
from kentongan.registry import access as registry
from kentongan.registry.models import Unit

COLUMNS = (
    Column(gettext_lazy("Since"), "raised_at", 22),
    Column(gettext_lazy("Until"), "ended_at", 22),
    Column(gettext_lazy("Rule"), "rule.name", 30),
    Column(gettext_lazy("What"), str, 60),
    Column(gettext_lazy("Complaints only"), "complaints_only"),
    Column(gettext_lazy("In the hour"), "observed"),
    Column(gettext_lazy("Usual"), "expected"),
    Column(gettext_lazy("Score"), "score"),
    Column(gettext_lazy("Was of use"), "useful"),
)
SHOWS = {"": gettext_lazy("All"), "open": gettext_lazy("Going on"), "unjudged": gettext_lazy("Not judged yet")}


@login_required
@require_GET
def index(request: StaffRequest) -> HttpResponseBase:
    """What was noticed, why, and whether that was of use."""
    authority.require_anywhere(request.actor, Capability.LISTEN)
    show = request.GET.get("show", "")
    found = queries.alerts(request.actor, show=show if show in SHOWS else "")
    if fmt := request.GET.get("format"):
        return export("peringatan", COLUMNS, found, fmt)
    page = page_of(request, found, 25)
    context = {
        "page": page,
        "rows": [(alert, why(alert)) for alert in page],
        "shows": list(SHOWS.items()),
        "may_analyse": Capability.ANALYSE in registry.capabilities(request.actor),
        "has_rules": access.alert_rules(request.actor).exists(),
    }
    return render(request, "listening/alerts.html", context)


@login_required
@require_POST
def judge(request: StaffRequest, pk: int) -> HttpResponse:
    """Say whether an alert was of use."""
    alert = actions.judge_alert(request.actor, pk, useful=request.POST.get("useful") == "1")
    messages.success(request, _("Noted: it was of use.") if alert.useful else _("Noted: it was of no use."))
    following = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(following, allowed_hosts={request.get_host()}):
        following = reverse("listening:alerts")
    return redirect(following)


@login_required
@require_GET
def rules(request: StaffRequest) -> HttpResponse:
    """The rules, and what each is worth."""
    authority.require_anywhere(request.actor, Capability.LISTEN)
    page = page_of(request, queries.rules(request.actor))
    units = registry.units_for(request.actor, Capability.ANALYSE).filter(pk__in={rule.unit_id for rule in page})
    context = {
        "page": page,
        "rows": queries.judged(page),
        "may_analyse": Capability.ANALYSE in registry.capabilities(request.actor),
        "analysed": set(units.values_list("pk", flat=True)),
    }
    return render(request, "listening/alert_rules.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def new_rule(request: StaffRequest) -> HttpResponse:
    """Make a rule."""
    return _rule(request, None)


@login_required
@require_http_methods(["GET", "POST"])
def change_rule(request: StaffRequest, pk: int) -> HttpResponse:
    """Change a rule; one that has ended is not found."""
    rule = access.alert_rule(request.actor, pk, Capability.ANALYSE)
    if rule.state == AlertRule.State.ENDED:
        raise NotFound()
    return _rule(request, rule)


def _wanted_unit(request: StaffRequest) -> Unit:
    """Return the unit that was chosen, or the highest one where the person makes rules."""
    wanted = request.GET.get("unit", "")
    if wanted:
        return registry.get_unit(request.actor, Capability.ANALYSE, pk=wanted)
    return unit_of(request)


def _rule(request: StaffRequest, rule: AlertRule | None) -> HttpResponse:
    unit = rule.unit if rule else _wanted_unit(request)
    initial = {"readers": [request.user.pk]}
    if rule:
        initial = {name: getattr(rule, name) for name in SEEN}
        initial["readers"] = list(rule.readers.values_list("pk", flat=True))
    form = RuleForm(request.POST or None, unit=unit, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            readers = form.cleaned_data["readers"]
            actions.save_alert_rule(request.actor, unit.pk, form.rule(), readers, rule.pk if rule else None)
        except Invalid as error:
            show_errors(form, error)
        else:
            messages.success(request, _("Saved: the rule watches from now on."))
            return redirect("listening:alert_rules")
    others = [] if rule else queries.rule_units(request.actor)
    context = {
        "form": form,
        "rule": rule,
        "unit": unit,
        "units": others if len(others) > 1 else [],
        "chosen": str(unit.pk),
    }
    return render(request, "listening/alert_rule.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def rule_state(request: StaffRequest, pk: int) -> HttpResponse:
    """Pause a rule, let it go on, or end it."""
    rule = actions.set_alert_rule_state(request.actor, pk, request.POST.get("state", ""))
    messages.success(request, _("“%(rule)s”: %(state)s.") % {"rule": rule, "state": rule.get_state_display()})
    return redirect("listening:alert_rules")
