"""Screens that change the tree: a template, and what a law does to a unit. Each says first what it will carry along."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import number_format
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.core.tables import page_of
from kentongan.registry import access, actions, queries
from kentongan.registry.forms.units import CloseForm, OtherUnitForm, RenameForm, SplitForm, TreeForm
from kentongan.registry.models import Unit, UnitChange
from kentongan.registry.views.common import around, edit, unit_of, unit_to_place

SUGGESTED = 12
UNPROCESSABLE = 422


@login_required
@require_safe
def suggest(request: StaffRequest) -> HttpResponse:
    """Answer what is typed into a field for a unit: the codes and names of units that match."""
    text = request.GET.get(request.GET.get("field", ""), "").strip()
    found = queries.units(request.actor, text).filter(closed_at=None)[:SUGGESTED] if len(text) > 1 else ()
    pairs = ((unit.code, f"{unit.name} · {unit.code}") for unit in found)
    return HttpResponse(format_html_join("", '<option value="{}">{}</option>', pairs))


def _carried(unit: Unit) -> str:
    """Return a sentence: what a move or a merge of the unit takes along."""
    held = queries.holdings(unit)
    counted = (
        (held.below, ngettext("%(n)s unit below", "%(n)s units below", held.below)),
        (held.positions, ngettext("%(n)s position", "%(n)s positions", held.positions)),
        (held.official, ngettext("%(n)s official account", "%(n)s official accounts", held.official)),
        (held.roles, ngettext("%(n)s role", "%(n)s roles", held.roles)),
    )
    parts = [text % {"n": number_format(n, force_grouping=True)} for n, text in counted if n]
    if not parts:
        return _("Nothing goes along: it has no units below, no people and no accounts. It can be undone.")
    return _("With it go: %(what)s. It can be undone under History.") % {"what": ", ".join(parts)}


def _others(request: StaffRequest, unit: Unit) -> Any:
    """Return the units that may take this one: open, administered, not itself and not below it."""
    mine = access.units_for(request.actor, Capability.ADMINISTER).filter(closed_at=None)
    return mine.exclude(path__within=unit.path).order_by("path")


@login_required
def rename(request: StaffRequest, pk: int) -> HttpResponse:
    """Give a unit another name or code."""
    unit = unit_of(request, pk, Capability.ADMINISTER)
    now = {"name": unit.name, "code": unit.code, "label": unit.label}
    return edit(
        request,
        unit,
        RenameForm(request.POST) if request.method == "POST" else RenameForm(initial=now),
        lambda actor, data: actions.rename_unit(actor, unit.pk, **data),
        title=_("Rename %(unit)s") % {"unit": unit.name},
        lead=_("From now on it is shown under the new name; lists and searches with the old one still find it."),
        done=_("The unit was renamed."),
        back="registry:history",
    )


@login_required
def move(request: StaffRequest, pk: int) -> HttpResponse:
    """Put a unit below another one."""
    return _with_other(
        request,
        pk,
        lambda actor, unit, other, basis: actions.move_unit(actor, unit.pk, other.pk, basis=basis),
        title=_("Move %(unit)s"),
        label=_("Below which unit"),
        done=_("The unit was moved."),
        yes=_("Move"),
    )


@login_required
def merge(request: StaffRequest, pk: int) -> HttpResponse:
    """Merge a unit into another one."""
    return _with_other(
        request,
        pk,
        lambda actor, unit, other, basis: actions.merge_unit(actor, unit.pk, other.pk, basis=basis),
        title=_("Merge %(unit)s into another unit"),
        label=_("Into which unit"),
        done=_("The unit was merged and is closed now."),
        yes=_("Merge"),
    )


def _with_other(
    request: StaffRequest,
    pk: int,
    act: Callable[[Actor, Unit, Unit, str], UnitChange],
    *,
    title: str,
    label: str,
    done: str,
    yes: str,
) -> HttpResponse:
    unit = unit_to_place(request, pk)
    return edit(
        request,
        unit,
        OtherUnitForm(request.POST or None, _others(request, unit), label),
        lambda actor, data: act(actor, unit, data["other"], data["basis"]),
        title=title % {"unit": unit.name},
        lead=_carried(unit),
        done=done,
        back="registry:history",
        yes=yes,
    )


@login_required
def split(request: StaffRequest, pk: int) -> HttpResponse:
    """Make a new unit beside this one and give it some of the units below."""
    unit = unit_to_place(request, pk)
    mine = access.units_for(request.actor, Capability.ADMINISTER)
    below = mine.filter(parent=unit, closed_at=None).order_by("code")

    def save(actor: Actor, data: dict[str, Any]) -> None:
        children = [child.pk for child in data.pop("children")]
        actions.split_unit(actor, unit.pk, children=children, **data)

    return edit(
        request,
        unit,
        SplitForm(request.POST or None, below),
        save,
        title=_("Split %(unit)s") % {"unit": unit.name},
        lead=_("A new unit is made beside it; the units you choose go there with all they hold. It can be undone."),
        done=_("The new unit was made."),
        back="registry:history",
        yes=_("Split"),
    )


@login_required
def close(request: StaffRequest, pk: int) -> HttpResponse:
    """Close a unit that works no longer."""
    unit = unit_to_place(request, pk)
    return edit(
        request,
        unit,
        CloseForm(request.POST or None),
        lambda actor, data: actions.close_unit(actor, unit.pk, **data),
        title=_("Close %(unit)s") % {"unit": unit.name},
        lead=_("It gets no more instructions and takes no new content; what was made there stays. It can be undone."),
        done=_("The unit is closed."),
        back="registry:history",
        yes=_("Close"),
    )


@login_required
def history(request: StaffRequest, pk: int) -> HttpResponse:
    """How a unit came to be as it is."""
    unit = unit_of(request, pk)
    found = page_of(request, queries.changes(request.actor, unit))
    former = unit.former_names.order_by("-id")
    placeable = unit.parent is not None and access.allows(request.actor, Capability.ADMINISTER, unit.parent)
    context = around(request, unit, page=found, former=former, placeable=placeable)
    return render(request, "registry/history.html", context)


@login_required
@require_POST
def undo(request: StaffRequest, pk: int) -> HttpResponse:
    """Take a change back."""
    change = actions.undo_change(request.actor, pk)
    messages.success(request, _("The change was undone."))
    return redirect("registry:history", pk=change.unit_id)


@login_required
def load(request: StaffRequest) -> HttpResponse:
    """Make the units of a template: first what would be made, then the job that makes them."""
    unit = unit_of(request, None, Capability.ADMINISTER)
    organisation = queries.organisation()
    form = TreeForm(request.POST or None, organisation.kind if organisation else "")
    context = around(request, unit, form=form)
    if request.method != "POST":
        return render(request, "registry/load.html", context)
    try:
        if form.is_valid():
            wanted = form.wanted()
            if "make" in request.POST:
                return redirect(actions.load_tree(request.actor, wanted))
            tiers = queries.tree_preview(request.actor, wanted)
            context |= {"tiers": tiers, "new": sum(tier.new for tier in tiers), "left_out": wanted.without_term()}
    except Invalid as error:
        for name, texts in error.fields.items():
            form.add_error(name if name in form.fields else None, texts)
    return render(request, "registry/load.html", context, status=UNPROCESSABLE if form.errors else 200)
