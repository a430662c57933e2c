"""What every page's frame shows: organisation, rooms, theme, language, time. Read only when a template asks."""

from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.utils import formats, timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.registry import access, queries
from kentongan.registry.models import Organisation
from kentongan.web import formatting
from kentongan.web.navigation import Entry, Group, first_entries, navigation

THEME_COOKIE = "theme"
THEMES: dict[str, tuple[str, str | Promise]] = {
    "auto": ("light", _("Switch to the light appearance")),
    "light": ("dark", _("Switch to the dark appearance")),
    "dark": ("auto", _("Use the device's appearance")),
}


class Shell:
    """The frame of one page; each part costs its query once, and only when shown."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.actor: Actor = getattr(request, "actor", Actor.anonymous())

    @cached_property
    def organisation(self) -> Organisation | None:
        """Whose installation this is."""
        return queries.organisation()

    @cached_property
    def capabilities(self) -> frozenset[Capability]:
        """What the actor may do anywhere: templates ask `{% if "publish" in shell.capabilities %}`."""
        return access.capabilities(self.actor)

    @cached_property
    def navigation(self) -> list[Group]:
        """The rooms the actor sees."""
        name = self.organisation.short_name if self.organisation else ""
        return navigation(self.capabilities, self.request.path, name)

    @property
    def first_entries(self) -> list[Entry]:
        """The rooms in the bar at the bottom of a phone."""
        return first_entries(self.navigation)

    @property
    def theme(self) -> str:
        """The appearance: of the user, else of the cookie, else as the device."""
        user = getattr(self.request, "user", None)
        chosen = getattr(user, "theme", "") or self.request.COOKIES.get(THEME_COOKIE, "")
        return chosen if chosen in THEMES else "auto"

    @property
    def next_theme(self) -> str:
        """The appearance that the switch leads to."""
        return THEMES[self.theme][0]

    @property
    def next_theme_label(self) -> str | Promise:
        """What the switch does, in words."""
        return THEMES[self.theme][1]

    @property
    def other_language(self) -> str:
        """The language that the switch leads to."""
        return "en" if translation.get_language() == "id" else "id"

    @property
    def initials(self) -> str:
        """The user's initials."""
        words = str(getattr(self.request.user, "name", "") or "?").split()
        return "".join(word[0] for word in words[:2]).upper()

    @property
    def zone(self) -> str:
        """The zone of the clock."""
        return str(timezone.get_current_timezone())

    @property
    def zone_name(self) -> str:
        """The zone as people call it."""
        return formatting.zone_name(timezone.get_current_timezone(), timezone.now())

    @property
    def today(self) -> str:
        """The day, as the clock shows it."""
        return formats.date_format(timezone.localtime(), "l, j M")

    @property
    def time(self) -> str:
        """The time, as the clock shows it."""
        return formatting.clock(timezone.localtime())


def shell(request: HttpRequest) -> dict[str, Any]:
    """Give templates the frame as `shell`."""
    return {"shell": Shell(request)}
