"""Loads the demo step by step; each step finds out what is there already, so that a killed load is completed."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kentongan.core import database
from kentongan.core.errors import Conflict
from kentongan.listening.models import Issue
from kentongan.listening.simulator import DEFAULT_POSTS
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import State
from kentongan.registry import queries
from kentongan.registry.models import Account, Person, Unit
from kentongan.web.demo import content, engagement, mandates, meetings, members, organisation, rules, stream

Told = Callable[[str | Promise, int, int], None]
# One load at a time: a second one waits, then finds everything there.
LOCK = 7_305_016


@dataclass(frozen=True, slots=True)
class Report:
    """Whether a load changed anything."""

    loaded: bool


@dataclass(frozen=True, slots=True)
class Status:
    """What there is of the demo; None where an installation holds something else, or nothing."""

    organisation: str | None
    units: int
    people: int
    accounts: int
    posts: int
    issues: int
    published: int


@dataclass(frozen=True, slots=True)
class _Step:
    label: str | Promise
    run: Callable[[], None]


def load(told: Told | None = None, *, days: int = stream.DAYS, posts: int = DEFAULT_POSTS) -> Report:
    """Load the demo, or what is missing of it; raises Conflict where an organisation of its own lives.

    `told` hears of each step's label, how far it is and of how many parts. `days` and `posts` make it larger, for
    measurements. Running it again changes nothing.
    """
    _require_room()
    before = _mark()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            _run(told or _silent, days, posts)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    return Report(loaded=_mark() != before)


def _silent(label: str | Promise, done: int, total: int) -> None:
    """Tell nobody."""


def _require_room() -> None:
    found = queries.organisation()
    if found is not None and not found.simulated:
        raise Conflict(
            _("This installation belongs to %(name)s; the demo is not loaded beside it.") % {"name": found.name},
            remedy=_("Load it into another data directory: set KENTONGAN_HOME."),
        )


def _run(told: Told, days: int, posts: int) -> None:
    label = str(_("Posts of a simulated fortnight"))
    steps = [
        _Step(_("The organisation, its units and its people"), _people),
        _Step(label, lambda: stream.ingest(days, posts, lambda done, total: told(label, done, total))),
        _Step(_("Briefs, content, what was published"), content.tell_stories),
        _Step(_("Readers of the newsroom"), content.read_articles),
        _Step(_("Instructions and a share mission"), _engage),
        _Step(_("Meetings"), meetings.meet),
        _Step(_("A mandate"), mandates.give),
        _Step(_("A quiet period"), rules.add_quiet_period),
    ]
    for number, step in enumerate(steps):
        told(step.label, number, len(steps))
        with translation.override(settings.LANGUAGE_CODE):
            step.run()


@transaction.atomic
def _people() -> None:
    organisation.found()
    organisation.add_units()
    organisation.add_cast()
    organisation.add_accounts()
    members.add_members()


def _engage() -> None:
    engagement.instruct()
    engagement.ask_to_share()


def _mark() -> int:
    """The number of the last entry of the audit log: it grows with every change."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM core_auditentry")
        return int(cursor.fetchone()[0])


def status() -> Status:
    """Say what there is of the demo."""
    found = queries.organisation()
    ours = found is not None and found.simulated
    return Status(
        organisation=found.name if found is not None and ours else None,
        units=Unit.objects.count(),
        people=Person.objects.count(),
        accounts=Account.objects.filter(kind=Account.Kind.OFFICIAL).count(),
        posts=stream.source().posts if ours else 0,
        issues=Issue.objects.filter(merged_into=None).count(),
        published=Delivery.objects.filter(state=State.PUBLISHED).count(),
    )


def reset() -> None:
    """Take everything of a demo away, its posts included, and leave an empty installation; never a real one."""
    found = queries.organisation()
    if found is None or not found.simulated:
        raise Conflict(_("There is no demo here to take away."), remedy=_("`kentongan demo status` says what is here."))
    if database.cluster() is None:
        raise Conflict(
            _("The demo lives in a database server that others may use too."),
            remedy=_("Make a new database there and set DATABASE_URL to it."),
        )
    with database.as_owner() as owner, owner.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
    for folder in ("lake", "outbox"):
        shutil.rmtree(settings.KENTONGAN_HOME / folder, ignore_errors=True)
    database.migrate()
