"""What the public is told about an account: from official accounts and confirmed impostors, and from nothing else.

Members' own accounts are never looked at, so that neither the answer nor the time it takes tells of them. Reports
that nobody has decided about change nothing either: otherwise anybody could blacken an account by reporting it.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.postgres.search import TrigramSimilarity
from django.core.cache import cache
from django.db import OperationalError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from kentongan.channels import addresses
from kentongan.channels import registry as channels
from kentongan.channels.addresses import Identity
from kentongan.core import clock
from kentongan.core.errors import NotFound
from kentongan.core.secrets import keyed_hash
from kentongan.registry import likeness
from kentongan.registry.models import Account, ImpostorCase, Unit

logger = logging.getLogger(__name__)
KEPT_SECONDS = 60
NEAREST = 40
SHOWN = 3
SIMILARITY = 0.5
PATIENCE_MS = 800
DEEPEST = 8
State = Account.State
LIVE = (State.CONNECTED, State.PROVEN, State.DORMANT, State.DECLARED)
SURE = (State.CONNECTED, State.PROVEN, State.DORMANT)
RANK = {state: rank for rank, state in enumerate((*LIVE, State.IMPOSTOR, State.LOST, State.RETIRED))}


class Verdict(StrEnum):
    """What we can say of an account; UNKNOWN says nothing against it."""

    OFFICIAL = "official"
    LOST = "lost"
    RETIRED = "retired"
    IMPOSTOR = "impostor"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Look:
    """An official account, as the public sees it."""

    platform: str
    handle: str
    url: str
    unit: str
    unit_slug: str

    @property
    def label(self) -> str:
        """The platform's name."""
        return channels.label(self.platform)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer about one account; plain values, so that it can be kept in the cache.

    `above` are the names of the units above, the highest first; `since` is the day on which it came on the list, or was
    retired or lost; `proven` is None where the verdict needs no proof.
    """

    platform: str
    handle: str
    url: str
    verdict: Verdict
    account: Look | None = None
    above: tuple[str, ...] = ()
    since: date | None = None
    letter_number: str = ""
    letter_dated: date | None = None
    proven: bool | None = None
    proven_on: date | None = None
    resembles: tuple[Look, ...] = field(default=())

    @property
    def label(self) -> str:
        """The platform's name."""
        return channels.label(self.platform)


def read(text: str, platform: str = "") -> Identity:
    """Return which account the text names; raises PlatformNeeded for a bare handle, Unreadable for what names none.

    The pages of our own newsrooms are accounts too.
    """
    found = addresses.parse(text, platform)
    host, _slash, path = found.key.partition("/")
    parts = path.split("/")
    if found.platform == "website" and parts[0] == "kabar" and len(parts) > 1 and host == _own_host():
        slug = parts[1].lower()
        return Identity("newsroom", slug, f"{settings.PUBLIC_URL}/kabar/{slug}/", handle=slug)
    return found


def _own_host() -> str:
    return (urlsplit(settings.PUBLIC_URL).hostname or "").removeprefix("www.")


def check(text: str, platform: str = "") -> Answer:
    """Return what we know of the account that `text` names; an answer is kept for a minute."""
    found = read(text, platform)
    key = cache_key(found.platform, found.key)
    answer: Answer | None = cache.get(key)
    if answer is None:
        answer = _look_up(found)
        cache.set(key, answer, KEPT_SECONDS)
    return answer


def cache_key(platform: str, identity: str) -> str:
    """Return under which key the answer is kept; what people ask about stays unreadable there."""
    return f"registry.check.{keyed_hash('check', f'{platform}:{identity}')}"


def forget(platform: str, identity: str) -> None:
    """Drop a kept answer once the present transaction is committed."""
    transaction.on_commit(lambda: cache.delete(cache_key(platform, identity)))


def _look_up(found: Identity) -> Answer:
    account = listed_as(found)
    if account is not None and account.state in LIVE:
        return _ours(found, account)
    if _is_impostor(found) or (account is not None and account.state == State.IMPOSTOR):
        return _plain(found, Verdict.IMPOSTOR, resembles=_resembled(found))
    if account is not None:
        verdict = Verdict.LOST if account.state == State.LOST else Verdict.RETIRED
        since = _day(account.state_since, account.unit)
        return _plain(found, verdict, account=_look(account), above=_above(account.unit), since=since)
    return _plain(found, Verdict.UNKNOWN, resembles=_resembled(found))


def _plain(found: Identity, verdict: Verdict, **more: Any) -> Answer:
    return Answer(found.platform, found.shown, found.url, verdict, **more)


def _keys(found: Identity) -> list[str]:
    """Return under which identities it may be listed: a page of a site belongs to the site, or to a part of it."""
    if found.platform != "website":
        return [found.key]
    parts = found.key.split("/")
    return ["/".join(parts[:length]) for length in range(1, min(len(parts), DEEPEST) + 1)]


def _listed() -> QuerySet[Account]:
    return Account.objects.filter(kind=Account.Kind.OFFICIAL)


def listed_as(found: Identity) -> Account | None:
    """Return the list's best word on it: the narrowest part of a site first, then a live entry before a past one."""
    rows = _listed().filter(platform=found.platform, identity__in=_keys(found)).select_related("unit", "letter")
    known = list(rows.order_by("pk")[:200])
    return min(known, key=lambda one: (-len(one.identity), RANK.get(State(one.state), 99)), default=None)


def _is_impostor(found: Identity) -> bool:
    confirmed = ImpostorCase.State.CONFIRMED
    cases = ImpostorCase.objects.filter(platform=found.platform, identity__in=_keys(found))
    return cases.filter(Q(state=confirmed) | Q(same_as__state=confirmed)).exists()


def _ours(found: Identity, account: Account) -> Answer:
    sure = account.state in SURE
    return _plain(
        found,
        Verdict.OFFICIAL,
        account=_look(account),
        above=_above(account.unit),
        since=_day(account.created_at, account.unit),
        letter_number=account.letter.number if account.letter else "",
        letter_dated=account.letter.dated if account.letter else None,
        proven=sure,
        proven_on=_day(account.proven_at, account.unit) if sure else None,
    )


def _day(moment: datetime | None, unit: Unit) -> date | None:
    return timezone.localtime(moment, clock.zone(unit.timezone)).date() if moment else None


def _above(unit: Unit) -> tuple[str, ...]:
    above = Unit.objects.filter(path__covers=unit.path).exclude(pk=unit.pk).order_by("path")
    return tuple(above.values_list("name", flat=True))


def _look(account: Account) -> Look:
    handle = account.known_as
    return Look(account.platform, handle, account.url, account.unit.name, account.unit.slug)


def _resembled(found: Identity) -> tuple[Look, ...]:
    """Return the official accounts that its name could be taken for, the nearest first."""
    return tuple(_look(account) for account in resembled(found.platform, found.handle))


def resembled(platform: str, handle: str) -> list[Account]:
    """Return the official accounts, at most three, that a handle could be taken for; the same platform first."""
    core = likeness.core(platform, handle)
    if len(core) < likeness.SHORTEST or handle.isdigit():
        return []
    scored = [
        ((likeness.alike(core, likeness.core(account.platform, account.handle)), account.platform != platform), account)
        for account in _neighbours(core, likeness.skeleton(handle))
    ]
    near = sorted((score, account.pk, account) for score, account in scored if score[0] < 9)
    return [account for _score, _pk, account in near[:SHOWN]]


def _neighbours(core: str, skeleton: str) -> Sequence[Account]:
    """Return live official accounts with much the same trigrams, by the index, the most similar first.

    None when that takes too long, as among very many names with one beginning: the rest of the answer must not wait.
    """
    listed = _listed().filter(state__in=LIVE).annotate(skeleton=likeness.Skeleton("handle"))
    near = listed.filter(Q(skeleton__trigram_similar=core) | Q(skeleton__trigram_similar=skeleton))
    ranked = near.select_related("unit").order_by(TrigramSimilarity("skeleton", core).desc(), "pk")[:NEAREST]
    try:
        with transaction.atomic(), _bounded():
            return list(ranked)
    except OperationalError:
        logger.warning("Look-alikes were not found within %d ms.", PATIENCE_MS)
        return []


@contextmanager
def _bounded() -> Iterator[None]:
    """Set how similar is similar, and how long a statement may take; both hold in here only."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('statement_timeout'), set_config('statement_timeout', %s, true), "
            "set_config('pg_trgm.similarity_threshold', %s, true)",
            [str(PATIENCE_MS), str(SIMILARITY)],
        )
        before = cursor.fetchone()[0]
        yield
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before])


def public_unit(slug: str) -> Unit:
    """Return a unit that has an official account; all others are NotFound, so that the tree cannot be walked here."""
    holding = _listed().filter(state__in=LIVE).values("unit")
    unit = Unit.objects.filter(slug=slug, pk__in=holding).first()
    if unit is None:
        raise NotFound()
    return unit


def unit_accounts(unit: Unit) -> QuerySet[Account]:
    """Return the official accounts of this one unit, for everybody to see."""
    return _listed().filter(unit=unit, state__in=LIVE).select_related("letter", "unit").order_by("platform", "handle")


def place(unit: Unit) -> tuple[str, ...]:
    """Return the names of the units above one, the highest first."""
    return _above(unit)
