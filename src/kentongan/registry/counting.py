"""How the tallies of the tree stay right: triggers mark units, a tick counts those anew and passes differences up.

A unit's own numbers are always counted anew from the rows, never added to, so a lost or doubled mark does no harm.
Those above it get the difference to what the unit had counted before, along the path where it stood then: a move is
no case of its own. The root's row is written once a fold, never inside a request.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from kentongan.core import clock
from kentongan.registry.models import Mandate, Membership, Organisation, Recount

LOCK = 0x4B54_4E47_0003
BATCH = 2000
CROWD = 100
BESIDE = 200

Key = tuple[int, int | None, str]
Numbers = tuple[int, int]

# Yields (unit, mandate, of, total, done): the own numbers of these units on that day.
OWN = """
WITH place AS MATERIALIZED (
    SELECT id, path, level, kind FROM registry_unit WHERE id = ANY(%(units)s) AND closed_at IS NULL
),
held AS MATERIALIZED (
    SELECT m.unit_id, m.person_id, lower(m.title) AS title, p.state,
        p.state = 'confirmed' AND EXISTS (
            SELECT FROM registry_consent c
            WHERE c.person_id = p.id AND c.purpose = 'accounts' AND c.revoked_at IS NULL
        ) AS listed
    FROM registry_membership m JOIN place ON place.id = m.unit_id JOIN registry_person p ON p.id = m.person_id
    WHERE p.state <> 'withdrawn' AND m.denied_at IS NULL
        AND (m.starts_on IS NULL OR m.starts_on <= %(day)s) AND (m.ends_on IS NULL OR m.ends_on >= %(day)s)
),
account AS (
    SELECT -a.unit_id AS holder, a.* FROM registry_account a
    WHERE a.kind = 'official' AND a.unit_id IN (SELECT id FROM place)
    UNION ALL
    SELECT a.person_id AS holder, a.* FROM registry_account a
    WHERE a.kind = 'organic' AND a.state <> 'claimed' AND a.person_id IN (SELECT person_id FROM held WHERE listed)
),
has AS MATERIALIZED (
    SELECT a.holder, a.platform, count(*) AS n,
        count(*) FILTER (WHERE a.state IN ('proven', 'connected', 'dormant')) AS proven,
        count(c.account_id) AS connected,
        count(*) FILTER (WHERE a.state IN ('proven', 'connected') AND a.last_posted_at IS NOT NULL) AS active
    FROM account a LEFT JOIN registry_connection c ON c.account_id = a.id
    WHERE a.state NOT IN ('lost', 'retired', 'impostor')
    GROUP BY 1, 2
),
above AS (
    SELECT place.*, unnest(string_to_array(place.path::text, '.'))::bigint AS top FROM place
),
duty AS MATERIALIZED (
    SELECT d.id AS mandate_id, d.subject, d.counts, d.platforms, d.titles, above.id AS unit_id
    FROM registry_mandate d JOIN above ON above.top = d.unit_id
    WHERE d.id = ANY(%(mandates)s)
        AND (cardinality(d.levels) = 0 OR above.level = ANY(d.levels))
        AND (cardinality(d.kinds) = 0 OR above.kind = ANY(d.kinds))
),
bearer AS MATERIALIZED (
    SELECT mandate_id, unit_id, -unit_id AS holder, counts, platforms FROM duty WHERE subject = 'units'
    UNION ALL
    SELECT DISTINCT duty.mandate_id, duty.unit_id, held.person_id, duty.counts, duty.platforms
    FROM duty JOIN held USING (unit_id)
    WHERE duty.subject = 'people' AND (cardinality(duty.titles) = 0 OR EXISTS (
        SELECT FROM unnest(duty.titles) AS wanted WHERE starts_with(held.title || ' ', wanted || ' ')
    ))
),
met AS MATERIALIZED (
    SELECT b.mandate_id, b.unit_id, b.holder, p.platform,
        coalesce(CASE b.counts WHEN 'exists' THEN has.n WHEN 'proven' THEN has.proven
            WHEN 'connected' THEN has.connected ELSE has.active END, 0) > 0 AS met
    FROM bearer b CROSS JOIN LATERAL unnest(b.platforms) AS p (platform)
    LEFT JOIN has ON has.holder = b.holder AND has.platform = p.platform
)
SELECT unit_id, mandate_id, platform, count(*), count(*) FILTER (WHERE met) FROM met GROUP BY 1, 2, 3
UNION ALL
SELECT unit_id, mandate_id, '', count(*), count(*) FILTER (WHERE complete)
FROM (SELECT unit_id, mandate_id, bool_and(met) AS complete FROM met GROUP BY unit_id, mandate_id, holder) AS whole
GROUP BY 1, 2
UNION ALL
SELECT id, NULL, 'units', 1, 1 FROM place
UNION ALL
SELECT unit_id, NULL, 'people', count(DISTINCT person_id), count(DISTINCT person_id) FILTER (WHERE state = 'confirmed')
FROM held GROUP BY 1
UNION ALL
SELECT -holder, NULL, 'official', sum(n), sum(proven) FROM has WHERE holder < 0 GROUP BY 1
UNION ALL
SELECT own.unit_id, NULL, 'organic', sum(has.n), sum(has.proven)
FROM (SELECT DISTINCT unit_id, person_id FROM held) AS own JOIN has ON has.holder = own.person_id GROUP BY 1
"""

# What these units had counted before; the numbers of ended mandates stay.
BEFORE = """
SELECT unit_id, mandate_id, of, path::text, own_total, own_done FROM registry_tally
WHERE unit_id = ANY(%s) AND (mandate_id IS NULL OR mandate_id = ANY(%s))
"""

ADD = """
UPDATE registry_tally t SET total = t.total + new.total, done = t.done + new.done
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::int[], %s::int[]) AS new (unit_id, mandate_id, of, total, done)
WHERE t.unit_id = new.unit_id AND t.mandate_id IS NOT DISTINCT FROM new.mandate_id AND t.of = new.of
"""

# Whoever was not counted before: then the differences are the numbers themselves.
BEGIN = """
INSERT INTO registry_tally (unit_id, mandate_id, of, path, own_total, own_done, total, done)
SELECT new.unit_id, new.mandate_id, new.of, u.path, 0, 0, new.total, new.done
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::int[], %s::int[]) AS new (unit_id, mandate_id, of, total, done)
JOIN registry_unit u ON u.id = new.unit_id
WHERE NOT EXISTS (
    SELECT FROM registry_tally t
    WHERE t.unit_id = new.unit_id AND t.mandate_id IS NOT DISTINCT FROM new.mandate_id AND t.of = new.of
)
"""

SET_OWN = """
UPDATE registry_tally t SET own_total = new.total, own_done = new.done, path = new.path::ltree
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::int[], %s::int[], %s::text[])
    AS new (unit_id, mandate_id, of, total, done, path)
WHERE t.unit_id = new.unit_id AND t.mandate_id IS NOT DISTINCT FROM new.mandate_id AND t.of = new.of
"""

KEEP_DAY = """
INSERT INTO registry_tallyday (unit_id, mandate_id, of, day, total, done)
SELECT t.unit_id, t.mandate_id, t.of, %s, t.total, t.done
FROM registry_tally t JOIN unnest(%s::bigint[], %s::bigint[], %s::text[]) AS changed (unit_id, mandate_id, of)
    ON t.unit_id = changed.unit_id AND t.mandate_id = changed.mandate_id AND t.of = changed.of
ON CONFLICT (unit_id, mandate_id, of, day) DO UPDATE SET total = EXCLUDED.total, done = EXCLUDED.done
"""

# Units that one statement marked with few others come first: a change in an office does not wait behind an import or
# a mandate for the whole country, which goes on beside it by a few units. `mass` is false where any of a unit's marks
# is such a change.
TAKE = """
WITH mark AS (SELECT id, unit_id, count(*) OVER (PARTITION BY marked_at) > %(crowd)s AS mass FROM registry_recount),
due AS (SELECT unit_id, bool_and(mass) AS mass FROM mark GROUP BY unit_id ORDER BY 2, min(id) LIMIT %(limit)s),
placed AS (
    SELECT unit_id, mass, row_number() OVER (PARTITION BY mass) AS n, bool_and(mass) OVER () AS only_mass FROM due
),
taken AS (SELECT unit_id FROM placed WHERE NOT mass OR only_mass OR n <= %(beside)s),
gone AS (DELETE FROM registry_recount r USING taken WHERE r.unit_id = taken.unit_id)
SELECT unit_id FROM taken
"""


def today() -> date:
    """Return the day of the organisation's own zone."""
    zone = Organisation.objects.values_list("timezone", flat=True).first()
    return timezone.localdate(clock.now(), clock.zone(zone) if zone else None)


def own_numbers(units: Iterable[int], mandates: Iterable[int], day: date) -> dict[Key, Numbers]:
    """Return the units' own (total, done) for these mandates and for what the registry holds, from the rows."""
    with connection.cursor() as cursor:
        cursor.execute(OWN, {"units": list(units), "mandates": list(mandates), "day": day})
        return {(unit, mandate, of): (int(total), int(done)) for unit, mandate, of, total, done in cursor.fetchall()}


@dataclass(slots=True)
class _Change:
    """What a fold will write: differences by unit and all above it, and the own numbers that differ."""

    added: dict[Key, list[int]]
    own: dict[Key, tuple[int, int, str]]

    def pass_up(self, path: str, key: Key, numbers: Numbers, sign: int) -> None:
        """Add (or take off) numbers along a path."""
        for unit in path.split("."):
            sums = self.added[int(unit), key[1], key[2]]
            sums[0] += sign * numbers[0]
            sums[1] += sign * numbers[1]


def _change(units: list[int], day: date) -> _Change:
    # Race: a mandate may end between two of these statements, so that all of them go by one list.
    live = list(Mandate.objects.filter(ended_at=None).values_list("pk", flat=True))
    now = own_numbers(units, live, day)
    change = _Change(defaultdict(lambda: [0, 0]), {})
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, path::text FROM registry_unit WHERE id = ANY(%s)", [units])
        places: dict[int, str] = dict(cursor.fetchall())
        cursor.execute(BEFORE, [units, live])
        rows = cursor.fetchall()
    before = {(unit, mandate, of): (path, total, done) for unit, mandate, of, path, total, done in rows}
    for key in now.keys() | before.keys():
        path, numbers = places.get(key[0], ""), now.get(key, (0, 0))
        was_at, *was = before.get(key, ("", 0, 0))
        if (path, *numbers) == (was_at, *was):
            continue
        if any(was):
            change.pass_up(was_at, key, (was[0], was[1]), -1)
        if any(numbers):
            change.pass_up(path, key, numbers, 1)
        change.own[key] = (*numbers, path)
    return change


def _columns(rows: Iterable[tuple[Any, ...]], width: int) -> list[list[Any]]:
    columns = [list(column) for column in zip(*rows, strict=True)]
    return columns or [[] for _column in range(width)]


def _write(change: _Change, day: date) -> None:
    added = [(*key, *numbers) for key, numbers in sorted(change.added.items(), key=str) if any(numbers)]
    own = [(*key, *values) for key, values in change.own.items()]
    changed = [key for *key, _total, _done in added if key[1] is not None]
    with connection.cursor() as cursor:
        # In this order: what was there is added to, what begins now is not added to twice.
        cursor.execute(ADD, _columns(added, 5))
        cursor.execute(BEGIN, _columns(added, 5))
        cursor.execute(SET_OWN, _columns(own, 6))
        cursor.execute(KEEP_DAY, [day, *_columns((tuple(key) for key in changed), 3)])
        gone = [key[0] for key, values in change.own.items() if not values[2]]
        cursor.execute(
            "DELETE FROM registry_tally t WHERE unit_id = ANY(%s) AND NOT EXISTS "
            "(SELECT FROM registry_unit u WHERE u.id = t.unit_id)",
            [gone],
        )


def fold(limit: int = BATCH, *, wait: bool = False) -> int:
    """Count what is marked, in one transaction; return how many units that were, 0 when nothing was.

    Unless it may `wait`, it leaves the work to another fold that runs now.

    Race: one fold at a time, for a unit's former numbers must not change between reading and writing. A write that
    commits after its unit was counted has its own mark, which this transaction does not see yet: the next one does.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        else:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                return 0
        cursor.execute(TAKE, {"limit": limit, "crowd": CROWD, "beside": BESIDE})
        units = [unit for (unit,) in cursor.fetchall()]
        if units:
            day = today()
            _write(_change(units, day), day)
        return len(units)


def fold_all() -> int:
    """Fold until nothing is marked; return how many units were counted."""
    return sum(iter(partial(fold, wait=True), 0))


def mark_subtree(path: str) -> None:
    """Have a unit and all below it counted anew."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO registry_recount (unit_id) SELECT id FROM registry_unit WHERE path <@ %s", [path])


def backlog() -> int:
    """Return how many marks wait, counted up to a little more than a batch."""
    return Recount.objects.all()[: 2 * BATCH].count()


def mark_terms() -> int:
    """Mark the units where a term began or ended since the day that was counted last; once a day, by one worker."""
    day = today()
    with transaction.atomic():
        organisation = Organisation.objects.select_for_update(skip_locked=True).exclude(counted_on=day).first()
        if organisation is None:
            return 0
        since = organisation.counted_on
        terms = Membership.objects.all()
        if since is not None:
            # A term that ends on a day still runs on that day.
            terms = terms.filter(Q(starts_on__gt=since, starts_on__lte=day) | Q(ends_on__gte=since, ends_on__lt=day))
        else:
            terms = terms.filter(Q(starts_on__isnull=False) | Q(ends_on__isnull=False))
        units = list(terms.values_list("unit_id", flat=True).distinct())
        Recount.objects.bulk_create([Recount(unit_id=unit) for unit in units], batch_size=5000)
        organisation.counted_on = day
        organisation.save(update_fields=["counted_on"])
    return 0
