"""Looking at the public posts of official accounts: the network calls, outside any transaction."""

import logging
from concurrent.futures import ThreadPoolExecutor

from kentongan.channels.contract import Bookmark, ChannelError, NoSuchAccount, PostsHidden, RetryLater
from kentongan.core import http
from kentongan.core.actor import Actor
from kentongan.registry import actions
from kentongan.registry.actions.visits import Finding, Looked, reader
from kentongan.registry.models import AccountVisit
from kentongan.registry.proving import DEADLINE_SECONDS, LARGEST_PAGE, LIMITED, TIMEOUT_SECONDS

logger = logging.getLogger(__name__)

AT_ONCE = 8


def look(visit: AccountVisit) -> Looked:
    """Return what the account's public posts tell; at most some twelve seconds for each request. Never raises."""
    posts = reader(visit.account.platform)
    if posts is None:
        return Looked(Finding.HIDDEN)
    bookmark = Bookmark(visit.feed, visit.etag, visit.modified)
    try:
        with http.client(
            timeout=TIMEOUT_SECONDS, deadline=DEADLINE_SECONDS, max_bytes=LARGEST_PAGE, unpacked=True
        ) as client:
            newest = posts.newest(visit.account.identity, client, bookmark)
    except ChannelError as error:
        return _refused(error)
    except Exception as error:
        # What strangers write may break any reader; one bad page must not hold up the accounts after it.
        logger.exception("The posts of the account %s could not be read.", visit.account_id)
        return Looked(Finding.UNREACHABLE, repr(error)[:300])
    return Looked(Finding.READ if newest.at or newest.unchanged else Finding.EMPTY, newest=newest)


def _refused(error: ChannelError) -> Looked:
    if isinstance(error, NoSuchAccount):
        return Looked(Finding.ABSENT, error.message)
    if isinstance(error, PostsHidden):
        return Looked(Finding.HIDDEN, error.message)
    if isinstance(error, RetryLater) and (error.after is not None or error.response.get("status") == LIMITED):
        return Looked(Finding.LIMITED, error.message, wait=error.after)
    return Looked(Finding.UNREACHABLE, error.message)


def visit_due(most: int = AT_ONCE) -> list[AccountVisit]:
    """Visit accounts that are due, one of each server at the same time; return the visits that were made."""
    system = Actor.system("registry.visits")
    claimed = actions.claim_visits(system, most)
    if not claimed:
        return []
    with ThreadPoolExecutor(max_workers=len(claimed)) as threads:
        found = list(threads.map(look, claimed))
    settled = []
    for asked, looked in zip(claimed, found, strict=True):
        try:
            settled.append(actions.settle_visit(system, asked, looked))
        except Exception:
            # What one server says must not lose the answers of the others; its claim lapses.
            logger.exception("The visit to account %s could not be kept.", asked.account_id)
    return settled


def visit(actor: Actor, account_id: int) -> AccountVisit:
    """Visit one account now; raises NotFound, NotAllowed, Conflict (nothing to read) or TooMany (visited just now)."""
    asked = actions.ask_visit(actor, account_id)
    return actions.settle_visit(Actor.system("registry.visits"), asked, look(asked))
