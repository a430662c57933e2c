"""Forms of campaigns; they parse, the actions check and write."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.planning import queries
from kentongan.planning.drafts import CampaignDraft
from kentongan.planning.models import Campaign
from kentongan.registry.fields import UnitField


def _day(**options: Any) -> forms.DateField:
    return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **options)


class CampaignForm(forms.Form):
    """A campaign."""

    name = forms.CharField(label=_("Name"), max_length=200)
    summary = forms.CharField(
        label=_("What it is about"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("In two or three sentences, for all who write for it."),
    )
    hashtags = forms.CharField(
        label=_("Hashtags"),
        required=False,
        max_length=700,
        help_text=_("With spaces between them; the first is the one that people should remember."),
    )
    themes = forms.CharField(
        label=_("Themes"),
        required=False,
        max_length=3000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line."),
    )
    purpose = forms.ChoiceField(
        label=_("Purpose"),
        widget=forms.RadioSelect,
        help_text=_("A campaign of public service takes no electioneering."),
    )
    unit = UnitField(label=_("Unit"))
    starts_on = _day(label=_("From"))
    ends_on = _day(label=_("Until"), required=False, help_text=_("Leave it empty while the end is open."))

    def __init__(self, *args: Any, actor: Actor, campaign: Campaign | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unit, purpose = self.fields["unit"], self.fields["purpose"]
        assert isinstance(unit, UnitField)
        assert isinstance(purpose, forms.ChoiceField)
        unit.offer(queries.units_to_edit(actor))
        purpose.choices = queries.purposes()
        if len(queries.purposes()) == 1:  # a neutral organisation: there is nothing to choose
            purpose.initial, purpose.widget = queries.purposes()[0][0], forms.HiddenInput()
        self.fields["starts_on"].initial = clock.now().date()
        if campaign is not None:
            unit.disabled, unit.initial = True, campaign.unit

    def draft(self) -> CampaignDraft:
        """Return the campaign as entered; the form has to be valid."""
        values = self.cleaned_data
        return CampaignDraft(
            name=values["name"],
            summary=values["summary"],
            purpose=values["purpose"],
            starts_on=values["starts_on"],
            ends_on=values["ends_on"],
            hashtags=tuple(values["hashtags"].replace(",", " ").split()),
            themes=tuple(values["themes"].splitlines()),
        )


class ReasonForm(forms.Form):
    """Why it ends."""

    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


def initial(campaign: Campaign) -> dict[str, Any]:
    """Return what the form shows for a campaign."""
    same = {name: getattr(campaign, name) for name in ("name", "summary", "purpose", "starts_on", "ends_on")}
    hashtags = " ".join(f"#{tag}" for tag in campaign.hashtags)
    return {**same, "hashtags": hashtags, "themes": "\n".join(campaign.themes)}
