"""Forms of the settings."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kentongan.core.models import User
from kentongan.core.tokens import ROOMS

LIFETIMES = (("30", _("30 days")), ("90", _("90 days")), ("365", _("one year")))
READ_OR_WRITE = (("none", _("no access")), ("read", pgettext_lazy("right", "read")), ("write", _("read and write")))
ROOM_LABELS = {
    "registry": pgettext_lazy("room", "Registry"),
    "listening": pgettext_lazy("room", "Listen"),
    "planning": pgettext_lazy("room", "Plan"),
    "publishing": pgettext_lazy("room", "Publish"),
    "missions": pgettext_lazy("room", "Move"),
    "gatherings": pgettext_lazy("room", "Gather"),
    "insights": pgettext_lazy("room", "Measure"),
    "safeguards": pgettext_lazy("room", "Safeguards"),
    "core": _("Jobs, files and messages"),
}


class ProfileForm(forms.ModelForm[User]):
    """The user's own name, language, appearance and zone."""

    class Meta:
        model = User
        fields = ("name", "language", "theme", "timezone")
        widgets = {"language": forms.RadioSelect, "theme": forms.RadioSelect}


class TokenForm(forms.Form):
    """What a token is for, what it may do in each room, and until when."""

    name = forms.CharField(label=_("What it is for"), max_length=80, help_text=_("For example: monthly report."))
    days = forms.ChoiceField(label=_("Ends after"), choices=LIFETIMES, initial="90")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for room in ROOMS:
            self.fields[f"room_{room}"] = forms.ChoiceField(
                label=ROOM_LABELS[room], choices=READ_OR_WRITE, initial="read"
            )

    def scopes(self) -> list[str]:
        """Return the chosen scopes."""
        chosen = {room: self.cleaned_data[f"room_{room}"] for room in ROOMS}
        return [f"{room}:{verb}" for room, verb in chosen.items() if verb != "none"]
