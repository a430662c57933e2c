"""How long each version is, by the rule of the platform it is for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from kentongan.channels import registry as channels
from kentongan.channels.contract import Channel, Count, Counting
from kentongan.planning.models import Rendition

UNITS: dict[Counting, str | Promise] = {
    Counting.GRAPHEMES: gettext_lazy("characters as readers see them"),
    Counting.CHARACTERS: gettext_lazy("characters"),
    Counting.BYTES: gettext_lazy("bytes"),
    Counting.WEIGHTED: gettext_lazy("weighted characters"),
    Counting.WORDS: gettext_lazy("words"),
}


def dollars(amount: float | Decimal) -> str:
    """Return an amount of money as people here write it: to the cent, or to a tenth of it where there is one."""
    return number_format(amount, 2 if round(amount, 2) == amount else 3)


@dataclass(frozen=True, slots=True)
class Measure:
    """A text held against one platform's limit."""

    kind: str
    label: str
    count: Count
    cost_usd: float | None = None

    @property
    def over(self) -> int:
        """How much too long the text is; 0 when it fits."""
        left = self.count.left
        return max(-left, 0) if left is not None else 0

    @property
    def cost(self) -> str:
        """What posting it costs in US dollars; empty where it costs nothing."""
        return dollars(self.cost_usd) if self.cost_usd else ""

    @property
    def unit(self) -> str:
        """What this platform counts."""
        return str(UNITS[self.count.counting])

    @property
    def tone(self) -> str:
        """How the count looks: leaf, amber when nearly full, signal when over."""
        if self.over:
            return "signal"
        limit = self.count.limit
        return "amber" if limit and self.count.used > 0.9 * limit else "leaf"

    @property
    def problem(self) -> str:
        """The sentence for a text that is too long; empty when it fits."""
        if not self.over:
            return ""
        return ngettext(
            "%(platform)s: %(n)s too many (%(used)s of %(limit)s).",
            "%(platform)s: %(n)s too many (%(used)s of %(limit)s).",
            self.over,
        ) % {"platform": self.label, "n": self.over, "used": self.count.used, "limit": self.count.limit}


def offered() -> list[Channel]:
    """Return the channels that a version can be written for: those that can be published to."""
    return channels.publishing()


def measure(
    kind: str, text: str, link: str = "", stated: Mapping[str, int] | None = None, *, beside: bool = False
) -> Measure:
    """Count a version as that platform does, its link included where it goes into the text; NotFound for a kind.

    `stated` is what the server of the one account it is for states; without it the platform's usual rule holds.
    `beside` says that pictures or a video go out with it.
    """
    manifest = channels.get(kind).manifest
    text = manifest.written(text, link, beside=beside)
    return Measure(kind, str(manifest.label), manifest.measured(text, stated), manifest.cost(text))


Stated = Mapping[str, Mapping[str, int]]
"""What servers state that they take, by kind; a kind that is left out is counted by its usual rule."""


def problems(renditions: Iterable[Rendition], stated: Stated) -> dict[str, list[str]]:
    """Return what is too long, by kind; empty when everything fits."""
    measures = [measure(row.kind, row.text, row.link, stated.get(row.kind)) for row in renditions]
    return {one.kind: [one.problem] for one in measures if one.over}


def summary(measured: Measure) -> str:
    """Return the count in words: “212 of 300 characters”."""
    if measured.count.limit is None:
        return _("%(used)s %(unit)s, no limit") % {"used": measured.count.used, "unit": measured.unit}
    return _("%(used)s of %(limit)s %(unit)s") % {
        "used": measured.count.used,
        "limit": measured.count.limit,
        "unit": measured.unit,
    }
