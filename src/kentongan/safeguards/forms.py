"""Forms for rows of law; they parse and check, the action writes."""

from typing import Any

from django import forms
from django.db.models import DateField, Field

from kentongan.safeguards.actions import MODELS, Table, fields_of
from kentongan.safeguards.models import Sourced

_SOURCE = ("source", "article", "url", "note", "verified")


def _formfield(field: Field[Any, Any], **kwargs: Any) -> forms.Field | None:
    if isinstance(field, DateField):
        kwargs["widget"] = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    elif field.name == "note":
        kwargs["widget"] = forms.Textarea(attrs={"rows": 2})
    return field.formfield(**kwargs)


def form_class(table: Table) -> type[forms.ModelForm[Sourced]]:
    """Return the form for a table: the columns people fill in, what identifies the row first, its source last."""
    model = MODELS[table]
    own = [name for name in fields_of(model) if name not in _SOURCE]
    return forms.modelform_factory(model, fields=[*own, *_SOURCE], formfield_callback=_formfield)
