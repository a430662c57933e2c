"""Between forms and actions: what an action refuses stands at the field that it is about."""

from django import forms

from kentongan.core.errors import Invalid


def complain(form: forms.BaseForm) -> Invalid:
    """Return what is wrong with a form as the error that pages and toasts show."""
    return Invalid(fields={name: [str(text) for text in texts] for name, texts in form.errors.items()})


def show_errors(form: forms.BaseForm, error: Invalid) -> None:
    """Show an action's refusal at the fields it names (or their `_text`), the rest above the form."""
    if not error.fields:
        form.add_error(None, str(error))
    for name, texts in error.fields.items():
        where = next((field for field in (name, f"{name}_text") if field in form.fields), None)
        for text in texts:
            form.add_error(where, text)
