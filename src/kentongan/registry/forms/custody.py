"""Forms for keeping official accounts."""

from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from kentongan.registry.forms.letters import LetterFields
from kentongan.registry.models import Account, Person

PersonChoice = forms.ModelChoiceField[Person]


class CorrectionForm(LetterFields):
    """What is written about an official account; its identity only while it is not connected."""

    field_order = ("handle", "display_name", "form", "custodian", "deputy")

    handle = forms.CharField(
        label=_("Address or handle"),
        max_length=500,
        help_text=_("Another account than before has to be proven anew."),
    )
    display_name = forms.CharField(label=_("Name shown"), max_length=200, required=False)
    form = forms.ChoiceField(label=_("Form"), choices=[("", _("Not known")), *Account.Form.choices], required=False)
    custodian = PersonChoice(label=_("Custodian"), queryset=Person.objects.none(), required=False)
    deputy = PersonChoice(label=_("Second custodian"), queryset=Person.objects.none(), required=False)

    def __init__(self, *args: Any, account: Account, people: QuerySet[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if hasattr(account, "connection"):
            del self.fields["handle"]
        for name, present in (("custodian", account.custodian), ("deputy", account.deputy_custodian)):
            if present is None:
                cast(PersonChoice, self.fields[name]).queryset = people
            else:
                del self.fields[name]


class ReasonForm(forms.Form):
    """Why something is done."""

    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("It stands in the account's history."))
