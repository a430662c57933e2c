"""Screens of audits: beginning one, its results, the check sheet, two of them side by side, the rules."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from kentongan.channels import registry as channels
from kentongan.core import authority, clock, printing
from kentongan.core.errors import Invalid, NotFound
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.core.tables import Column, export, page_of
from kentongan.registry import access, actions, queries, rules
from kentongan.registry.actions.audits import Finding, keep_screenshot
from kentongan.registry.forms.audits import AuditForm, FindingForm, RuleForm
from kentongan.registry.models import Account, Audit, AuditResult, Unit
from kentongan.registry.queries.audits import BETTER, NEW, SAME, WORSE
from kentongan.registry.templatetags.registry_names import rule_title
from kentongan.registry.views.common import around, blame, unit_of
from kentongan.registry.views.custody import UNPROCESSABLE

Verdict = AuditResult.Verdict
LONGEST_SHEET = 2000
CHANGE_LABELS = (
    (BETTER, gettext_lazy("Improved")),
    (WORSE, gettext_lazy("Worse")),
    (SAME, gettext_lazy("Same")),
    (NEW, gettext_lazy("Decided for the first time")),
)


def _place(request: StaffRequest, audit: Audit) -> Unit:
    """Return the unit around which an audit is shown: its own, or for those below it their own."""
    return audit.unit if access.allows(request.actor, Capability.VIEW, audit.unit) else unit_of(request, None)


def _title(result: AuditResult) -> str:
    return rule_title(result.rule)


COLUMNS = (
    Column(gettext_lazy("Unit"), "account.unit.name", 34),
    Column(gettext_lazy("Platform"), lambda result: channels.label(result.account.platform)),
    Column(gettext_lazy("Handle"), "account.handle", 28),
    Column(gettext_lazy("Rule"), _title, 40),
    Column(gettext_lazy("Verdict"), "get_verdict_display"),
    Column(gettext_lazy("Evidence"), "evidence", 50),
    Column(gettext_lazy("Link"), "link", 40),
    Column(gettext_lazy("Note"), "note", 40),
    Column(gettext_lazy("Checked"), "checked_at", 22),
    Column(gettext_lazy("By"), "checked_by.name", 24),
)


@login_required
def audits(request: StaffRequest, pk: int) -> HttpResponse:
    """The audits that looked at a unit, and a button to begin one."""
    unit = unit_of(request, pk)
    form = AuditForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        begun = actions.begin_audit(request.actor, pk, title=form.cleaned_data["title"])
        messages.success(request, _("The audit has begun; the results come in by themselves."))
        return redirect(begun)
    found = page_of(request, queries.audits(request.actor, unit), 25)
    return render(request, "registry/audits.html", around(request, unit, page=found, form=form))


@login_required
@require_safe
def audit(request: StaffRequest, pk: int) -> HttpResponseBase:
    """The results of an audit: the share of accounts that met each rule, and the accounts, the worst first."""
    found = queries.audit(request.actor, pk)
    if fmt := request.GET.get("format"):
        return export("audit", COLUMNS, queries.results(request.actor, found), fmt)
    context = around(
        request,
        _place(request, found),
        audit=found,
        shares=queries.shares(request.actor, found),
        page=page_of(request, queries.audited(request.actor, found), 25),
        earlier=queries.audits(request.actor, found.unit).filter(pk__lt=found.pk)[:12],
    )
    return render(request, "registry/audit.html", context)


@login_required
def audit_account(request: StaffRequest, pk: int, account: int) -> HttpResponse:
    """What an audit found about one account; lines of the check sheet are filled in here."""
    found = queries.audit(request.actor, pk)
    about = queries.account(request.actor, account)
    results = queries.results_of(found, about)
    if not results:
        raise NotFound()
    wrong: dict[str, FindingForm] = {}
    if request.method == "POST":
        rule = request.POST.get("rule", "")
        form = FindingForm(request.POST, request.FILES, prefix=rule)
        if form.is_valid() and _check(request, found, about, rule, form):
            return redirect("registry:audit_account", pk=pk, account=account)
        wrong[rule] = form
    rows = [(one, rules.shipped().get(one.rule), wrong.get(one.rule) or _form(one)) for one in results]
    context = around(request, about.unit, audit=found, account=about, rows=rows)
    return render(request, "registry/audit_account.html", context, status=UNPROCESSABLE if wrong else 200)


def _form(result: AuditResult) -> FindingForm:
    now = {"verdict": result.verdict, "link": result.link, "note": result.note}
    return FindingForm(initial=now, prefix=result.rule)


def _check(request: StaffRequest, audit: Audit, account: Account, rule: str, form: FindingForm) -> bool:
    data = form.cleaned_data
    upload = data.pop("file")
    try:
        file = keep_screenshot(request.actor, account.pk, upload, upload.name) if upload else None
        actions.check_result(request.actor, audit.pk, account.pk, rule, Finding(file=file, **data))
    except Invalid as error:
        blame(form, error)
        return False
    messages.success(request, _("What you saw was noted."))
    return True


@login_required
@require_safe
def compare(request: StaffRequest, pk: int) -> HttpResponseBase:
    """An audit beside an earlier one: what improved, what became worse, by rule and account."""
    later = queries.audit(request.actor, pk)
    wanted = request.GET.get("with", "")
    earlier = queries.audit(request.actor, int(wanted) if wanted.isdecimal() else 0)
    change = request.GET.get("change", "")
    found = queries.compared(request.actor, earlier, later, change)
    if fmt := request.GET.get("format"):
        return export("audits-compared", (*COLUMNS, *_change_columns()), found, fmt)
    context = around(
        request,
        _place(request, later),
        audit=later,
        earlier=earlier,
        movements=queries.movements(request.actor, earlier, later),
        page=page_of(request, found, 25),
        changes=[("", _("All")), *CHANGE_LABELS],
    )
    return render(request, "registry/audit_compare.html", context)


def _change_columns() -> tuple[Column, ...]:
    labels, verdicts = dict(CHANGE_LABELS), dict(Verdict.choices)
    return (
        Column(_("Before"), lambda result: verdicts.get(result.before)),
        Column(_("Change"), lambda result: labels.get(result.change)),
    )


@login_required
@require_safe
def sheet(request: StaffRequest, pk: int) -> HttpResponse:
    """The check sheet on paper: every line that a person has to look at."""
    found = queries.audit(request.actor, pk)
    still_open = queries.results(request.actor, found, verdict=Verdict.OPEN)
    lines, total = list(still_open[:LONGEST_SHEET]), still_open.count()
    columns = [_("Unit"), _("Account"), _("What to look at"), _("Met / not met"), _("Evidence, note")]
    rows = [
        [one.account.unit.name, f"{channels.label(one.account.platform)}: {one.account.known_as}", _title(one), "", ""]
        for one in lines
    ]
    data: dict[str, Any] = {
        "title": _("Check sheet: %(title)s") % {"title": found.title},
        "organisation": queries.short_name(),
        "lead": _("%(unit)s, %(day)s. Lines: %(shown)s of %(total)s.")
        % {
            "unit": found.unit.name,
            "day": date_format(clock.now(), "j F Y"),
            "shown": len(lines),
            "total": total,
        },
        "flipped": True,
        "parts": [
            {
                "columns": columns,
                "rows": rows,
                "widths": [3, 3, 4, 2, 4],
                "empty": _("Nothing is left for a person to look at."),
            }
        ],
        "signatures": [_("Checked by"), _("Superior")],
    }
    return printing.response("check-sheet", printing.pdf("core/table.typ", data))


@login_required
@require_safe
def rule_list(request: StaffRequest) -> HttpResponse:
    """The rules by which accounts are audited, as the organisation has set them."""
    unit = unit_of(request, None)
    may_set = authority.allows(request.actor, Capability.ADMINISTER)
    rows = [
        (rule, RuleForm(rule=rule, initial={"enabled": rule.enabled, "days": rule.days}, prefix=rule.id))
        for rule in rules.current().values()
    ]
    return render(request, "registry/rules.html", around(request, unit, rows=rows, may_set=may_set))


@login_required
@require_POST
def rule_set(request: StaffRequest, rule: str) -> HttpResponse:
    """Switch a rule on or off, and set its days."""
    shipped = rules.shipped().get(rule)
    if shipped is None:
        raise NotFound()
    form = RuleForm(request.POST, rule=shipped, prefix=rule)
    if not form.is_valid():
        raise Invalid(fields={name: [str(text) for text in texts] for name, texts in form.errors.items()})
    actions.set_rule(request.actor, rule, enabled=form.cleaned_data["enabled"], days=form.cleaned_data.get("days"))
    messages.success(request, _("The rule was set."))
    return redirect("registry:rules")
