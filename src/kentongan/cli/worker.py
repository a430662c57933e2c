"""`kentongan worker`: jobs, and everything that is due."""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable
from typing import Annotated, Any

import typer
from django.conf import settings
from django.db import close_old_connections
from django.utils import translation
from procrastinate.contrib.django import app as procrastinate
from procrastinate.contrib.django.django_connector import DjangoConnector

from kentongan.cli.context import group
from kentongan.config.environment import environment
from kentongan.core import database, ticks
from kentongan.core.errors import Unavailable

logger = logging.getLogger(__name__)
app = group("Run a worker alone: jobs, and everything that is due. Any number may run, on any machines.")

GRACE_SECONDS = 15.0
LONGEST_BACK_OFF = 30.0
SIDE_TASKS = frozenset({"listener", "update_heartbeats"})


def _with_fresh_connections(call_next: Callable[[], Any], context: Any, worker: Any) -> Any:
    # A connection from before a restart of the database would fail every job that meets it.
    close_old_connections()
    try:
        return call_next()
    finally:
        close_old_connections()


async def _run_jobs(concurrency: int) -> None:
    if not isinstance(procrastinate.connector, DjangoConnector):
        raise TypeError("procrastinate is not connected through Django")
    connector = procrastinate.connector.get_worker_connector()
    with procrastinate.replace_connector(connector) as worker_app:
        async with worker_app.open_async():
            await worker_app.run_worker_async(
                concurrency=concurrency,
                install_signal_handlers=False,
                shutdown_graceful_timeout=GRACE_SECONDS,
                delete_jobs="successful",
                task_middleware=[_with_fresh_connections],
            )


def _listening() -> bool:
    return {task.get_name() for task in asyncio.all_tasks()} >= SIDE_TASKS


async def _until_deaf() -> None:
    """Return when procrastinate has lost its listener or its heartbeat, as it does when the database restarts.

    procrastinate stops looking after these once its periodic deferrer, for which we have no work, has ended.
    """
    while not _listening():
        await asyncio.sleep(1)
    while _listening():
        await asyncio.sleep(1)


async def _keep_running_jobs(concurrency: int, stop: asyncio.Event) -> None:
    """Run jobs until told to stop; start again after the database has gone away."""
    failures = 0
    stopped = asyncio.create_task(stop.wait())
    while not stop.is_set():
        jobs, deaf = asyncio.create_task(_run_jobs(concurrency)), asyncio.create_task(_until_deaf())
        await asyncio.wait({jobs, deaf, stopped}, return_when=asyncio.FIRST_COMPLETED)
        deaf.cancel()
        if not jobs.done():
            jobs.cancel()
            await asyncio.wait({jobs}, timeout=GRACE_SECONDS + 5 if stop.is_set() else None)
        if stop.is_set():
            return
        failures += 1
        logger.warning("The job runner lost the database and starts again.")
        await asyncio.wait({stopped}, timeout=min(LONGEST_BACK_OFF, 0.5 * 2 ** min(failures, 8)))


async def _work(concurrency: int) -> None:
    stop, stop_ticks = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    threads = ticks.run_ticks(stop_ticks)
    try:
        await _keep_running_jobs(concurrency, stop)
    finally:
        stop_ticks.set()
        for thread in threads:
            await asyncio.to_thread(thread.join, GRACE_SECONDS / max(1, len(threads)))


@app.command()
def worker(
    supervised: Annotated[bool, typer.Option("--supervised", hidden=True)] = False,
) -> None:
    """Run jobs, publish what is due, collect counts, send messages; Ctrl-C ends it in order."""
    own = None if supervised else database.cluster()
    if own is not None:
        own.start()
    try:
        database.check()
        waiting = database.pending()
        if waiting:
            raise Unavailable(
                f"The database is not up to date: {len(waiting)} migrations wait.", remedy="Run `kentongan migrate`."
            )
        # What workers write down is for the organisation, not for whoever started them.
        translation.activate(settings.LANGUAGE_CODE)
        asyncio.run(_work(environment().worker_concurrency))
    finally:
        if own is not None:
            own.stop()
    # A tick that hangs in a call to another server must not hold up the end: what it claimed lapses.
    logging.shutdown()
    os._exit(0)
