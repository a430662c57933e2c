"""Our components, one for each thing that screens show: `{% load kentongan %}`. See docs/reference/components.md."""

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms, template
from django.core.paginator import Page, Paginator
from django.forms import BoundField
from django.http import HttpRequest
from django.template.base import Node, NodeList, Parser, Token
from django.template.context import Context
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from kentongan.core import audit
from kentongan.web import drawing, formatting, links, marks, states, table

register = template.Library()

_ids = itertools.count(1)
TEMPLATES = "kentongan/components/"
AUDIT_ENTRIES = 20
VIEW_NAME = r"\w+:\w+"


def _unique(prefix: str) -> str:
    return f"{prefix}-{next(_ids)}"


# Words and small marks


register.simple_tag(marks.icon, name="icon")


@register.simple_tag
def chip(label: object, tone: str = "plain", icon: str = "", href: str = "", title: str = "") -> SafeString:
    """Draw a rounded label; tones: plain, teak, leaf, amber, signal, sky."""
    return marks.chip(label, tone, icon, href, title)


@register.simple_tag
def state_chip(subject: Any, label: object = "", field: str = "state") -> SafeString:
    """Draw the state of a model object (its `state` field), or a state's stored value with its label."""
    if subject is None or subject == "":
        return marks.chip(label or _("unknown"), "plain", "point")
    value = subject if isinstance(subject, str) else str(getattr(subject, field))
    if not label:
        display = getattr(subject, f"get_{field}_display", None)
        label = display() if display else getattr(subject, "label", value)
    tone, name = states.look(str(getattr(value, "value", value)))
    return marks.chip(label, tone, name, state=True)


# Numbers and times


@register.filter(name="number")
def number_filter(value: Any) -> str:
    """Format a number for the language; None becomes a dash."""
    return "–" if value is None or value == "" else formatting.number(value)


@register.filter
def counted(paginator: Paginator[Any]) -> str:
    """Say how many rows a list has; “10,000+” where it was not counted to its end."""
    return f"{formatting.number(paginator.count)}{'+' if getattr(paginator, 'beyond', False) else ''}"


@register.filter
def percent(value: Any, decimals: int = 0) -> str:
    """Format a share of 0 to 1 as a percentage; None becomes a dash."""
    return "–" if value is None or value == "" else formatting.percent(value, decimals)


@register.filter
def compact(value: Any) -> str:
    """Format a large number short: 4,3 juta. None becomes a dash."""
    return "–" if value is None or value == "" else formatting.compact(value)


@register.filter
def duration(value: timedelta | None) -> str:
    """Format a timedelta in its largest unit."""
    return "–" if value is None else formatting.duration(value)


@register.filter
def device(user_agent: str) -> str:
    """Name browser and system: Chrome, Android."""
    return formatting.device(user_agent)


@register.simple_tag
def number(value: Any, missing: str = "", decimals: int | None = None) -> SafeString:
    """Show a measured number; None is shown as “not reported yet”, never as zero."""
    if value is None or value == "":
        return format_html('<span class="k-missing">{}</span>', missing or _("not reported yet"))
    return format_html('<span class="k-num">{}</span>', formatting.number(value, decimals))


@register.inclusion_tag(TEMPLATES + "delta.html")
def delta(value: Any, before: Any, good: formatting.Good = "up", period: str = "") -> dict[str, Any]:
    """Show the change from `before` to `value`; `good` says which direction is welcome: up, down, none."""
    return {"delta": formatting.delta(value, before, good=good), "period": period}


@register.simple_tag
def when(moment: datetime | None, unit: object = None, style: str = "short") -> SafeString:
    """Show a time in the unit's zone with the zone named; styles: short, full, ago."""
    if not moment:
        return format_html('<span class="k-missing">{}</span>', _("not yet"))
    zone = formatting.zone_of(unit)
    full = formatting.full_when(moment, zone)
    text = full if style == "full" else formatting.short_when(moment, zone)
    if style == "ago":
        span = timezone.now() - moment
        shape = _("%(span)s ago") if span >= timedelta(0) else _("in %(span)s")
        text = shape % {"span": formatting.duration(span)}
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), full, text)


# Pictures of numbers


@register.inclusion_tag(TEMPLATES + "sparkline.html")
def sparkline(
    values: Iterable[float | None], tone: str = "teak", label: str = "", width: int = 150, height: int = 44
) -> dict[str, Any]:
    """Draw a small curve as inline SVG; None leaves a gap."""
    known = list(values)
    return {
        "curve": drawing.sparkline(known, width, height),
        "tone": tone,
        "label": label,
        "width": width,
        "height": height,
    }


@register.inclusion_tag(TEMPLATES + "chart.html")
def chart(
    title: str,
    labels: Sequence[object],
    series: Sequence[Mapping[str, Any]],
    kind: str = "line",
    unit: str = "",
    note: str = "",
    height: str = "m",
    marks: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Draw a chart with its table; `series` are mappings of name, values (None = missing) and tone.

    `title` states the finding. `kind`: line, area, bar, stack. `height`: s, m, l. `marks`: mappings of at (a label)
    and text.
    """
    names = [str(label) for label in labels]
    lines = [
        {"name": str(one["name"]), "values": list(one["values"]), "tone": one.get("tone", "teak")} for one in series
    ]
    return {
        "id": _unique("chart"),
        "title": title,
        "note": note,
        "height": height,
        "series": lines,
        "rows": [(name, [line["values"][at] for line in lines]) for at, name in enumerate(names)],
        "data": {
            "kind": kind,
            "labels": names,
            "series": lines,
            "unit": unit,
            "marks": [{"at": str(mark["at"]), "text": str(mark["text"])} for mark in marks],
            "missing": _("not reported yet"),
        },
    }


@register.inclusion_tag(TEMPLATES + "bars.html")
def bars(rows: Iterable[Sequence[Any]], tone: str = "teak") -> dict[str, Any]:
    """Draw horizontal bars from rows of (label, value) or (label, value, url)."""
    return {"bars": drawing.bars(rows), "tone": tone}


@register.inclusion_tag(TEMPLATES + "tile_map.html")
def tile_map(rows: Iterable[Mapping[str, Any]], label: str = "", columns: int = 6) -> dict[str, Any]:
    """Draw areas as graded tiles from mappings of code, label, value and url."""
    return {"tiles": drawing.tiles(rows), "label": label, "columns": columns}


@register.inclusion_tag(TEMPLATES + "stat.html")
def stat(
    label: object, value: Any, note: object = "", tone: str = "", href: str = "", missing: str = ""
) -> dict[str, Any]:
    """Show one figure with its name and a note; None is “not reported yet”."""
    text = formatting.number(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    return {
        "label": label,
        "value": text,
        "note": note,
        "tone": tone,
        "href": href,
        "missing": missing or _("not reported yet"),
    }


# Lists and their surroundings


@register.inclusion_tag(TEMPLATES + "empty_state.html")
def empty_state(
    title: object, text: object = "", icon: str = "inbox", action_url: str = "", action_label: object = ""
) -> dict[str, Any]:
    """Say that there is nothing yet, and what to do about it."""
    return {"title": title, "text": text, "icon": icon, "action_url": action_url, "action_label": action_label}


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: Any) -> str:
    """Return the address of this page with the present choices and `changes` to them: `{% query state="held" %}`."""
    return links.with_choices(context["request"], **changes)


register.tag("listing", table.parse_listing)
register.tag("table", table.parse_table)


@register.inclusion_tag(TEMPLATES + "paginator.html", takes_context=True)
def paginator(context: Context, page: Page[Any], noun: object = "") -> dict[str, Any]:
    """Show where in a list we are, with links to its other pages; keeps the filters."""
    request = context["request"]
    window = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return {
        "page": page,
        "noun": noun,
        "ellipsis": page.paginator.ELLIPSIS,
        "links": [
            (shown, links.with_choices(request, page=shown) if isinstance(shown, int) else "") for shown in window
        ],
        "previous": links.with_choices(request, page=page.previous_page_number()) if page.has_previous() else "",
        "next": links.with_choices(request, page=page.next_page_number()) if page.has_next() else "",
    }


@register.inclusion_tag(TEMPLATES + "crumbs.html")
def crumbs(*steps: Any) -> dict[str, Any]:
    """Show the way to this page in pairs of address (or name of a view without arguments) and label.

    A pair without a label is left out; one without an address is the page that is open.
    """
    pairs = zip(steps[::2], steps[1::2], strict=True)
    named = [(str(address or ""), label) for address, label in pairs if label]
    return {"crumbs": [(reverse(one) if re.fullmatch(VIEW_NAME, one) else one, label) for one, label in named]}


@register.inclusion_tag(TEMPLATES + "search_box.html", takes_context=True)
def search_box(context: Context, label: object, name: str = "q", autofocus: bool = False) -> dict[str, Any]:
    """Offer to search the list of this page by a text; its other choices stay."""
    query = context["request"].GET
    kept = [(other, value) for other, value in query.items() if other not in (name, "page", "format")]
    return {"label": label, "name": name, "text": query.get(name, ""), "kept": kept, "autofocus": autofocus}


def _choices(request: HttpRequest, name: str, options: Iterable[Sequence[Any]], default: str) -> list[dict[str, Any]]:
    chosen = request.GET.get(name, default)
    return [
        {
            "label": label,
            "url": links.with_choices(request, **{name: "" if str(value) == default else value}),
            "active": str(value) == chosen,
        }
        for value, label in options
    ]


@register.inclusion_tag(TEMPLATES + "filter_chips.html", takes_context=True)
def filter_chips(
    context: Context, name: str, options: Iterable[Sequence[Any]], default: str = "", label: object = ""
) -> dict[str, Any]:
    """Offer a few values of one query parameter as chips; `options` are (value, label)."""
    return {"choices": _choices(context["request"], name, options, default), "label": label}


@register.inclusion_tag(TEMPLATES + "filter_menu.html", takes_context=True)
def filter_menu(
    context: Context, name: str, options: Iterable[Sequence[Any]], label: object, default: str = ""
) -> dict[str, Any]:
    """Offer many values of one query parameter as a menu; `label` names the filter when nothing is chosen."""
    choices = _choices(context["request"], name, options, default)
    active = next((choice for choice in choices if choice["active"]), None)
    clear = links.with_choices(context["request"], **{name: ""})
    return {"choices": choices, "label": label, "active": active, "clear": clear, "id": _unique("menu")}


@register.inclusion_tag(TEMPLATES + "tab.html", takes_context=True)
def tab(
    context: Context, url: str, label: object, count: int | None = None, active: object = None, below: bool = False
) -> dict[str, Any]:
    """Draw one tab, a link, active when it leads to the page that is open; put them in `<nav class="k-tabs">`.

    With `below`, it is active on every page whose address begins with its own.
    """
    request = context["request"]
    here = url in (request.path, request.get_full_path()) or (below and request.path.startswith(url))
    here = here if active is None else bool(active)
    return {"url": url, "label": label, "count": count, "active": here}


@register.inclusion_tag(TEMPLATES + "progress_bar.html")
def progress_bar(job: Any, url: str = "") -> dict[str, Any]:
    """Show a job's progress with count, rate and a way to stop it; asks again each second while it runs."""
    return {"job": job, "url": url, "running": str(job.state) in ("queued", "running")}


@register.inclusion_tag(TEMPLATES + "audit_trail.html")
def audit_trail(obj: Any, unit: object = None) -> dict[str, Any]:
    """Show who did what to an object: the newest entries, with what was before and after."""
    entries = audit.named(audit.trail(obj)[: AUDIT_ENTRIES + 1])
    return {"entries": entries[:AUDIT_ENTRIES], "more": len(entries) > AUDIT_ENTRIES, "unit": unit or obj}


# Forms


def _style(bound: BoundField) -> str:
    widget = bound.field.widget
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return "group"
    if isinstance(widget, forms.CheckboxInput):
        return "check"
    return "select" if isinstance(widget, forms.Select) else "input"


CLASSES = {"input": "form-control", "select": "form-select", "check": "form-check-input", "group": "form-check-input"}


@register.inclusion_tag(TEMPLATES + "field.html")
def field(bound: BoundField, label: object = "", hint: object = "", hide_label: bool = False) -> dict[str, Any]:
    """Draw one form field with its label, help and errors, tied together for screen readers."""
    style = _style(bound)
    css = f"{bound.field.widget.attrs.get('class', '')} {CLASSES[style]}".strip()
    if bound.errors:
        css += " is-invalid"
    if style == "group":
        bound.field.widget.attrs["class"] = css
    return {
        "field": bound,
        "style": style,
        "widget": bound.as_widget(attrs={"class": css}),
        "label": label or bound.label,
        "hint": hint or bound.help_text,
        "hide_label": hide_label,
        "error_id": f"{bound.auto_id}_error",
    }


@register.inclusion_tag(TEMPLATES + "form_fields.html")
def form_fields(form: forms.BaseForm) -> dict[str, Any]:
    """Draw a form's general errors, its hidden fields, then each visible field."""
    return {"form": form}


# Acts that ask first


class ConfirmNode(Node):
    """A button that opens a dialog which says what will happen; the tag's body is what the dialog says."""

    def __init__(self, body: NodeList, arguments: dict[str, Any]) -> None:
        self.body = body
        self.arguments = arguments

    def render(self, context: Context) -> SafeString:
        """Draw the button and its dialog."""
        values = {name: expression.resolve(context) for name, expression in self.arguments.items()}
        values |= {"id": _unique("confirm"), "body": self.body.render(context)}
        shown = context.template.engine.get_template(TEMPLATES + "confirm.html")  # type: ignore[union-attr]
        with context.push(**values):
            return shown.render(context)


@register.tag
def confirm(parser: Parser, token: Token) -> ConfirmNode:
    """`{% confirm url=… button=… title=… yes=… tone="main|signal|plain" icon=… %}…what it does…{% endconfirm %}`.

    The body may hold further form fields; the dialog posts to `url` with them.
    """
    parts = token.split_contents()[1:]
    arguments = template.base.token_kwargs(parts, parser)
    if parts or not {"url", "button"} <= arguments.keys():
        raise template.TemplateSyntaxError("confirm takes url=, button= and optionally title=, yes=, tone=, icon=")
    body = parser.parse(("endconfirm",))
    parser.delete_first_token()
    return ConfirmNode(body, arguments)
