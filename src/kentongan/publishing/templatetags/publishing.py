"""Template tags of publishing: channels by kind."""

from decimal import Decimal

from django import template

from kentongan.channels import registry as channels
from kentongan.channels.contract import Channel
from kentongan.core.errors import NotFound
from kentongan.planning import counting

register = template.Library()


@register.simple_tag
def channel_of(kind: str) -> Channel | None:
    """Return the channel of that kind; None for one that is not installed."""
    try:
        return channels.get(kind)
    except NotFound:
        return None


@register.filter
def dollars(amount: Decimal) -> str:
    """Return an amount of US dollars as people here write it."""
    return counting.dollars(amount)


@register.filter
def platform(kind: str) -> str:
    """Return the platform's name as people write it."""
    return channels.label(kind)
