"""Forms for keeping official accounts."""

from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from kentongan.registry.forms.common import DayInput
from kentongan.registry.forms.letters import LetterFields
from kentongan.registry.models import Account, Handover, Person
from kentongan.registry.models.custody import CHECKS

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


class HandoverForm(forms.Form):
    """From which custodian to whom an account passes, and by when."""

    giver = PersonChoice(label=_("From whom"), queryset=Person.objects.none())
    receiver = PersonChoice(label=_("To whom"), queryset=Person.objects.none())
    due_on = forms.DateField(label=_("Due"), widget=DayInput())

    def __init__(self, *args: Any, account: Account, people: QuerySet[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keepers = [account.custodian_id, account.deputy_custodian_id]
        cast(PersonChoice, self.fields["giver"]).queryset = Person.objects.filter(pk__in=[k for k in keepers if k])
        cast(PersonChoice, self.fields["receiver"]).queryset = people.exclude(pk__in=[k for k in keepers if k])


class ChecklistForm(LetterFields):
    """What of a handover is done; for administrators also who takes over, and the letter."""

    field_order = ("receiver", "password_changed", "recovery_changed", "second_factor_moved")

    receiver = PersonChoice(label=_("To whom"), queryset=Person.objects.none(), required=False)
    password_changed = forms.BooleanField(label=_("The password was changed"), required=False)
    recovery_changed = forms.BooleanField(label=_("Recovery e-mail and phone were changed"), required=False)
    second_factor_moved = forms.BooleanField(label=_("The second factor was moved, or there is none"), required=False)

    def __init__(
        self, *args: Any, handover: Handover, people: QuerySet[Person], administers: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name in CHECKS:
            if getattr(handover, name):
                self.fields[name].disabled = True
                self.fields[name].initial = True
        if administers:
            cast(PersonChoice, self.fields["receiver"]).queryset = people
            self.fields["receiver"].initial = handover.receiver_id
        else:
            for name in ("receiver", "letter_number", "letter_dated", "letter_file"):
                del self.fields[name]
