"""Forms for accounts that pretend to be ours."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from kentongan.channels import addresses
from kentongan.channels import registry as channels
from kentongan.registry.actions.impostors import LONGEST, NEXT, Report
from kentongan.registry.fields import UnitField
from kentongan.registry.models import ImpostorCase, Unit

State = ImpostorCase.State
CONSENT = _("You may write to me at this address about this report. It is deleted after the time to keep it.")


class ReportForm(forms.Form):
    """What somebody tells about an account."""

    link = forms.CharField(
        label=_("Link or handle of the account"),
        max_length=1000,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("Open it in the app, choose “Share” or “Copy link”, and paste that."),
    )
    platform = forms.ChoiceField(label=_("Platform"), required=False)
    what = forms.CharField(
        label=_("What happened?"),
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("For example: it asks for money in the name of the office. Leave out what is private."),
    )
    screenshot = forms.FileField(
        label=_("Screenshot"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/*"}),
        help_text=_("A picture, 8 MB at most. It helps when the account is gone tomorrow."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(kind, channels.label(kind)) for kind in addresses.platforms()]
        self.fields["platform"].choices = [("", _("As the address says")), *known]  # type: ignore[attr-defined]

    def report(self) -> Report:
        """Return what was told."""
        data = self.cleaned_data
        return Report(data["link"], data["platform"], data["what"])


class PublicReportForm(ReportForm):
    """The same for everybody; `nickname` is a trap that only robots fill in."""

    contact = forms.EmailField(
        label=_("Your e-mail"), required=False, help_text=_("Only if we may ask you something. Nobody else sees it.")
    )
    consent = forms.BooleanField(label=CONSENT, required=False)
    nickname = forms.CharField(required=False, max_length=200)

    def clean(self) -> dict[str, Any]:
        """Ask for the consent where an address is given."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("contact") and not data.get("consent"):
            self.add_error("consent", _("Tick this, or leave your address out."))
        return data

    @property
    def is_trapped(self) -> bool:
        """Whether a robot filled in what people do not see."""
        return bool(self.cleaned_data.get("nickname"))

    def report(self) -> Report:
        """Return what was told, with how to reach who told it."""
        data = self.cleaned_data
        return Report(data["link"], data["platform"], data["what"], data["contact"], str(CONSENT))


class DecisionForm(forms.Form):
    """What becomes of a case; `seen` is the state on the screen of who decides."""

    state = forms.ChoiceField(label=_("Decision"), widget=forms.RadioSelect)
    reason = forms.CharField(label=_("Why?"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    same_as = forms.ChoiceField(label=_("The same as"), required=False)
    seen = forms.ChoiceField(choices=State.choices, widget=forms.HiddenInput)

    def __init__(self, case: ImpostorCase, others: list[ImpostorCase], *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"seen": case.state}
        super().__init__(*args, **kwargs)
        following = [(state, label) for state, label in State.choices if state in NEXT[case.state]]
        self.fields["state"].choices = following  # type: ignore[attr-defined]
        if State.DUPLICATE in NEXT[case.state] and others:
            self.fields["same_as"].choices = [("", "–"), *[(one.pk, str(one)) for one in others]]  # type: ignore[attr-defined]
        else:
            del self.fields["same_as"]
            self.fields["state"].choices = [one for one in following if one[0] != State.DUPLICATE]  # type: ignore[attr-defined]


class ReferForm(forms.Form):
    """The unit that a case is handed to."""

    unit = UnitField(label=_("Unit"))
    seen = forms.ChoiceField(choices=State.choices, widget=forms.HiddenInput)

    def __init__(self, case: ImpostorCase, units: QuerySet[Unit], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"].initial = case.state
        self.fields["unit"].offer(units)  # type: ignore[attr-defined]
