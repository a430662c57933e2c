"""Names of platforms, for every room's templates: `{% load registry_names %}`."""

from collections.abc import Mapping
from typing import Any

from django import template

from kentongan.channels import registry as channels

register = template.Library()


@register.filter
def platform_label(kind: str) -> str:
    """Return a platform's name as people write it."""
    return channels.label(kind)


@register.filter
def item(mapping: Mapping[str, Any], key: str) -> Any:
    """Return what a mapping holds under a key that is known only on the page."""
    return mapping.get(key)
