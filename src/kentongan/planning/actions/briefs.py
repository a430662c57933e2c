"""Writes of briefs and their facts."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from kentongan.core import audit
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid
from kentongan.core.permissions import Capability
from kentongan.listening import access as listening
from kentongan.listening.models import Issue
from kentongan.planning import access
from kentongan.planning.actions.items import check_seen
from kentongan.planning.drafts import BriefDraft
from kentongan.planning.models import Brief, Fact
from kentongan.registry import access as rights

FIELDS = ("title", "situation", "message", "audience", "topic", "places", "deadline")
REQUIRED = ("title", "message", "audience")


@action("planning.brief.create")
def create_brief(actor: Actor, unit_id: int, draft: BriefDraft) -> Brief:
    """Make a brief at a unit, from an issue or from nothing."""
    unit = rights.get_unit(actor, Capability.EDIT, pk=unit_id)
    _check(draft)
    brief = Brief.objects.create(
        unit=unit,
        issue=_issue(actor, draft.issue_id),
        created_by_id=access.author(actor),
        **{name: getattr(draft, name) for name in FIELDS},
    )
    _write_facts(brief, draft)
    audit.record(actor, brief, after=_picture(brief, draft))
    return brief


@action("planning.brief.change")
def change_brief(actor: Actor, brief_id: int, draft: BriefDraft) -> Brief:
    """Replace what a brief says, facts included; its issue and unit stay."""
    brief = access.brief(actor, brief_id, Capability.EDIT, lock=True)
    _check(draft)
    before = audit.snapshot(brief, *FIELDS) | {"facts": [_line(fact) for fact in brief.facts.all()]}
    for name in FIELDS:
        setattr(brief, name, getattr(draft, name))
    brief.save()
    brief.facts.all().delete()
    _write_facts(brief, draft)
    audit.record(actor, brief, before=before, after=_picture(brief, draft))
    return brief


@action("planning.brief.move", may_do_nothing=True)
def move_deadline(actor: Actor, brief_id: int, moment: datetime, *, seen: datetime | None = None) -> Brief:
    """Have a brief due at another time; `seen` is its deadline so far."""
    brief = access.brief(actor, brief_id, Capability.EDIT, lock=True)
    check_seen(brief.deadline, seen)
    if brief.deadline == moment:
        return brief
    before = audit.snapshot(brief, "deadline")
    brief.deadline = moment
    brief.save(update_fields=["deadline", "updated_at"])
    audit.record(actor, brief, before=before, after=audit.snapshot(brief, "deadline"))
    return brief


def _issue(actor: Actor, issue_id: int | None) -> Issue | None:
    return None if issue_id is None else listening.issue(actor, issue_id)


def _check(draft: BriefDraft) -> None:
    wrong = {name: [_("This is needed.")] for name in REQUIRED if not getattr(draft, name).strip()}
    if any(not fact.text.strip() or not fact.source.strip() for fact in draft.facts):
        wrong["facts"] = [_("Every fact needs its source.")]
    if wrong:
        raise Invalid(fields=wrong)


def _write_facts(brief: Brief, draft: BriefDraft) -> None:
    Fact.objects.bulk_create(
        Fact(brief=brief, position=position, text=fact.text.strip(), source=fact.source.strip(), url=fact.url)
        for position, fact in enumerate(draft.facts)
    )


def _picture(brief: Brief, draft: BriefDraft) -> dict[str, Any]:
    return audit.snapshot(brief, *FIELDS, "issue_id") | {"facts": [_line(fact) for fact in draft.facts]}


def _line(fact: Any) -> str:
    return f"{fact.text} [{fact.source}]"
