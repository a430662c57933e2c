"""Loads the simulated party as one job: the tree, then unit after unit its people and accounts, in batches."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from random import Random
from typing import TypeVar

from django.db import connection
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from kentongan.core import database, jobs
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid
from kentongan.core.models import User
from kentongan.core.permissions import Role
from kentongan.registry import actions, queries
from kentongan.registry.actions.simulation import Simulated
from kentongan.registry.models import Account, Consent, Grant, Letter, Membership, Organisation, Person, Unit
from kentongan.registry.trees import NewUnit
from kentongan.web.demo.cast import PASSWORD, Player
from kentongan.web.demo.national import accounts, people, tree
from kentongan.web.demo.national.people import Site

KIND = "demo.national"
NAME, SHORT = "Partai Lumbung Nusantara (simulasi)", "Lumbung"
SYSTEM = Actor.system("demo")
SMALLEST, SEED = 0.0001, 1945
UNITS_AT_ONCE, BATCH = 4000, 1000
LOCK = 7_305_017
PLAYERS = (
    Player("pusat", "Ratna Kusumaningrum", "Administrator DPP", Role.ADMINISTRATOR, "root"),
    Player("ketua", "Hotman Silalahi", "Ketua Umum", Role.LEADER, "root"),
    Player("provinsi", "Asep Mulyana", "Administrator DPD", Role.ADMINISTRATOR, "32"),
    Player("kabupaten", "Neneng Komalasari", "Administrator DPC", Role.ADMINISTRATOR, "32.16"),
    Player("kecamatan", "Dadang Sobari", "Administrator PAC", Role.ADMINISTRATOR, "32.16.20"),
    Player("desa", "Euis Rohaeni", "Administrator Ranting", Role.ADMINISTRATOR, "32.16.20.2002"),
    Player("kader", "Ujang Permana", "Kader", Role.MEMBER, "32.16.20.2002"),
)
STAFF = (Unit.Level.PROVINCE, Unit.Level.REGENCY, Unit.Level.DISTRICT)

T = TypeVar("T")


def begin(*, scale: float = 1.0, seed: int = SEED) -> jobs.Job:
    """Found the party, where there is none yet, and make the job that fills it; run it with `jobs.run_now`.

    Raises Invalid for a scale that is none, Conflict where anything but this simulation lives.
    """
    if not SMALLEST <= scale <= 1:
        raise Invalid(
            _("The scale is a part of the whole: more than 0, at most 1."), remedy=_("For example: --scale 0.01")
        )
    _require_room()
    if queries.root() is None:
        actions.found_organisation(SYSTEM, name=NAME, short_name=SHORT, kind=Organisation.Kind.PARTY, simulated=True)
    label = str(_("A simulated party of national size"))
    return jobs.start(SYSTEM, KIND, label, inline=True, scale=scale, seed=seed)


def _require_room() -> None:
    found = queries.organisation()
    if found is not None and (not found.simulated or found.name != NAME):
        raise Conflict(
            _("This installation belongs to %(name)s; the demo is not loaded beside it.") % {"name": found.name},
            remedy=_("Load it into another data directory: set KENTONGAN_HOME."),
        )
    real = Person.objects.filter(simulated=False).exclude(email__endswith="@example.id")
    if real.exists() or (found is None and User.objects.exists()):
        raise Conflict(
            _("There are real people in this installation; a simulation is not loaded beside them."),
            remedy=_("Load it into another data directory: set KENTONGAN_HOME."),
        )


def load(progress: jobs.Progress, *, scale: float, seed: int) -> dict[str, int]:
    """Make what is missing of the simulation; it may be stopped between two batches, and run again at any time."""
    root = Unit.objects.get(parent=None)
    everything = tree.whole(root)
    ordinals = {root.code: 0} | {unit.code: place for place, unit in enumerate(everything, 1)}
    with _alone():
        _units(progress, tree.part(everything, scale, seed))
        _fill(progress, ordinals, seed, root.created_at)
        _sign_ins()
    progress.say(_("Statistics for the database …"))
    progress.tell()
    _tidy()
    return figures()


@contextmanager
def _alone() -> Iterator[None]:
    """Refuse a second load beside this one: both would make the same people."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise Conflict(
                _("The simulation is being loaded by another process."), remedy=_("Wait until it has ended.")
            )
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _units(progress: jobs.Progress, planned: Sequence[NewUnit]) -> None:
    progress.say(_("Units …"))
    there = set(Unit.objects.values_list("code", flat=True))
    missing = [unit for unit in planned if unit.code not in there]
    progress.total(len(missing) + len(planned) + 1)
    for chunk in _slices(missing, UNITS_AT_ONCE):
        progress.check()
        actions.add_units(SYSTEM, chunk)
        progress.advance(len(chunk))


def _slices(rows: Sequence[T], size: int) -> list[Sequence[T]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _fill(progress: jobs.Progress, ordinals: Mapping[str, int], seed: int, moment: datetime) -> None:
    """Give every planned unit that has nobody yet its people and accounts."""
    progress.say(_("People and accounts …"))
    empty = Unit.objects.exclude(Exists(Membership.objects.filter(unit=OuterRef("pk"))))
    rows = empty.values_list("pk", "parent_id", "code", "name", "label", "level", "timezone")
    # Those above come first: nobody's second post, in the unit above theirs, may come before that unit's own people.
    left = sorted((Site(*row, ordinal=ordinals[row[2]]) for row in rows if row[2] in ordinals), key=_ordinal)
    progress.advance(max(0, (progress.expected or 0) - progress.done - len(left)))
    for chunk, made in _made(left, seed, moment):
        progress.check()
        actions.add_simulated(SYSTEM, made)
        progress.advance(len(chunk))


def _ordinal(site: Site) -> int:
    return site.ordinal


def _made(sites: Sequence[Site], seed: int, moment: datetime) -> Iterator[tuple[Sequence[Site], Simulated]]:
    """Yield batch after batch; the next one is made while the database writes the one before."""
    chunks = _slices(sites, BATCH)
    with ThreadPoolExecutor(max_workers=1) as pool:
        waiting = [pool.submit(_batch, chunk, seed, moment) for chunk in chunks[:1]]
        for at, chunk in enumerate(chunks):
            made = waiting.pop().result()
            if at + 1 < len(chunks):
                waiting.append(pool.submit(_batch, chunks[at + 1], seed, moment))
            yield chunk, made


def _batch(sites: Sequence[Site], seed: int, moment: datetime) -> Simulated:
    batch = Simulated()
    for site in sites:
        rng = Random(f"national/{seed}/{site.code}")  # noqa: S311
        those = people.people(batch, site, rng, moment)
        accounts.official(batch, site, rng, those, moment)
        accounts.own(batch, site, rng, those, moment)
        if site.level in STAFF:
            _staff(batch, site, those[1].place)
    return batch


def _staff(batch: Simulated, site: Site, person: int) -> None:
    """Let the secretary of a unit sign in, by code, as its administrator."""
    batch.grants.append((len(batch.users), site.pk, Role.ADMINISTRATOR.value))
    _user, (full_name, key, _email, *rest) = batch.people[person]
    email = f"admin.{site.code}@example.id"
    batch.people[person] = (len(batch.users), (full_name, key, email, *rest))
    batch.users.append((email, full_name[:150], "!", site.timezone))


def _sign_ins() -> None:
    """Give one person of each level a sign-in with the demo's password."""
    units = dict(Unit.objects.filter(code__in={one.unit_code for one in PLAYERS}).values_list("code", "pk"))
    there = dict(User.objects.filter(email__in=[one.email for one in PLAYERS]).values_list("email", "pk"))
    for one in PLAYERS:
        unit_id = units[one.unit_code]
        user_id = there.get(one.email)
        if user_id is None:
            user_id = actions.add_user(
                SYSTEM, unit_id, email=one.email, name=one.name, password=PASSWORD, title=one.title, basis=people.BASIS
            ).pk
        actions.grant_role(SYSTEM, user_id, unit_id, one.role)


def _tidy() -> None:
    """Let the database learn what it holds now, so that it plans queries for that size; as the owner of the tables."""
    if connection.in_atomic_block:
        return
    tables = [model._meta.db_table for model in (Unit, Person, Membership, Consent, Account, Letter, Grant, User)]
    with database.as_owner() as owner, owner.cursor() as cursor:
        for table in tables:
            cursor.execute(f"VACUUM (ANALYZE) {table}")


def figures() -> dict[str, int]:
    """Return how many there are now."""
    return {
        "units": Unit.objects.count(),
        "people": Person.objects.count(),
        "accounts": Account.objects.count(),
        "official": Account.objects.filter(kind=Account.Kind.OFFICIAL).count(),
    }
