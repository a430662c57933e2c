"""All writes of safeguards: rows of law, and releases by a named person."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model, ProtectedError
from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, authority, clock, ids
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from kentongan.core.permissions import Capability
from kentongan.safeguards import loading
from kentongan.safeguards.models import (
    AccountCap,
    ContentRule,
    Election,
    QuietPeriod,
    Release,
    Sourced,
    Stage,
)

REASON_LENGTH = 15


class Table(StrEnum):
    """The tables that an administrator edits."""

    ELECTION = "election"
    STAGE = "stage"
    QUIET_PERIOD = "quiet-period"
    ACCOUNT_CAP = "account-cap"
    CONTENT_RULE = "content-rule"


MODELS: dict[Table, type[Sourced]] = {
    Table.ELECTION: Election,
    Table.STAGE: Stage,
    Table.QUIET_PERIOD: QuietPeriod,
    Table.ACCOUNT_CAP: AccountCap,
    Table.CONTENT_RULE: ContentRule,
}
_HIDDEN = frozenset({"id", "code", "edited_at"})


def fields_of(model: type[Model]) -> tuple[str, ...]:
    """Return the names of the columns that people fill in."""
    return tuple(field.name for field in model._meta.concrete_fields if field.name not in _HIDDEN)


@action("safeguards.rule.add")
def add(actor: Actor, table: Table, values: Mapping[str, Any]) -> Sourced:
    """Add a row of law; raises Invalid when it contradicts itself or overlaps another."""
    authority.require(actor, Capability.ADMINISTER)
    model = MODELS[table]
    row = model(code=f"own-{ids.public_id()}", edited_at=clock.now())
    _fill(row, values)
    audit.record(actor, row, after=audit.snapshot(row, *fields_of(model)))
    return row


@action("safeguards.rule.change", may_do_nothing=True)
def change(actor: Actor, table: Table, row_id: int, values: Mapping[str, Any]) -> Sourced:
    """Change a row of law; what is not in `values` stays."""
    authority.require(actor, Capability.ADMINISTER)
    row = _locked(table, row_id)
    names = fields_of(type(row))
    before = audit.snapshot(row, *names)
    row.edited_at = clock.now()
    _fill(row, values)
    after = audit.snapshot(row, *names)
    if before != after:
        audit.record(actor, row, before=before, after=after)
    return row


@action("safeguards.rule.remove")
def remove(actor: Actor, table: Table, row_id: int) -> None:
    """Remove a row that people of this installation entered; shipped rows are switched off or corrected instead."""
    authority.require(actor, Capability.ADMINISTER)
    row = _locked(table, row_id)
    if not row.code.startswith("own-"):
        raise Conflict(
            _("Rows that came with the product are corrected or switched off, not removed."),
            remedy=_("Edit the row; the audit trail keeps what it said before."),
        )
    audit.record(actor, row, before=audit.snapshot(row, *fields_of(type(row))))
    try:
        row.delete()
    except ProtectedError as error:
        raise Conflict(_("A release refers to this row, so it stays."), remedy=_("Switch it off instead.")) from error


@action("safeguards.rules.load", may_do_nothing=True)
def load_rules(actor: Actor) -> int:
    """Bring in the shipped rows that are missing or were never edited; return how many were written."""
    if not actor.is_system:
        authority.require(actor, Capability.ADMINISTER)
    models = {model.__name__: model for model in MODELS.values()}
    written = loading.load(models.__getitem__)
    if written and (first := Election.objects.order_by("pk").first()):
        audit.record(actor, first, note=str(written))
    return written


@action("safeguards.release")
def release(actor: Actor, *, unit_id: int, subject: str, reason: str, period_id: int | None = None) -> Release:
    """Write down that a named person lets one held thing go out, and why; the room that held it then lets it go.

    Needs the right to administer at the unit, and a person: neither a program's token nor the system may do it.
    """
    authority.require(actor, Capability.ADMINISTER, unit_id)
    if actor.kind != "user" or actor.user_id is None:
        raise NotAllowed(
            _("Only a person who is signed in can release what a safeguard holds."),
            remedy=_("Sign in and open the held delivery."),
        )
    reason = " ".join(reason.split())
    if len(reason) < REASON_LENGTH:
        message = _("Say in a sentence why this may go out (at least %(n)s characters).") % {"n": REASON_LENGTH}
        raise Invalid(fields={"reason": [message]})
    row = Release.objects.create(
        by_id=actor.user_id, unit_id=unit_id, subject=subject[:200], reason=reason, period_id=period_id
    )
    audit.record(actor, row, after=audit.snapshot(row, "subject", "reason", "period_id"), unit_id=unit_id, note=reason)
    return row


def _locked(table: Table, row_id: int) -> Sourced:
    row = MODELS[table]._default_manager.select_for_update().filter(pk=row_id).first()
    if row is None:
        raise NotFound()
    return row


def _fill(row: Sourced, values: Mapping[str, Any]) -> None:
    unknown = set(values) - set(fields_of(type(row)))
    if unknown:
        raise Invalid(fields={name: [_("There is no such field.")] for name in sorted(unknown)})
    for name, value in values.items():
        setattr(row, name, value)
    try:
        row.full_clean()
        with transaction.atomic():
            row.save()
    except ValidationError as error:
        raise Invalid(fields=_readable(error)) from error
    except IntegrityError as error:
        # Two people saved overlapping rows in the same moment: the database has the last word.
        raise Conflict(_("Another row says something else about the same days.")) from error


def _readable(error: ValidationError) -> dict[str, list[str]]:
    if hasattr(error, "error_dict"):
        return {name: list(texts) for name, texts in error.message_dict.items()}
    return {"__all__": list(error.messages)}
