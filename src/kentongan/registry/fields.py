"""The form field for a unit."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.forms.utils import flatatt
from django.urls import reverse_lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from kentongan.registry.models import Unit

LONGEST_LIST = 400


class UnitInput(forms.TextInput):
    """A code that is typed in, with suggestions while one types a part of a name."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        """Draw the field and the list of suggestions that belongs to it."""
        suggestions = f"{name}-suggestions"
        asks = {
            "list": suggestions,
            "hx-get": reverse_lazy("registry:suggest"),
            "hx-trigger": "input changed delay:250ms",
            "hx-target": f"#{suggestions}",
            "hx-params": name,
            "hx-vals": f'{{"field": "{name}"}}',
            "placeholder": "32.16.20",
            "autocomplete": "off",
        }
        field = super().render(name, value, {**(attrs or {}), **asks}, renderer)
        return format_html("{}<datalist{}></datalist>", field, flatatt({"id": suggestions}))


class UnitField(forms.ModelChoiceField[Unit]):
    """A unit by its code: a list, indented like the tree, or a field with suggestions where the tree is too large."""

    def __init__(self, **options: Any) -> None:
        super().__init__(queryset=Unit.objects.none(), to_field_name="code", **options)

    def offer(self, units: QuerySet[Unit]) -> None:
        """Set which units may be chosen."""
        self.queryset = units
        if units.count() > LONGEST_LIST:
            self.widget = UnitInput()
            self.help_text = _("Its code; type a part of the name to find it.")

    def label_from_instance(self, obj: Unit) -> str:
        """Return the name behind its depth in the tree."""
        return "\u2003" * obj.depth + obj.name
