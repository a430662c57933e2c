"""Forms for invitations, attestations and decisions."""

from django import forms
from django.utils.translation import gettext_lazy as _

from kentongan.registry.models import Dispute
from kentongan.registry.queries.invitations import Wanted

WHO = (
    ("invited", _("Those who have not confirmed yet")),
    ("unanswered", _("Those who were invited and have not answered")),
    ("all", _("Everybody")),
)
CHANNELS = (
    ("", _("Whichever reaches them: WhatsApp by hand, else e-mail")),
    ("link", _("WhatsApp, handed over from your own phone")),
    ("email", _("E-mail")),
    ("print", _("A printed sheet with a code for each")),
)


class InviteForm(forms.Form):
    """Whom to invite, and by which way."""

    who = forms.ChoiceField(label=_("Who"), choices=WHO)
    title = forms.CharField(
        label=_("Position"),
        max_length=120,
        required=False,
        help_text=_("A part of the position, for example “ketua”; empty for all."),
    )
    channel = forms.ChoiceField(label=_("How"), choices=CHANNELS, required=False)

    def wanted(self) -> Wanted:
        """Return whom the form describes."""
        return Wanted(self.cleaned_data["who"], self.cleaned_data["title"].strip())


class AttestForm(forms.Form):
    """What a superior saw, with the evidence."""

    note = forms.CharField(
        label=_("What you saw"),
        max_length=500,
        help_text=_("For example: they opened the account in front of me and changed its picture."),
    )
    file = forms.FileField(label=_("Screenshot"), required=False, help_text=_("Picture or PDF, at most 10 MB."))
    link = forms.URLField(label=_("Or a link"), max_length=500, required=False, assume_scheme="https")


class DecisionForm(forms.Form):
    """Who holds an account that two have proven."""

    outcome = forms.ChoiceField(label=_("Who holds it"), choices=Dispute.Outcome.choices, widget=forms.RadioSelect())
    reason = forms.CharField(label=_("Reason"), max_length=500, help_text=_("Both sides read it; name nobody in it."))
