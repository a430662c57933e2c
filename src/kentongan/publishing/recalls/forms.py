"""The form by which people say that a post is gone, or stays."""

from django import forms
from django.utils.translation import gettext_lazy as _

from kentongan.core.sniff import IMAGES


class GoneForm(forms.Form):
    """What somebody saw there; which button is pressed says whether the post is gone."""

    note = forms.CharField(
        label=_("What you saw"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Needed where the address of the post does not prove that it is gone, or why it stays."),
    )
    picture = forms.FileField(
        label=_("Picture of the screen"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ",".join(sorted(IMAGES))}),
    )
