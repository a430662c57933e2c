"""One delivery, once: the calls to platforms, each between two transactions and inside none."""

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TypeVar

from django.db import InterfaceError, OperationalError
from django.db import connections as database
from django.utils.translation import gettext as _

from kentongan.channels import registry as channels
from kentongan.channels import server_clock, uploads
from kentongan.channels.contract import (
    Absent,
    ChannelError,
    Credentials,
    CredentialsExpired,
    Found,
    Post,
    Published,
    Rejected,
    RetryLater,
    Sought,
    Unsure,
)
from kentongan.core import clock, common_clock
from kentongan.core.actor import Actor
from kentongan.core.errors import KentonganError
from kentongan.publishing import connections, content, hiding
from kentongan.publishing.actions import answers, circuits, firing, reconciling, viewing
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import State

SYSTEM = Actor.system("publishing.worker")
THREADS = 4
RECORDING_SECONDS = 60.0
ASK_AGAIN = timedelta(minutes=1)
T = TypeVar("T")
logger = logging.getLogger(__name__)


def deliver(claim: firing.Claim) -> State | None:
    """Carry a claimed delivery through; returns its new state, None when the claim was lost or nothing was sent."""
    delivery = firing.check(SYSTEM, claim)
    if delivery is None:
        return None
    try:
        post, credentials = _prepare(delivery)
    except ChannelError as problem:
        error = _as_of_now(delivery, problem)
        if isinstance(error, CredentialsExpired):
            connections.unwell(SYSTEM, delivery.account, error.message)
        firing.give_back(SYSTEM, claim, error)
        return None
    attempt = firing.begin(SYSTEM, claim, post)
    if attempt is None:
        return None
    attempt.delivery = delivery  # with its account at hand
    result = _call(claim, delivery, post, credentials)
    if isinstance(result, ChannelError):
        result = _as_of_now(delivery, result)
    if isinstance(result, CredentialsExpired) and result.renewable:
        connections.expire(SYSTEM, delivery.account, credentials)
    state = _surely(partial(firing.finish, SYSTEM, claim, attempt, result))
    if isinstance(result, CredentialsExpired) and state == State.HELD:
        connections.unwell(SYSTEM, delivery.account, result.message)
    _tell_if_hidden(delivery, result)
    return state


def _tell_if_hidden(delivery: Delivery, seen: Published | Found | Absent | Unsure | ChannelError) -> None:
    """Mark an account whose posts are shown to nobody, so that who keeps it hears of it."""
    platform = delivery.account.platform
    if isinstance(seen, Published | Found) and seen.hidden and hiding.hides(platform):
        connections.unwell(SYSTEM, delivery.account, hiding.problem(platform))


def _as_of_now(delivery: Delivery, error: ChannelError) -> ChannelError:
    """Race: the sign-in that was refused is another one by now, so that nobody has to sign in: it is tried again."""
    if isinstance(error, CredentialsExpired) and connections.signed_in_anew(delivery.account):
        return RetryLater(error.message, error.response, after=timedelta(0))
    return error


def _surely(write: Callable[[], T]) -> T:
    """Ask or write though the database went away, or has no room: it comes back, and only we have a platform's answer.

    Race: it was written, and only the word of it was lost. To write it again changes nothing.
    """
    give_up_at = time.monotonic() + RECORDING_SECONDS
    while True:
        try:
            return write()
        except (OperationalError, InterfaceError):
            if time.monotonic() > give_up_at:
                raise
            logger.warning("The answer of a platform waits for the database.")
            database.close_all()
            time.sleep(1)


def _prepare(delivery: Delivery) -> tuple[Post, Credentials]:
    try:
        post = content.post_of(delivery)
        with connections.client() as calls:
            return post, connections.fresh(SYSTEM, delivery.account, calls)
    except KentonganError as error:
        raise Rejected(str(error)) from error


def _call(claim: firing.Claim, delivery: Delivery, post: Post, credentials: Credentials) -> Published | ChannelError:
    manifest = channels.get(delivery.account.platform).manifest
    carried = post.images or post.videos
    if carried and uploads.longest(manifest, post.video_size) > uploads.ATTEMPT:
        post = replace(post, confirm=partial(_confirm, claim))
    try:
        with connections.client(uploads.extra_time(manifest, post.video_size)) as calls:
            return connections.sender_of(delivery).publish(post, credentials, calls)
    except ChannelError as error:
        return error
    except Exception as error:
        # A mistake in an adapter, after the request may have left: nobody knows, so it is not tried again.
        logger.exception("The adapter failed on delivery %s.", delivery.pk)
        return circuits.OurFault(_("Our own program failed while sending."), {"error": repr(error)})


def _confirm(claim: firing.Claim) -> None:
    """Ask whether an attempt that has taken long is still to publish; where nobody can be asked, it does not."""
    try:
        _surely(partial(firing.confirm, claim))
    except ChannelError:
        raise
    except Exception as error:
        logger.exception("Whether delivery %s may still go out could not be asked.", claim.delivery_id)
        text = _("Whether it may still go out could not be asked, so nothing was published.")
        raise RetryLater(text, {"error": repr(error)}, ASK_AGAIN) from error


def look(doubt: reconciling.Doubt) -> State | None:
    """Look for a delivery of unknown fate and move it on by what was seen."""
    looked_at = common_clock.read()
    seen = answers.evidence(doubt.delivery) or _find(doubt)
    state = reconciling.reconcile(SYSTEM, doubt.delivery.pk, seen, looked_at)
    _tell_if_hidden(doubt.delivery, seen)
    return state


def _find(doubt: reconciling.Doubt) -> Found | Absent | Unsure:
    delivery = doubt.delivery
    finder = connections.finder_of(delivery)
    if finder is None:
        return Unsure(_("This platform gives no way to look."))
    try:
        with connections.client() as calls:
            credentials = connections.fresh(SYSTEM, delivery.account, calls)
            post = content.post_of(delivery)
            told = (doubt.receipts, doubt.last_receipt)
            sought = Sought(post, doubt.since, doubt.taken, *told)
            return server_clock.look(finder.find, sought, credentials, calls)
    except (ChannelError, KentonganError) as error:
        return Unsure(str(error))
    except Exception as error:
        logger.exception("The finder failed on delivery %s.", delivery.pk)
        return Unsure(_("Our own program failed while looking."), {"error": repr(error)})


def view(delivery: Delivery) -> State | None:
    """Look whether everybody sees a delivery that is there, and move it on by that."""
    looked_at = common_clock.read()
    seen = _view(delivery)
    state = viewing.viewed(SYSTEM, delivery.pk, seen, looked_at, remote_id=delivery.remote_id)
    _tell_if_hidden(delivery, seen)
    return state


def _view(delivery: Delivery) -> Found | Absent | Unsure:
    viewer = channels.get(delivery.account.platform).viewer
    if viewer is None:
        return Unsure(_("This platform gives no way to look."))
    try:
        with connections.client() as calls:
            return viewer.view(delivery.remote_id, connections.fresh(SYSTEM, delivery.account, calls), calls)
    except (ChannelError, KentonganError) as error:
        return Unsure(str(error))
    except Exception as error:
        logger.exception("Who sees delivery %s could not be asked.", delivery.pk)
        return Unsure(_("Our own program failed while looking."), {"error": repr(error)})


def take_back(delivery: Delivery) -> None:
    """Delete a published delivery on its platform."""
    began, failure = clock.now(), None
    try:
        with connections.client() as calls:
            credentials = connections.fresh(SYSTEM, delivery.account, calls)
            connections.sender_of(delivery).recall(delivery.remote_id, credentials, calls)
    except ChannelError as error:
        failure = error
    except Exception as error:
        logger.exception("The adapter failed to recall delivery %s.", delivery.pk)
        # To delete twice is harmless, so doubt is no reason to wait for a person.
        failure = RetryLater(_("Our own program failed while deleting."), {"error": repr(error)})
    reconciling.recalled(SYSTEM, delivery.pk, began, failure, remote_id=delivery.remote_id)


def each(work: Callable[[T], object], rows: Iterable[T]) -> int:
    """Do `work` for every row on a few threads, so that one slow server does not hold up the rest; returns how many.

    The rows are taken one by one, by whichever thread is free: they may be claimed while others are at work.
    """
    waiting, taking, done = iter(rows), threading.Lock(), itertools.count()

    def take() -> list[T]:
        with taking:
            return list(itertools.islice(waiting, 1))

    def lane() -> None:
        try:
            while row := take():
                next(done)
                alone(work, row[0])
        finally:
            database.close_all()

    first = take()
    if not first:
        return 0
    waiting = itertools.chain(first, waiting)
    with ThreadPoolExecutor(THREADS, thread_name_prefix="deliver") as pool:
        for ended in [pool.submit(lane) for _thread in range(THREADS)]:
            ended.result()
    return next(done)


def alone(work: Callable[[T], object], row: T) -> None:
    """Do `work` for one row; what goes wrong is logged, and left to the sweep."""
    try:
        work(row)
    except Exception:
        # The lease lapses and the sweep decides: ready again, or unknown.
        logger.exception("A delivery was left to the sweep.")
        # After a restart of the database an old connection would fail for every row that follows.
        database.close_all()
