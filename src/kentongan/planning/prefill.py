"""What a form starts with: a brief from an issue, an item from a brief."""

from dataclasses import dataclass
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kentongan.listening.models import Issue, IssueSample
from kentongan.planning.models import Brief
from kentongan.registry import areas

PLACES = 4
SAMPLES = 3
SAMPLE_LENGTH = 280
TITLE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Start:
    """What the brief's form and its fact lines begin with."""

    brief: dict[str, Any]
    facts: list[dict[str, str]]


def from_issue(issue: Issue) -> Start:
    """Fill a brief in from an issue: its title, topic, places and figures, and what people write, to be checked."""
    places = _places(issue)
    brief = {
        "unit": issue.unit,
        "title": issue.title[:TITLE_LENGTH],
        "topic": str(issue.topic_label) if issue.topic else "",
        "places": ", ".join(places),
        "audience": _audience(issue, places),
        "situation": _situation(issue),
    }
    return Start(brief, [_figure(issue), *_samples(issue)])


def _places(issue: Issue) -> list[str]:
    codes = issue.districts.order_by("-posts", "area_code").values_list("area_code", flat=True)[:PLACES]
    return [areas.get(code).name for code in codes]


def _audience(issue: Issue, places: list[str]) -> str:
    where = ", ".join(places) if places else issue.unit.name
    return _("People in %(where)s") % {"where": where}


def _day(moment: Any) -> str:
    return formats.date_format(timezone.localtime(moment), "j F Y")


def _situation(issue: Issue) -> str:
    lines = [
        ngettext(
            "%(n)s public post since %(since)s is about this.",
            "%(n)s public posts since %(since)s are about this.",
            issue.posts,
        )
        % {"n": _number(issue.posts), "since": _day(issue.first_at)}
    ]
    share = issue.complaint_share
    if share is not None:
        lines.append(_("%(share)s%% of those that could be judged are complaints.") % {"share": round(share * 100)})
    return " ".join(lines)


def _number(value: int) -> str:
    return formats.number_format(value, 0, use_l10n=True, force_grouping=True)


def _figure(issue: Issue) -> dict[str, str]:
    text = _("%(posts)s posts by %(authors)s authors between %(first)s and %(last)s.") % {
        "posts": _number(issue.posts),
        "authors": _number(issue.authors),
        "first": _day(issue.first_at),
        "last": _day(issue.last_at),
    }
    return {"text": text, "source": _("Kentongan, room Simak"), "url": ""}


def _samples(issue: Issue) -> list[dict[str, str]]:
    found: list[IssueSample] = []
    seen: set[int | None] = set()
    for sample in issue.samples.order_by("-created_at")[:50]:
        if sample.near_key not in seen or sample.near_key is None:
            found.append(sample)
        seen.add(sample.near_key)
    return [_quoted(sample) for sample in found[:SAMPLES]]


def _quoted(sample: IssueSample) -> dict[str, str]:
    text = " ".join(sample.text.split())
    if len(text) > SAMPLE_LENGTH:
        text = text[: SAMPLE_LENGTH - 1].rsplit(" ", 1)[0] + "…"
    source = _("Public post, %(day)s: not checked yet") % {"day": _day(sample.created_at)}
    return {"text": _("A resident writes: “%(text)s”") % {"text": text}, "source": source, "url": ""}


def brief_initial(brief: Brief) -> dict[str, Any]:
    """Return what the form shows for a brief."""
    names = ("title", "situation", "message", "audience", "topic", "places", "deadline")
    return {name: getattr(brief, name) for name in names}


def facts_initial(brief: Brief) -> list[dict[str, str]]:
    """Return what the fact lines show for a brief."""
    return [{"text": fact.text, "source": fact.source, "url": fact.url} for fact in brief.facts.all()]


def item_from_brief(brief: Brief) -> dict[str, Any]:
    """Fill an item in from a brief: the message first, then the facts as they stand, to be rewritten."""
    facts = [f"- {fact.text} ({fact.source})" for fact in brief.facts.all()]
    text = "\n\n".join(part for part in (brief.message, "\n".join(facts)) if part)
    return {"unit": brief.unit, "title": brief.title, "text": text, "planned_for": brief.deadline}
