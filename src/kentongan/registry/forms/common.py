"""Fields that several forms of the registry share."""

from django import forms
from django.utils.translation import gettext_lazy as _


class DayInput(forms.DateInput):
    """The browser's own field for a day."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def basis_field() -> forms.CharField:
    """Return the field for the law or letter that a change rests on."""
    return forms.CharField(
        label=_("Basis"),
        max_length=200,
        required=False,
        help_text=_("The law or letter it rests on, with its number and date."),
    )
