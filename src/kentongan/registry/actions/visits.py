"""Visits to the public posts of official accounts: which are due, and what was found.

Looking is a network call and lies between two short transactions: `claim_visits` takes what is due, one account a
server, `settle_visit` writes what was found. `kentongan.registry.visiting` does both. A visit is a figure and not a
decision, so that it is not audited; one that a person asks for is.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Least
from django.utils.translation import gettext_lazy as _

from kentongan.channels import registry as channels
from kentongan.channels.contract import Newest, PublicPosts
from kentongan.core import audit, clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, NotFound, TooMany
from kentongan.core.imports import values
from kentongan.core.permissions import Capability
from kentongan.registry import access, states
from kentongan.registry.models import Account, AccountVisit, Organisation, VisitedHost

Finding = AccountVisit.Finding

DAY = timedelta(days=1)
SPREAD = timedelta(hours=1)
PAUSE = timedelta(seconds=1)  # between two questions to one server
LEASE = timedelta(minutes=15)  # a visit whose worker was killed is due again after this
SHORTEST_REST, LONGEST_REST = timedelta(minutes=1), timedelta(hours=1)
LONGEST_WAIT = DAY
AGAIN = timedelta(minutes=5)
ENROLLED_AT_ONCE = 2000

FIRST_DUE = Subquery(AccountVisit.objects.filter(host=OuterRef("pk")).order_by("due_at").values("due_at")[:1])
# The servers that are free with something due, the longest waiting first, and of each the visit that is due longest.
CLAIM = """
WITH free AS MATERIALIZED (
    SELECT host FROM registry_visitedhost WHERE free_at <= %(now)s ORDER BY free_at LIMIT %(n)s FOR UPDATE SKIP LOCKED
), due AS MATERIALIZED (
    SELECT free.host, first.id FROM free LEFT JOIN LATERAL (
        SELECT v.id FROM registry_accountvisit v
        WHERE v.host_id = free.host AND v.due_at <= %(now)s ORDER BY v.due_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ) first ON true
), taken AS (
    UPDATE registry_accountvisit v SET claimed_at = %(now)s, due_at = %(lapses)s FROM due WHERE v.id = due.id
), rested AS (
    UPDATE registry_visitedhost h SET free_at = greatest(%(again)s, least((
        SELECT min(v.due_at) FROM registry_accountvisit v WHERE v.host_id = h.host AND v.id IS DISTINCT FROM due.id
    ), CASE WHEN due.id IS NOT NULL THEN %(lapses)s END, %(tomorrow)s)) FROM due WHERE h.host = due.host
)
SELECT id FROM due WHERE id IS NOT NULL
"""


def reader(platform: str) -> PublicPosts | None:
    """Return what reads the platform's public posts; None where nobody sees them without signing in."""
    return channels.get(platform).posts if platform in channels.kinds() else None


def readable() -> list[str]:
    """Return the platforms whose public posts can be read."""
    return [channel.kind for channel in channels.every() if channel.posts is not None]


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at an account's public posts gave; `wait` is how long the server asks for patience."""

    finding: Finding
    said: str = ""
    newest: Newest = field(default_factory=Newest)
    wait: timedelta | None = None


def _require_system(actor: Actor) -> None:
    if not actor.is_system:
        raise NotFound()


def are_made() -> bool:
    """Whether accounts are visited here; those of a simulation are invented, and strangers may have their names."""
    organisation = Organisation.objects.first()
    return settings.KENTONGAN_VISIT_ACCOUNTS and organisation is not None and not organisation.simulated


@action("registry.visit.enrol", may_do_nothing=True)
def enrol_visits(actor: Actor) -> int:
    """Give a batch of official accounts in use their first visit, spread over the day when they are many.

    Where the setting says that no account is visited, what visits found is forgotten.
    """
    _require_system(actor)
    if not settings.KENTONGAN_VISIT_ACCOUNTS:
        return AccountVisit.objects.all().delete()[0]
    if not are_made():
        return 0
    wanted = Account.objects.filter(
        kind=Account.Kind.OFFICIAL, state__in=states.IN_USE, platform__in=readable(), visit=None
    )
    batch = list(wanted.order_by("pk").only("pk", "platform", "identity")[:ENROLLED_AT_ONCE])
    now = clock.now()
    # A handful is looked at within minutes; a national tree over the whole day.
    window = min(DAY, timedelta(seconds=len(batch))) if len(batch) < ENROLLED_AT_ONCE else DAY
    rows = [AccountVisit(account=one, host_id=host, due_at=now + _part_of(window)) for one, host in _hosts(batch)]
    hosts = sorted({row.host_id for row in rows})
    VisitedHost.objects.bulk_create(
        [VisitedHost(host=host, free_at=now + DAY) for host in hosts], ignore_conflicts=True
    )
    # Race: another worker enrols the same accounts; its rows stay, ours are dropped.
    AccountVisit.objects.bulk_create(rows, ignore_conflicts=True)
    fit = VisitedHost.objects.filter(host__in=hosts, failures=0).order_by("host").select_for_update()
    VisitedHost.objects.filter(pk__in=[one.pk for one in fit]).update(free_at=Least("free_at", FIRST_DUE))
    return len(rows)


def _hosts(accounts: Sequence[Account]) -> list[tuple[Account, str]]:
    found = []
    for account in accounts:
        posts = reader(account.platform)
        if posts is not None:
            found.append((account, posts.host(account.identity)[:253]))
    return found


@action("registry.visit.claim", may_do_nothing=True)
def claim_visits(actor: Actor, most: int) -> list[AccountVisit]:
    """Take visits that are due, at most one of each server; a claim that is not settled lapses by itself.

    Race: any number of workers claim at once; each server is taken by one of them.
    """
    _require_system(actor)
    if not are_made():
        return []
    now = clock.now()
    times = {"now": now, "again": now + PAUSE, "lapses": now + LEASE, "tomorrow": now + DAY}
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {**times, "n": most})
        claimed = [pk for (pk,) in cursor.fetchall()]
    visits = list(AccountVisit.objects.filter(pk__in=claimed).select_related("account"))
    over = [one.pk for one in visits if not _is_visited(one.account)]
    AccountVisit.objects.filter(pk__in=over).delete()
    return [one for one in visits if one.pk not in over]


def _is_visited(account: Account) -> bool:
    official = account.kind == Account.Kind.OFFICIAL and account.state in states.IN_USE
    return official and reader(account.platform) is not None


@action("registry.visit.ask")
def ask_visit(actor: Actor, account_id: int) -> AccountVisit:
    """Take one account for a visit now, as its administrator asks; at most once in five minutes."""
    found = Account.objects.select_for_update(of=("self",)).filter(kind=Account.Kind.OFFICIAL).select_related("unit")
    account = access.get(found, actor, Capability.ADMINISTER, pk=account_id)
    posts = reader(account.platform)
    if posts is None:
        raise Conflict(
            _("This platform shows posts only to those who sign in."),
            remedy=_("What is sent from Kentongan is counted by itself; else check it by hand in an audit."),
            code="no_public_posts",
        )
    if not are_made():
        raise Conflict(
            _("Accounts are not read here: the organisation is simulated, or its settings say so."),
            remedy=_("Open the account itself to see when it last posted."),
            code="no_visits",
        )
    states.require_in_use(account.state)
    now = clock.now()
    host, _made = VisitedHost.objects.get_or_create(host=posts.host(account.identity)[:253])
    if host.failures and host.free_at > now:
        raise TooMany(
            _("%(host)s asks for patience.") % {"host": host.host},
            remedy=_("Try again later; it is visited by itself then."),
            retry_after=int((host.free_at - now).total_seconds()) + 1,
        )
    visit, _made = AccountVisit.objects.get_or_create(account=account, defaults={"host": host, "due_at": now})
    if visit.claimed_at is not None and visit.claimed_at > now - AGAIN:
        raise TooMany(_("This account was visited just now."), remedy=_("Try again in five minutes."))
    visit.claimed_at, visit.due_at = now, now + LEASE
    visit.save(update_fields=["claimed_at", "due_at"])
    audit.record(actor, account, after={"visit": "asked"})
    return visit


@action("registry.visit.settle", may_do_nothing=True)
def settle_visit(actor: Actor, visit: AccountVisit, looked: Looked) -> AccountVisit:
    """Write what a look found, when the account last posted, and when it and its server are asked again.

    A look that failed changes nothing of what is known. Race: the claim lapsed and another worker took it, or the
    account became another one meanwhile; then nothing is written.
    """
    _require_system(actor)
    account = Account.objects.select_for_update(of=("self",)).filter(pk=visit.account_id).first()
    row = AccountVisit.objects.select_for_update(of=("self",)).filter(pk=visit.pk, claimed_at=visit.claimed_at).first()
    if account is None or row is None or account.identity != visit.account.identity:
        return visit
    now = clock.now()
    known = looked.finding in AccountVisit.KNOWN
    row.looked_at, row.finding, row.said = now, _kept_finding(row, looked), values.readable(looked.said)[:300]
    row.failures = 0 if known else row.failures + 1
    row.due_at = now + (_wait(looked) if looked.finding == Finding.LIMITED else DAY) + _part_of(SPREAD)
    if known:
        row.read_at = now
        _note(account, row, looked.newest)
    row.save()
    _rest(row, looked, now)
    return row


def _kept_finding(row: AccountVisit, looked: Looked) -> Finding:
    """Return the finding; a server that says “nothing changed” says that the former one holds."""
    before = Finding(row.finding) if row.finding in AccountVisit.KNOWN else Finding.READ
    return before if looked.newest.unchanged else looked.finding


def _note(account: Account, row: AccountVisit, newest: Newest) -> None:
    """Keep the bookmark, and when the account last posted where that is later than what is known."""
    row.feed, row.etag, row.modified = newest.bookmark.feed, newest.bookmark.etag, newest.bookmark.modified
    if newest.unchanged:
        return
    row.post_url = values.readable(newest.url)[:500]
    at = min(newest.at, clock.now()) if newest.at else None
    if at is not None and (account.last_posted_at is None or account.last_posted_at < at):
        account.last_posted_at = at
        account.save(update_fields=["last_posted_at"])


def visits_left(within: timedelta = timedelta(seconds=5)) -> bool:
    """Whether a visit is due at a server that may be asked soon."""
    now = clock.now()
    return AccountVisit.objects.filter(due_at__lte=now, host__free_at__lte=now + within).exists()


def _part_of(window: timedelta) -> timedelta:
    return random.random() * window  # noqa: S311


def _wait(looked: Looked) -> timedelta:
    return min(max(looked.wait or LONGEST_REST, SHORTEST_REST), LONGEST_WAIT)


def _rest(row: AccountVisit, looked: Looked, now: datetime) -> None:
    """Let a server that fails rest, longer each time; one that answers is free for what is due next.

    Race: another worker's question to the same server was refused meanwhile; its patience holds.
    """
    host = VisitedHost.objects.select_for_update().get(pk=row.host_id)
    if looked.finding == Finding.LIMITED:
        rest, failures = _wait(looked), host.failures + 1
    elif looked.finding == Finding.UNREACHABLE:
        rest, failures = min(SHORTEST_REST * 2 ** min(host.failures, 10), LONGEST_REST), host.failures + 1
    elif host.failures and host.free_at > now + LEASE:
        return
    else:
        rest, failures = PAUSE, 0
    due = host.visits.order_by("due_at").values_list("due_at", flat=True).first() or now
    host.failures, host.free_at = failures, max(now + rest, due)
    host.save(update_fields=["failures", "free_at"])


def stop_visits(account: Account) -> None:
    """Forget the visits to an account that became another one; part of the action that changes it."""
    AccountVisit.objects.filter(account=account).delete()
