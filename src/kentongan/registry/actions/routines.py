"""Routine checks: setting a routine, signing off, and what comes round: new checks, risen ones, one mail each."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from kentongan.core import audit, clock, messages
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotFound
from kentongan.core.messages import Draft
from kentongan.core.models import Message
from kentongan.core.permissions import Capability, roles_with
from kentongan.registry import access, queries, rules
from kentongan.registry.models import AuditResult, Grant, Routine, SignOff, Unit

SIGN_OFF = "registry.sign_off"
BATCH = 2000
TOLD_AT_ONCE = 500


@action("registry.routine.set")
def set_routine(
    actor: Actor, unit_id: int, *, every_days: int, rises_days: int, starts_on: date, chosen: Sequence[str]
) -> Routine:
    """Set how often the accounts below a unit are signed off, by which rules; checks that wait keep their day."""
    unit = access.get_unit(actor, Capability.ADMINISTER, pk=unit_id)
    if not 1 <= every_days <= 730:
        raise Invalid(fields={"every_days": [_("Between 1 and 730 days.")]})
    if not 1 <= rises_days <= 365:
        raise Invalid(fields={"rises_days": [_("Between 1 and 365 days.")]})
    if not chosen or set(chosen) - rules.shipped().keys():
        raise Invalid(fields={"rules": [_("Choose rules of the list, at least one.")]})
    values = {
        "every_days": every_days,
        "rises_days": rises_days,
        "starts_on": starts_on,
        "rules": [rule for rule in rules.shipped() if rule in set(chosen)],
        "stopped_at": None,
    }
    routine, _made = Routine.objects.update_or_create(unit=unit, defaults=values)
    audit.record(actor, routine, unit_id=unit.pk, after=values)
    return routine


@action("registry.routine.stop")
def stop_routine(actor: Actor, unit_id: int) -> Routine:
    """Stop a routine: what waits is dropped, what was signed off stays."""
    unit = access.get_unit(actor, Capability.ADMINISTER, pk=unit_id)
    routine = Routine.objects.select_for_update().filter(unit=unit, stopped_at=None).first()
    if routine is None:
        raise Conflict(_("No routine runs at this unit."))
    dropped, _counts = routine.sign_offs.filter(signed_at=None).delete()
    routine.stopped_at = clock.now()
    routine.save(update_fields=["stopped_at"])
    audit.record(actor, routine, unit_id=unit.pk, after={"stopped_at": routine.stopped_at, "dropped": dropped})
    return routine


@action("registry.sign_off.sign")
def sign(actor: Actor, sign_off_id: int, *, remarks: str = "") -> SignOff:
    """Sign the accounts of a unit off, with what was found at this moment; for who may audit at the unit above it."""
    queries.sign_off(actor, sign_off_id)
    row = SignOff.objects.select_for_update(of=("self",)).select_related("unit", "routine").get(pk=sign_off_id)
    if row.signed_at:
        raise Conflict(_("Somebody has signed this check off already."))
    stood = queries.standings(row.unit, queries.wanted_rules(row.routine.rules))
    found = queries.findings(stood)
    clean = remarks.strip()[:1000]
    if not clean and any(AuditResult.Verdict.FAILED in counts for counts in found.values()):
        raise Invalid(fields={"remarks": [_("Something is not met: say what the unit is to mend.")]})
    row.signed_at, row.signed_by_id, row.remarks, row.findings = clock.now(), actor.user_id, clean, found
    row.save()
    audit.record(actor, row, after={"remarks": clean, "findings": found, "due_on": row.due_on})
    return row


# ---- what the tick does ----

# The routine that holds for a unit is that of the nearest unit above it; a unit without accounts in use has no check.
NEW_CHECKS = """
INSERT INTO registry_signoff (routine_id, unit_id, responsible_id, due_on, level, told_level, remarks, findings)
SELECT routine.id, unit.id, unit.parent_id,
       GREATEST(COALESCE((SELECT max(signed.signed_at)::date + routine.every_days FROM registry_signoff signed
                          WHERE signed.unit_id = unit.id AND signed.routine_id = routine.id
                          AND signed.signed_at IS NOT NULL), routine.starts_on), routine.starts_on),
       0, -1, '', '{}'
FROM registry_unit unit
CROSS JOIN LATERAL (
    SELECT r.id, r.every_days, r.starts_on FROM registry_routine r JOIN registry_unit top ON top.id = r.unit_id
    WHERE r.stopped_at IS NULL AND top.path @> unit.path AND top.id <> unit.id
    ORDER BY top.path DESC LIMIT 1
) routine
WHERE unit.closed_at IS NULL
AND EXISTS (SELECT 1 FROM registry_account account WHERE account.unit_id = unit.id AND account.kind = 'official'
            AND account.state IN ('declared', 'proven', 'connected', 'dormant'))
AND NOT EXISTS (SELECT 1 FROM registry_signoff waiting WHERE waiting.unit_id = unit.id AND waiting.signed_at IS NULL)
LIMIT %s
ON CONFLICT DO NOTHING
"""

# One level at a time: the one who is responsible becomes the unit above, as far as the root.
RISE = """
UPDATE registry_signoff check_row SET level = check_row.level + 1, responsible_id = above.parent_id
FROM registry_routine routine, registry_unit above
WHERE routine.id = check_row.routine_id AND above.id = check_row.responsible_id AND above.parent_id IS NOT NULL
AND check_row.signed_at IS NULL
AND check_row.due_on + (check_row.level + 1) * routine.rises_days::int < %s
"""


@action("registry.sign_off.sweep", may_do_nothing=True)
def sweep_sign_offs(actor: Actor) -> int:
    """Make the checks that are next and let late ones rise a level; returns how many rows changed."""
    if not actor.is_system:
        raise NotFound()
    with connection.cursor() as cursor:
        cursor.execute(NEW_CHECKS, [BATCH])
        made: int = cursor.rowcount
        cursor.execute(RISE, [clock.now().date()])
        risen: int = cursor.rowcount
    closed, _counts = SignOff.objects.filter(signed_at=None, unit__closed_at__isnull=False).delete()
    if made or risen or closed:
        root = Unit.objects.get(parent=None)
        audit.record(actor, root, unit_id=root.pk, after={"made": made, "risen": risen, "closed": closed})
    return made + risen + closed


@action("registry.sign_off.tell", may_do_nothing=True)
def tell_sign_offs(actor: Actor) -> int:
    """Mail those who may audit at the responsible unit, once when a check is late and once for each level it rises."""
    if not actor.is_system:
        raise NotFound()
    late = SignOff.objects.select_for_update(of=("self",), skip_locked=True).filter(
        signed_at=None, due_on__lt=clock.now().date(), told_level__lt=F("level")
    )
    rows = list(late.select_related("unit", "responsible")[:TOLD_AT_ONCE])
    grants = Grant.objects.filter(
        unit__in={row.responsible_id for row in rows}, role__in=roles_with(Capability.AUDIT), user__is_active=True
    )
    by_unit: dict[int, dict[int, Grant]] = {}
    for grant in grants.select_related("user"):
        by_unit.setdefault(grant.unit_id, {})[grant.user_id] = grant
    drafts = [_draft(row, grant) for row in rows for grant in by_unit.get(row.responsible_id, {}).values()]
    if drafts:
        messages.queue_many(actor, drafts)
    SignOff.objects.filter(pk__in=[row.pk for row in rows]).update(told_level=F("level"))
    return len(rows)


def _draft(row: SignOff, grant: Grant) -> Draft:
    user = grant.user
    with translation.override(user.language or settings.LANGUAGE_CODE):
        names = {"unit": row.unit.name, "due": date_format(row.due_on, "j F Y"), "name": user.name}
        body = (
            _(
                "%(name)s, the routine check of the accounts of %(unit)s was due on %(due)s. "
                "Please look and sign it off."
            )
            if row.level == 0
            else _(
                "%(name)s, nobody has signed off the accounts of %(unit)s, due on %(due)s; so it has risen to you. "
                "Please see that it is done, or sign it off yourself."
            )
        )
        return Draft(
            channel=Message.Channel.EMAIL,
            purpose=SIGN_OFF,
            address=user.email,
            recipient=user.name,
            subject=_("Routine check is late: %(unit)s") % names,
            body=body % names,
            link=settings.PUBLIC_URL + reverse("registry:sign_off", args=(row.pk,)),
            dedupe_key=f"sign-off:{row.pk}:{row.level}:{user.pk}",
            unit_id=row.responsible_id,
        )


def day_after(days: int) -> date:
    """Return the day that lies so many days ahead."""
    return clock.now().date() + timedelta(days=days)
