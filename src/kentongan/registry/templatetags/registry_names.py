"""Names of platforms, for every room's templates: `{% load registry_names %}`."""

from django import template

from kentongan.channels import registry as channels

register = template.Library()


@register.filter
def platform_label(kind: str) -> str:
    """Return a platform's name as people write it."""
    return channels.label(kind)
