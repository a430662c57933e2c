"""Names of platforms, for every room's templates: `{% load registry_names %}`."""

from collections.abc import Mapping
from typing import Any

from django import template

from kentongan.channels import registry as channels
from kentongan.registry import rules

register = template.Library()


@register.filter
def platform_label(kind: str) -> str:
    """Return a platform's name as people write it."""
    return channels.label(kind)


@register.filter
def item(mapping: Mapping[str, Any], key: str) -> Any:
    """Return what a mapping holds under a key that is known only on the page."""
    return mapping.get(key)


@register.filter
def rule_title(rule_id: str) -> str:
    """Return what a rule of audits asks for, in the reader's language."""
    rule = rules.shipped().get(rule_id)
    return rule.title if rule else rule_id
