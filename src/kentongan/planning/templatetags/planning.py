"""Template tags of planning: channels by kind."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from kentongan.channels import registry as channels
from kentongan.channels.contract import Manifest
from kentongan.core.errors import NotFound
from kentongan.planning import preview

register = template.Library()


@register.simple_tag
def channel(kind: str) -> Manifest | dict[str, str]:
    """Return what is known of a kind of channel, for its label and icon; an unknown kind keeps its name."""
    try:
        return channels.get(kind).manifest
    except NotFound:
        return {"label": kind, "icon": "world"}


@register.simple_tag
def as_written(text: str) -> SafeString:
    """Show a text as a platform would: its line ends kept, links, hashtags and mentions marked."""
    parts = ((part.kind, part.text) for part in preview.segments(text))
    inside = format_html_join("", '<span class="pl-{}">{}</span>', parts)
    return format_html('<span class="pl-written">{}</span>', inside)
