"""Forms for rows of law; they parse and check, the action writes."""

from typing import Any

from django import forms
from django.db.models import DateField, Field, URLField

from kentongan.safeguards.actions import MODELS, Table, fields_of
from kentongan.safeguards.models import Sourced

_FIRST = ("election", "name", "kind", "participant")
_SOURCE = ("source", "article", "url", "note", "verified")


def _formfield(field: Field[Any, Any], **kwargs: Any) -> forms.Field | None:
    if isinstance(field, DateField):
        kwargs["widget"] = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    elif isinstance(field, URLField):
        kwargs["assume_scheme"] = "https"
    elif field.name == "note":
        kwargs["widget"] = forms.Textarea(attrs={"rows": 2})
    return field.formfield(**kwargs)


def form_class(table: Table) -> type[forms.ModelForm[Sourced]]:
    """Return the form for a table: the columns people fill in, what identifies the row first, its source last."""
    model = MODELS[table]
    names = fields_of(model)
    first = [name for name in _FIRST if name in names]
    rest = [name for name in names if name not in (*_FIRST, *_SOURCE)]
    return forms.modelform_factory(model, fields=[*first, *rest, *_SOURCE], formfield_callback=_formfield)
