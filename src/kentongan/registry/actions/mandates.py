"""Giving, changing and ending mandates."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from kentongan.channels import addresses
from kentongan.channels import registry as channels
from kentongan.core import audit, clock, jobs
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid
from kentongan.core.models import Job
from kentongan.core.permissions import Capability
from kentongan.registry import access, counting
from kentongan.registry.actions.letters import note_letter
from kentongan.registry.models import Mandate, Unit
from kentongan.registry.queries import mandates as reads

MOST_TITLES = 40
SHOWN = ("name", "subject", "levels", "kinds", "titles", "platforms", "counts", "due_on")


@dataclass(frozen=True, slots=True)
class NewMandate:
    """What a mandate asks: of whom, which platforms, what counts, by when."""

    name: str
    subject: str
    platforms: tuple[str, ...]
    due_on: date
    counts: str = Mandate.Counts.PROVEN.value
    levels: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()

    def tidy(self) -> "NewMandate":
        """Return it as it is kept: positions in lower case, nothing twice."""
        titles = [" ".join(title.lower().split()) for title in self.titles]
        return replace(
            self,
            name=" ".join(self.name.split())[:200],
            titles=tuple(dict.fromkeys(title for title in titles if title)),
            platforms=tuple(dict.fromkeys(self.platforms)),
            levels=tuple(dict.fromkeys(self.levels)),
            kinds=tuple(dict.fromkeys(self.kinds)),
        )


def known_platforms() -> list[str]:
    """Return the platforms on which somebody can be told to have an account."""
    return sorted({*addresses.platforms(), *channels.kinds()})


def _faults(new: NewMandate) -> dict[str, list[Any]]:
    """Return what is wrong, by field."""
    wrong: dict[str, list[Any]] = {}
    if not new.name:
        wrong["name"] = [_("What is the mandate called?")]
    if new.subject not in Mandate.Subject.values:
        wrong["subject"] = [_("Choose who must have accounts.")]
    if not new.platforms or set(new.platforms) - set(known_platforms()):
        wrong["platforms"] = [_("Choose at least one of the platforms on the list.")]
    if new.counts not in Mandate.Counts.values:
        wrong["counts"] = [_("Choose what counts.")]
    if new.subject == Mandate.Subject.PEOPLE and new.counts == Mandate.Counts.CONNECTED:
        wrong["counts"] = [_("Members' own accounts are never connected; choose “proven”.")]
    if new.subject == Mandate.Subject.UNITS and new.titles:
        wrong["titles"] = [_("Positions narrow mandates for people only.")]
    if len(new.titles) > MOST_TITLES or any(len(title) > 120 for title in new.titles):
        wrong["titles"] = [_("Name at most 40 positions, each on a line of its own.")]
    if set(new.levels) - set(Unit.Level.values):
        wrong["levels"] = [_("Choose levels on the list.")]
    if set(new.kinds) - set(Unit.Kind.values):
        wrong["kinds"] = [_("Choose kinds on the list.")]
    return wrong


def _future(due_on: date) -> dict[str, list[Any]]:
    return {} if due_on >= counting.today() else {"due_on": [_("This day is over already.")]}


@action("registry.mandate.give")
def give_mandate(actor: Actor, unit_id: int, new: NewMandate, *, letter: Mapping[str, Any] | None = None) -> Mandate:
    """Tell a unit's whole subtree what to have by when; `letter` is what `note_letter` takes."""
    unit = access.get_unit(actor, Capability.INSTRUCT, pk=unit_id)
    if unit.closed_at:
        raise Conflict(_("This unit is closed."), remedy=_("Give the mandate at a unit that works."))
    new = new.tidy()
    if wrong := _faults(new) | _future(new.due_on):
        raise Invalid(fields=wrong)
    noted = note_letter(actor, unit.pk, **letter) if letter else None
    fields = {name: getattr(new, name) for name in SHOWN}
    fields |= {name: list(value) for name, value in fields.items() if isinstance(value, tuple)}
    mandate = Mandate.objects.create(unit=unit, letter=noted, created_by_id=actor.user_id, **fields)
    counting.mark_subtree(str(unit.path))
    audit.record(actor, mandate, unit_id=unit.pk, after=audit.snapshot(mandate, *SHOWN))
    return mandate


def _locked(actor: Actor, mandate_id: int) -> Mandate:
    mandates = Mandate.objects.select_for_update(of=("self",)).select_related("unit")
    mandate = access.get(mandates, actor, Capability.INSTRUCT, pk=mandate_id, seen_with=Capability.MEASURE)
    if mandate.ended_at:
        raise Conflict(_("This mandate has ended; its numbers stay as they were."), remedy=_("Give a new one."))
    return mandate


@action("registry.mandate.change")
def change_mandate(
    actor: Actor, mandate_id: int, *, name: str, due_on: date, letter: Mapping[str, Any] | None = None
) -> Mandate:
    """Correct a mandate's name, day and letter. What it asks stays: a different duty is a different mandate."""
    mandate = _locked(actor, mandate_id)
    name = " ".join(name.split())[:200]
    wrong = {} if name else {"name": [_("What is the mandate called?")]}
    if due_on != mandate.due_on:
        wrong |= _future(due_on)
    if wrong:
        raise Invalid(fields=wrong)
    before = audit.snapshot(mandate, "name", "due_on", "letter_id")
    noted = note_letter(actor, mandate.unit_id, **letter) if letter else None
    mandate.name, mandate.due_on, mandate.letter = name, due_on, noted or mandate.letter
    mandate.save(update_fields=["name", "due_on", "letter"])
    audit.record(
        actor,
        mandate,
        unit_id=mandate.unit_id,
        before=before,
        after=audit.snapshot(mandate, "name", "due_on", "letter_id"),
    )
    return mandate


@action("registry.mandate.end")
def end_mandate(actor: Actor, mandate_id: int) -> Mandate:
    """End a mandate: nobody is reminded any more, and its numbers stay as they are now."""
    mandate = _locked(actor, mandate_id)
    mandate.ended_at = clock.now()
    mandate.save(update_fields=["ended_at"])
    audit.record(actor, mandate, unit_id=mandate.unit_id, after={"ended_at": mandate.ended_at})
    return mandate


REMIND = "registry.remind"


@action("registry.mandate.remind")
def remind(actor: Actor, mandate_id: int, unit_id: int, *, platform: str = "", inline: bool = False) -> Job:
    """Start the job that writes to everyone at a unit and below who lacks something (or an account on `platform`)."""
    unit = access.get_unit(actor, Capability.INSTRUCT, pk=unit_id)
    mandate = reads.mandate(actor, mandate_id)
    reads.place(actor, mandate, unit.pk)
    if mandate.ended_at:
        raise Conflict(_("This mandate has ended: nobody is reminded of it any more."))
    if platform and platform not in mandate.platforms:
        raise Invalid(fields={"platform": [_("The mandate does not ask for this platform.")]})
    job = jobs.start(
        actor,
        REMIND,
        _("Reminders: %s") % mandate.name,
        unit_id=unit.pk,
        link=f"{mandate.get_absolute_url()}?unit={unit.pk}",
        inline=inline,
        mandate_id=mandate.pk,
        unit=unit.pk,
        platform=platform,
    )
    audit.record(actor, mandate, unit_id=unit.pk, after={"unit": unit.code, "platform": platform or "*"})
    return job
