"""Template tags of publishing: channels by kind, filters kept in links."""

from typing import Any

from django import template
from django.template.context import Context

from kentongan.channels import registry as channels
from kentongan.channels.contract import Channel
from kentongan.core.errors import NotFound

register = template.Library()


@register.simple_tag
def channel_of(kind: str) -> Channel | None:
    """Return the channel of that kind; None for one that is not installed."""
    try:
        return channels.get(kind)
    except NotFound:
        return None


@register.filter
def platform(kind: str) -> str:
    """Return the platform's name as people write it."""
    return channels.label(kind)


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: Any) -> str:
    """Return the present query string with changes, without its page number."""
    values = context["request"].GET.copy()
    values.pop("page", None)
    for name, value in changes.items():
        values[name] = str(value)
    return f"?{values.urlencode()}"
