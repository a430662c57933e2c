"""Bringing lists of people in, batch by batch; decisions about the names of units."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from kentongan.channels.addresses import Identity
from kentongan.core import audit
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.copying import copy, gather_index_entries, next_ids
from kentongan.core.errors import Conflict, Invalid
from kentongan.core.imports import Batch, Feed, ImportRun
from kentongan.core.permissions import Capability
from kentongan.registry import access
from kentongan.registry.importing.changes import COLUMNS, exchange, plain
from kentongan.registry.importing.matching import Decision, Known, Matcher, Seen
from kentongan.registry.importing.places import KEY_CHARS, Finder
from kentongan.registry.importing.steps import unit_of
from kentongan.registry.models import Account, ImportStep, Membership, Person, Unit, UnitAlias

LOCK = 0x70656F70  # "peop"
TEXT_CHARS = 300
CLAIM = ("id", "person", "unit", "kind", "state", "platform", "identity", "handle", "url", "form")


def alone() -> None:
    """Race: two imports at once would both find somebody missing. So lists come in one batch after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


@action("registry.person.import", may_do_nothing=True)
def take_people(actor: Actor, run: ImportRun, feed: Feed, batch: Batch, finder: Finder, seen: Seen) -> None:
    """Bring one batch in: people, positions, claimed accounts; all of it noted so that it can be taken back."""
    unit = access.get_unit(actor, Capability.ADMINISTER, pk=unit_of(run).pk)
    alone()
    matcher = Matcher(finder, seen, lock=True)
    decisions = matcher.decide(batch.rows)
    batch.reject_all([(one.row, one.note) for one in decisions if one.person is None])
    taken = [one for one in decisions if one.person is not None]
    for one in taken:
        for text in (*one.row.clean.remarks, *([one.note] if one.note else ())):
            batch.remark(one.row, text)
    step = _write(run, batch, matcher.people, already_there(one.person.pk for one in taken if one.person))
    counts = _counts(taken)
    feed.commit(batch, **counts)
    seen.update(one.person.pk for one in taken if one.person and one.person.pk)
    if counts["new"] or counts["changed"]:
        after = {"run": run.pk, **counts, "accounts": len(step.accounts)}
        audit.record(actor, unit, unit_id=unit.pk, after=after)


def already_there(ids: Iterable[int | None]) -> list[int]:
    """Return the numbers, once each; who comes with this batch has none yet."""
    return sorted({pk for pk in ids if pk is not None})


def _counts(taken: Sequence[Decision]) -> dict[str, int]:
    new = sum(one.outcome in ("new", "doubtful") for one in taken)
    changed = sum(one.outcome == "changed" for one in taken)
    return {"new": new, "changed": changed, "same": len(taken) - new - changed}


def _write(run: ImportRun, batch: Batch, people: Sequence[Known], met: list[int]) -> ImportStep:
    """Write what was decided, each table by one COPY, so that its units are marked for the recount once."""
    gather_index_entries()
    people_made = _make_people(run, people)
    step = ImportStep(
        run_id=run.pk,
        start=batch.start,
        people=people_made,
        memberships=_make_posts(people),
        accounts=make_claims([(one.pk, *claim) for one in people if one.pk for claim in one.claims]),
        met=met,
        changes=_apply_changes(people),
    )
    if step.people or step.met:
        step.save()
    return step


def _make_people(run: ImportRun, people: Sequence[Known]) -> list[int]:
    made = [one for one in people if one.pk is None]
    basis = str(run.options["basis"])[:200]
    for one, pk in zip(made, next_ids(Person, len(made)), strict=True):
        one.pk = pk
    rows = [(one.pk, one.full_name, one.key, one.phone, one.email, one.state, basis) for one in made]
    return _copied(Person, ("id", "full_name", "name_key", "phone", "email", "state", "basis"), rows)


def _make_posts(people: Sequence[Known]) -> list[int]:
    wanted = [(one.pk, post) for one in people for post in one.posts if post.pk is None]
    rows = [
        (pk, person_id, post.unit_id, post.title, post.starts_on, post.ends_on)
        for pk, (person_id, post) in zip(next_ids(Membership, len(wanted)), wanted, strict=True)
    ]
    return _copied(Membership, ("id", "person", "unit", "title", "starts_on", "ends_on"), rows)


def make_claims(wanted: Sequence[tuple[int, int, Identity]]) -> list[int]:
    """Write accounts that a list states, each as (person, unit, identity); return their numbers. Part of the action."""
    rows = [
        (
            pk,
            person_id,
            unit_id,
            Account.Kind.ORGANIC,
            Account.State.CLAIMED,
            identity.platform,
            identity.key,
            identity.shown[:200],
            identity.url[:500],
            identity.form,
        )
        for pk, (person_id, unit_id, identity) in zip(next_ids(Account, len(wanted)), wanted, strict=True)
    ]
    return _copied(Account, CLAIM, rows)


def _copied(model: type[Model], names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> list[int]:
    """Write the rows, if there are any; return their numbers, which come first."""
    if rows:
        copy(model, names, rows)
    return [row[0] for row in rows]


def _apply_changes(people: Sequence[Known]) -> list[list[Any]]:
    """Write the changed values of those who were there; return them as they are kept."""
    found = [(pk, change) for one in people for pk, change in one.changes if pk is not None]
    changes = [[table, pk, column, plain(before), plain(after)] for pk, (table, column, before, after) in found]
    for table in COLUMNS:
        exchange(table, changes)
    return changes


def seen_before(run: ImportRun) -> Seen:
    """Return of whom the batches that are in already spoke, for a run that goes on."""
    seen = Seen()
    steps = ImportStep.objects.filter(run=run).values_list("people", "met", "joined")
    for spoken_of in steps.iterator(chunk_size=50):
        for ids in spoken_of:
            seen.update(ids)
    return seen


@action("registry.unit.decide_name")
def remember_units(actor: Actor, scope_id: int, answers: Mapping[str, tuple[str, str]]) -> int:
    """Remember which unit a text in lists means: `answers` maps its key to (text, code of the unit)."""
    scope = access.get_unit(actor, Capability.ADMINISTER, pk=scope_id)
    if not answers:
        raise Conflict(_("There is nothing to decide."))
    codes = {code for _text, code in answers.values()}
    units = {unit.code: unit for unit in Unit.objects.filter(code__in=codes, path__within=scope.path, closed_at=None)}
    faults = {
        f"other:{key}": [
            _("There is no unit with the code %(code)s below %(unit)s.") % {"code": code, "unit": scope.name}
        ]
        for key, (_text, code) in answers.items()
        if code not in units
    }
    if faults:
        raise Invalid(fields=faults)
    for key, (text, code) in answers.items():
        UnitAlias.objects.update_or_create(
            scope=scope, key=key[:KEY_CHARS], defaults={"text": text[:TEXT_CHARS], "unit": units[code]}
        )
    audit.record(actor, scope, unit_id=scope.pk, after=dict(answers.values()))
    return len(answers)
