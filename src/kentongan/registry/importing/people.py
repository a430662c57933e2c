"""The import kind `registry.people`: who is what at which unit, with contact, term and own accounts."""

import gc
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, ClassVar

from django.urls import reverse_lazy
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid
from kentongan.core.imports import Cell, Feed, Field, Foresight, ImportRun, Option, Question, Row
from kentongan.core.jobs import Progress
from kentongan.core.permissions import Capability
from kentongan.registry import actions, standing
from kentongan.registry.importing.entries import Entry, read
from kentongan.registry.importing.fields import FIELDS
from kentongan.registry.importing.matching import Matcher, Seen, verdict
from kentongan.registry.importing.places import Doubt, Finder, Place
from kentongan.registry.importing.steps import take_back_all, unit_of
from kentongan.registry.models import Unit

BATCH = 5000
QUESTIONS = 40
Text = str | Promise


class PeopleImport:
    """People of the importing unit and of those below it; each is a minimal `invited` record with its basis."""

    name: ClassVar[str] = "registry.people"
    label: ClassVar[Text] = _("People")
    capability: ClassVar[Capability] = Capability.ADMINISTER
    fields: ClassVar[Sequence[Field]] = FIELDS
    sheets_together: ClassVar[bool] = True
    about_people: ClassVar[bool] = True
    options: ClassVar[Sequence[Option]] = (
        Option("basis", _("Basis"), required=True,
               help=_("On what does it rest that these people are on your list? For example: membership list 2026.")),
        Option("letter_number", _("Number of the decision letter"), help=_("If there is one: 012/SK/DPC/XI/2026.")),
        Option("letter_dated", _("Date of the decision letter"), kind="date"),
    )  # fmt: skip
    meant_label: ClassVar[Text] = _("Unit that is meant")
    questions_label: ClassVar[Text] = _("Which units are these?")
    questions_help: ClassVar[Text] = _(
        "We are not sure about these names. Choose once; it is remembered for the next lists. "
        "Rows that you do not decide about stay out and are given back with the reason."
    )
    left_labels: ClassVar[Mapping[str, Text]] = {standing.MERGED: _("merged with another record")}
    suggest_url: ClassVar[Any] = reverse_lazy("registry:suggest")

    def check_options(self, given: Mapping[str, str]) -> dict[str, Any]:
        """Return the basis with the letter it names; raise Invalid without one."""
        values = {option.name: " ".join(str(given.get(option.name) or "").split()) for option in self.options}
        faults: dict[str, list[Text]] = {}
        if not values["basis"]:
            faults["basis"] = [_("Say on which list or letter these records rest.")]
        if values["letter_number"] and not values["letter_dated"]:
            faults["letter_dated"] = [_("Which date does the letter bear?")]
        if values["letter_dated"] and not values["letter_number"]:
            faults["letter_number"] = [_("Which number does the letter have?")]
        try:
            dated = date.fromisoformat(values["letter_dated"]) if values["letter_dated"] else None
        except ValueError:
            faults["letter_dated"] = [_("This is not a date.")]
        if faults:
            raise Invalid(fields=faults)
        letter = f" ({values['letter_number']}, {dated:%d-%m-%Y})" if dated else ""
        return {**values, "basis": f"{values['basis'][: 200 - len(letter)]}{letter}"}

    def check(self, values: Mapping[str, Cell]) -> Entry:
        """Return the entry of a row."""
        return read(values)

    def foresee(self, run: ImportRun, looked: Sequence[Row], read: Sequence[Row]) -> Foresight:
        """Return what would become of the rows if they came in now, and the names of units that are not certain."""
        finder = Finder(unit_of(run))
        decisions = Matcher(finder, Seen()).decide(looked)
        return Foresight([verdict(one, finder) for one in decisions], _questions(finder, read))

    def answer(self, actor: Actor, run: ImportRun, answers: Mapping[str, str]) -> None:
        """Remember which units these names mean."""
        said = {key: (" ".join(key.replace("|", " ").split()), code) for key, code in answers.items()}
        actions.remember_units(actor, unit_of(run).pk, said)

    def apply(self, run: ImportRun, feed: Feed, progress: Progress) -> None:
        """Bring the rows in."""
        unit = unit_of(run)
        _note_letter(progress.actor, unit, run)
        finder, seen = Finder(unit), actions.seen_before(run)
        with _nothing_to_collect():
            for batch in feed.batches(BATCH):
                actions.take_people(progress.actor, run, feed, batch, finder, seen)

    def undo(self, run: ImportRun, progress: Progress) -> int:
        """Take back what this run brought, the last batch first."""
        later = actions.Later(run)
        return take_back_all(run, progress, lambda step: actions.take_back(progress.actor, run, step, later))


@contextmanager
def _nothing_to_collect() -> Iterator[None]:
    """Keep the collector from looking through the whole tree of a nation again and again: it stays until the end."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _note_letter(actor: Actor, unit: Unit, run: ImportRun) -> None:
    number, dated = run.options.get("letter_number"), run.options.get("letter_dated")
    if number and dated:
        about = _now("People who are on the list of %(unit)s") % {"unit": unit.name}
        actions.note_letter(actor, unit.pk, number=number, dated=date.fromisoformat(dated), about=about)


def _questions(finder: Finder, rows: Sequence[Row]) -> list[Question]:
    """Return the names of units that nobody can be sure of, the most frequent first."""
    counted = Counter(row.clean.place.key for row in rows)
    places = {row.clean.place.key: row.clean.place for row in reversed(rows)}
    asked = [(places[key], n, finder.find(places[key])) for key, n in counted.most_common()]
    return [_question(place, n, answer) for place, n, answer in asked if isinstance(answer, Doubt)][:QUESTIONS]


def _question(place: Place, rows: int, answer: Doubt) -> Question:
    suggestions = tuple((found.code, f"{found.name} · {found.code}", score) for found, score in answer.suggestions)
    return Question(place.key, place.said, rows, suggestions)
