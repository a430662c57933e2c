"""Reading sources: the network calls, outside any transaction."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.utils.translation import gettext as _

from kentongan.channels import items
from kentongan.channels.contract import ChannelError, Credentials, CredentialsExpired, Rejected, RetryLater
from kentongan.channels.hearing import LONGEST_CURSOR, Asked, Batch, Heard, Needs
from kentongan.core import http
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, KentonganError, Unavailable
from kentongan.core.permissions import Capability
from kentongan.listening import signed_in
from kentongan.listening.actions.ingest import Counts, prepare, usable
from kentongan.listening.actions.readings import (
    Failure,
    Reading,
    Trouble,
    claim_sources,
    left,
    settle_failure,
    settle_reading,
)
from kentongan.listening.actions.sources import NewSource, ask_reading, checked, way
from kentongan.listening.actions.stream import catch_up
from kentongan.listening.models import Source
from kentongan.listening.posts import raw_post
from kentongan.registry import access as registry

logger = logging.getLogger(__name__)

AT_ONCE = 8
MOST_AT_ONCE = 1000
TIMEOUT_SECONDS = 10.0
DEADLINE_SECONDS = 40.0
LARGEST_ANSWER = 8 << 20
LIMITED = 429
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Preview:
    """What would come: the newest posts, and how many of what was read could be read and could not."""

    posts: tuple[Heard, ...]
    readable: int
    unreadable: int


def hear(source: Source, credentials: Credentials) -> Batch | Failure:
    """Ask the source's platform for what is new. Never raises, and touches no database."""
    asked = Asked(source.query, source.cursor, min(left(source), MOST_AT_ONCE))
    try:
        _channel, listener = way(source.kind)
        with http.client(
            timeout=TIMEOUT_SECONDS, deadline=DEADLINE_SECONDS, max_bytes=LARGEST_ANSWER, unpacked=True
        ) as client:
            batch = listener.read(asked, credentials, client)
    except Rejected as error:
        return _refused(source, error)
    except ChannelError as error:
        return failure_of(error)
    except KentonganError as error:
        return Failure(str(error), Trouble.LASTING)
    except Exception as error:
        # What strangers write may break any reader; one bad source must not hold up the others.
        logger.exception("The source %s could not be read.", source.pk)
        return Failure(_("What it says could not be read (%(error)s).") % {"error": type(error).__name__})
    if len(batch.cursor) > LONGEST_CURSOR:
        return Failure(_("What it says could not be read (%(error)s).") % {"error": "cursor"})
    return batch


def _refused(source: Source, error: Rejected) -> Failure:
    """Return what a refusal says: of a page deep in a list, that it begins again; else, that a person must look."""
    cursor = items.restarted(source.cursor)
    if cursor == source.cursor:
        return failure_of(error)
    return Failure(error.message, cursor=cursor)


def failure_of(error: ChannelError) -> Failure:
    """Return what an error of a platform says about a source."""
    match error:
        case RetryLater() if error.after is not None or error.response.get("status") == LIMITED:
            return Failure(error.message, Trouble.PATIENCE, error.after)
        case Rejected() | CredentialsExpired():
            return Failure(error.message, Trouble.LASTING)
        case _:
            return Failure(error.message)


def _credentials(source: Source) -> Credentials | Failure:
    try:
        if way(source.kind)[1].way.needs != Needs.ACCOUNT:
            return Credentials("", source.service)
        with http.client(deadline=DEADLINE_SECONDS) as client:
            return signed_in.credentials(Actor.system("listening.sources"), source.account, client)
    except ChannelError as error:
        return failure_of(error)
    except KentonganError as error:
        return Failure(str(error), Trouble.LASTING)
    except Exception as error:
        # A key that is lost, say: the sources that were claimed with this one are read all the same.
        logger.exception("The source %s could not be signed in.", source.pk)
        return Failure(_("It could not be signed in (%(error)s).") % {"error": type(error).__name__})


def _hear(asked: tuple[Source, Credentials | Failure]) -> Batch | Failure:
    source, credentials = asked
    return credentials if isinstance(credentials, Failure) else hear(source, credentials)


def _hear_all(asked: Sequence[tuple[Source, Credentials | Failure]]) -> list[Batch | Failure]:
    """Ask all at the same time; a single one here, so that a person who waits for it reads their own language."""
    if len(asked) == 1:
        return [_hear(asked[0])]
    with ThreadPoolExecutor(max_workers=len(asked)) as threads:
        return list(threads.map(_hear, asked))


def _settle(actor: Actor, source: Source, heard: Batch | Failure) -> Counts | Failure | None:
    """Bring in what was heard; None where somebody else holds the source by now."""
    if isinstance(heard, Failure):
        settle_failure(actor, source, heard)
        return heard
    platform = way(source.kind)[0].kind
    posts = [raw_post(platform, one) for one in heard.heard]
    good = [post for post in posts if usable(post)]
    reading = Reading(heard, prepare(source, good) if good else None, len(posts) - len(good))
    return settle_reading(actor, source, reading)


def _settled(actor: Actor, source: Source, heard: Batch | Failure) -> Counts | Failure | None:
    """Settle one source; where that fails, keep why, so that it neither loses what others said nor fails unseen."""
    try:
        return _settle(actor, source, heard)
    except Exception as error:
        logger.exception("What the source %s gave could not be kept.", source.pk)
        failure = Failure(_("What it gave could not be kept (%(error)s).") % {"error": type(error).__name__})
    try:
        settle_failure(actor, source, failure)
    except Exception:
        # Its claim lapses.
        logger.exception("Why the source %s failed could not be kept.", source.pk)
    return failure


def read_due(most: int = AT_ONCE, only: int | None = None) -> list[tuple[Source, Counts | Failure | None]]:
    """Read sources that are due, one of each server at the same time; return what each gave."""
    actor = Actor.system("listening.sources")
    claimed = claim_sources(actor, most, only)
    if not claimed:
        return []
    heard = _hear_all([(source, _credentials(source)) for source in claimed])
    given: list[tuple[Source, Counts | Failure | None]] = []
    for source, one in zip(claimed, heard, strict=True):
        given.append((source, _settled(actor, source, one)))
    return given


def read_now(actor: Actor, source_id: int) -> Counts:
    """Read one source now, as a person asks, and bring the issues up to date; Unavailable says why it could not be.

    Raises Conflict where it is paused, spent, or just being read.
    """
    source = ask_reading(actor, source_id)
    given = read_due(1, only=source.pk)
    if not given or given[0][1] is None:
        raise Conflict(_("This source, or another one of its server, is being read just now."))
    result = given[0][1]
    if isinstance(result, Failure):
        raise Unavailable(result.reason, remedy=_("It is tried again by itself; its page says when."))
    catch_up(source.unit_id)
    return result


def preview(actor: Actor, unit_id: int, new: NewSource) -> Preview:
    """Return what a new source would bring, keeping nothing; Invalid says what to correct, or what the platform says.

    Raises as `open_source` does, and Unavailable where the platform does not answer.
    """
    registry.get_unit(actor, Capability.ANALYSE, pk=unit_id)
    found = checked(actor, new)
    source = Source(
        kind=new.kind, query=found.query, service=found.service, account=found.account, unit_id=unit_id, budget_posts=20
    )
    credentials = _credentials(source)
    heard = _hear((source, credentials))
    if isinstance(heard, Failure):
        if heard.trouble == Trouble.LASTING:
            raise Invalid(fields={"query" if found.listener.way.asks else "account": [heard.reason]})
        raise Unavailable(heard.reason)
    newest = sorted(heard.heard, key=lambda one: one.created_at, reverse=True)
    return Preview(tuple(newest[:SHOWN]), len(heard.heard), len(heard.unread))
