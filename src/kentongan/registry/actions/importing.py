"""Bringing lists of people in, batch by batch, and taking them back; decisions about the names of units."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, cast

from django.db import connection
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid
from kentongan.core.imports import Batch, Feed, ImportRun
from kentongan.core.permissions import Capability
from kentongan.registry import access
from kentongan.registry.importing.matching import Decision, Known, Matcher, Seen
from kentongan.registry.importing.places import KEY_CHARS, Finder
from kentongan.registry.models import Account, ImportStep, Membership, Person, Unit, UnitAlias

LOCK = 0x70656F70  # "peop"
CHUNK = 2000
TABLES: Mapping[str, type[Model]] = {"person": Person, "membership": Membership}
TEXT_CHARS = 300
DAYS = frozenset({"starts_on", "ends_on"})


def _alone() -> None:
    """Race: two imports at once would both find somebody missing. So people come in one batch after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


@action("registry.person.import", may_do_nothing=True)
def take_people(actor: Actor, run: ImportRun, feed: Feed, batch: Batch, finder: Finder, seen: Seen) -> None:
    """Bring one batch in: people, positions, claimed accounts; all of it noted so that it can be taken back."""
    unit = access.get_unit(actor, Capability.ADMINISTER, pk=run.unit_id)
    _alone()
    matcher = Matcher(finder, seen, lock=True)
    decisions = matcher.decide(batch.rows)
    batch.reject_all([(one.row, one.note) for one in decisions if one.person is None])
    taken = [one for one in decisions if one.person is not None]
    for one in taken:
        for text in (*one.row.clean.remarks, *([one.note] if one.note else ())):
            batch.remark(one.row, text)
    step = _write(run, batch, matcher.people)
    counts = _counts(taken)
    feed.commit(batch, **counts)
    seen.update(one.person.pk for one in taken if one.person and one.person.pk)
    if counts["new"] or counts["changed"]:
        after = {"run": run.pk, **counts, "accounts": len(step.accounts)}
        audit.record(actor, unit, unit_id=unit.pk, after=after)


def _counts(taken: Sequence[Decision]) -> dict[str, int]:
    new = sum(one.outcome in ("new", "doubtful") for one in taken)
    changed = sum(one.outcome == "changed" for one in taken)
    return {"new": new, "changed": changed, "same": len(taken) - new - changed}


def _write(run: ImportRun, batch: Batch, people: Sequence[Known]) -> ImportStep:
    made = [one for one in people if one.pk is None]
    basis = str(run.options["basis"])[:200]
    rows = [
        Person(full_name=one.full_name, phone=one.phone, email=one.email, basis=basis, state=one.state) for one in made
    ]
    for one, row in zip(made, Person.objects.bulk_create(rows, batch_size=CHUNK), strict=True):
        one.pk = row.pk
    changes = _apply_changes(people)
    step = ImportStep(
        run_id=run.pk,
        start=batch.start,
        people=[one.pk for one in made],
        memberships=_make_posts(people),
        accounts=_make_claims(people),
        changes=changes,
    )
    if step.people or step.memberships or step.accounts or step.changes:
        step.save()
    return step


def _make_posts(people: Sequence[Known]) -> list[int]:
    wanted = [
        Membership(
            person_id=cast("int", one.pk),
            unit_id=post.unit_id,
            title=post.title,
            starts_on=post.starts_on,
            ends_on=post.ends_on,
        )
        for one in people
        for post in one.posts
        if post.pk is None
    ]
    return [row.pk for row in Membership.objects.bulk_create(wanted, batch_size=CHUNK)]


def _make_claims(people: Sequence[Known]) -> list[int]:
    wanted = [
        Account(
            person_id=cast("int", one.pk),
            unit_id=unit_id,
            kind=Account.Kind.ORGANIC,
            state=Account.State.CLAIMED,
            platform=identity.platform,
            identity=identity.key,
            handle=identity.shown[:200],
            url=identity.url[:500],
            form=identity.form,
        )
        for one in people
        for unit_id, identity in one.claims
    ]
    return [row.pk for row in Account.objects.bulk_create(wanted, batch_size=CHUNK)]


def _apply_changes(people: Sequence[Known]) -> list[list[Any]]:
    """Write the changed values of those who were there; return them as they are kept."""
    found = [(pk, change) for one in people for pk, change in one.changes if pk is not None]
    wanted: dict[str, dict[int, dict[str, Any]]] = {"person": {}, "membership": {}}
    kept = []
    for pk, (table, column, before, after) in found:
        wanted[table].setdefault(pk, {})[column] = after
        kept.append([table, pk, column, _plain(before), _plain(after)])
    for table, values in wanted.items():
        _set(table, values)
    return kept


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _value(column: str, kept: Any) -> Any:
    """Return a kept value as the column holds it."""
    return date.fromisoformat(kept) if kept and column in DAYS else kept


def _set(table: str, values: Mapping[int, Mapping[str, Any]]) -> None:
    columns = sorted({column for row in values.values() for column in row})
    rows = list(TABLES[table]._default_manager.select_for_update(of=("self",)).filter(pk__in=values))
    for row in rows:
        for column, value in values[row.pk].items():
            setattr(row, column, value)
    if rows:
        TABLES[table]._default_manager.bulk_update(rows, columns, batch_size=CHUNK)


def seen_before(run: ImportRun) -> Seen:
    """Return whom the batches that are in already brought or changed, for a run that goes on."""
    seen = Seen()
    for step in ImportStep.objects.filter(run=run).iterator(chunk_size=50):
        seen.update(step.people)
        seen.update(pk for table, pk, *_rest in step.changes if table == "person")
    return seen


@action("registry.person.take_back")
def take_back(actor: Actor, run: ImportRun, step_id: int) -> int:
    """Take back what one batch brought; return how many people it removed or restored.

    Who has confirmed since stays, with their position: they are here by their own word now.
    """
    unit = access.get_unit(actor, Capability.ADMINISTER, pk=run.unit_id)
    _alone()
    step = ImportStep.objects.select_for_update().get(pk=step_id, run=run, undone_at=None)
    mine = Person.objects.filter(pk__in=step.people)
    staying = mine.exclude(state=Person.State.INVITED, user=None).values("pk")
    Account.objects.filter(pk__in=step.accounts, state=Account.State.CLAIMED).exclude(person__in=staying).delete()
    Membership.objects.filter(pk__in=step.memberships).exclude(person__in=staying).delete()
    restored = _restore(step)
    gone = mine.filter(state=Person.State.INVITED, user=None, memberships=None)
    removed = gone.count()
    gone.delete()
    step.undone_at = clock.now()
    step.save(update_fields=["undone_at"])
    audit.record(actor, unit, unit_id=unit.pk, after={"run": run.pk, "removed": removed, "restored": restored})
    return removed + restored


def _restore(step: ImportStep) -> int:
    """Set values back that are still as the batch left them; return of how many people."""
    touched: set[int] = set()
    for table, model in TABLES.items():
        found = [change[1:] for change in step.changes if change[0] == table]
        rows = model._default_manager.select_for_update(of=("self",)).in_bulk({pk for pk, *_rest in found})
        restored: dict[int, Any] = {}
        for pk, column, before, after in found:
            row: Any = rows.get(pk)
            if row is None or (isinstance(row, Person) and row.state != Person.State.INVITED):
                continue
            if _plain(getattr(row, column)) == after:
                setattr(row, column, _value(column, before))
                restored[pk] = row
        columns = sorted({column for _pk, column, *_rest in found})
        if restored:
            model._default_manager.bulk_update(restored.values(), columns, batch_size=CHUNK)
        touched |= {getattr(row, "person_id", row.pk) for row in restored.values()}
    return len(touched)


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
