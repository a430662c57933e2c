"""Template tags of planning: channels by kind."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from kentongan.channels import registry as channels
from kentongan.channels.contract import Manifest
from kentongan.channels.looks import Segment
from kentongan.core.errors import NotFound
from kentongan.planning import media
from kentongan.planning.calendar import Entry

register = template.Library()


@register.simple_tag
def channel(kind: str) -> Manifest | dict[str, str]:
    """Return what is known of a kind of channel, for its label and icon; an unknown kind keeps its name."""
    try:
        return channels.get(kind).manifest
    except NotFound:
        return {"label": kind, "icon": "world"}


@register.filter
def of(mapping: Mapping[Any, Any], key: Any) -> Any:
    """Return what a mapping has under a key; None where it has nothing."""
    return mapping.get(key)


@register.filter
def length_shown(seconds: float | None) -> str:
    """Show the length of a video as players do."""
    return media.length(seconds) if seconds else ""


@register.simple_tag(takes_context=True)
def calendar_look(context: Context, entry: Entry) -> SafeString:
    """Show an entry's state and channels; drawn once for all entries of a page that look the same."""
    shared = cast(dict[str, Any], context.render_context.dicts[0])
    drawn = shared.setdefault("calendar_looks", {})
    key = (entry.state, entry.label, entry.kinds)
    if key not in drawn:
        drawn[key] = render_to_string("planning/_calendar_look.html", {"entry": entry})
    return SafeString(drawn[key])


@register.simple_tag
def drawn(segments: Iterable[Segment]) -> SafeString:
    """Show a text as its platform does: its line ends kept, what it finds in it marked."""
    return format_html_join("", '<span class="pv-{}">{}</span>', ((part.kind, part.text) for part in segments))
