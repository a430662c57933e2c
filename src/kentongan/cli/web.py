"""`kentongan web`: the web server."""

import os
import signal
from pathlib import Path
from typing import Annotated, Any

import typer
from django.urls import get_resolver
from gunicorn.app.base import BaseApplication
from gunicorn.util import import_app

from kentongan.cli.terminal import group
from kentongan.config.environment import Environment, environment
from kentongan.core import collecting
from kentongan.core.processes import die_with_parent

app = group("Run the web server alone; it needs a database that is up to date.")
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108


class WebServer(BaseApplication):  # type: ignore[misc]
    """gunicorn with threads, configured by our settings alone."""

    def __init__(self, environment: Environment, bind: str) -> None:
        self.environment, self.bind = environment, bind
        super().__init__()

    def load_config(self) -> None:
        """Hand our settings to gunicorn."""
        for name, value in server_settings(self.environment, self.bind).items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Load the application and every view, once in each process: broken wiring shows now, not to a visitor."""
        application = import_app("kentongan.config.wsgi:application")
        get_resolver().url_patterns  # noqa: B018  reading it imports them
        collecting.seldom()
        return application


def server_settings(environment: Environment, bind: str) -> dict[str, Any]:
    """Return gunicorn's settings."""
    return {
        "bind": bind,
        "proc_name": "kentongan-web",
        "workers": environment.web_workers,
        "worker_class": "gthread",
        "threads": environment.web_threads,
        # A request may upload a large file or stream a long table; a hung process is still found.
        "timeout": 120,
        "graceful_timeout": 15,
        "keepalive": 15,
        "max_requests": 20_000,
        "max_requests_jitter": 2_000,
        "worker_tmp_dir": str(SHARED_MEMORY) if os.access(SHARED_MEMORY, os.W_OK) else None,
        "forwarded_allow_ips": "*" if environment.behind_proxy else "127.0.0.1",
        "errorlog": "-",
        "loglevel": "warning" if environment.log_level == "INFO" else environment.log_level.lower(),
        "control_socket_disable": True,
        "post_fork": _end_with_the_arbiter,
    }


def _end_with_the_arbiter(arbiter: Any, worker: Any) -> None:
    die_with_parent(signal.SIGTERM, arbiter.pid)


@app.command()
def web(
    descriptor: Annotated[int, typer.Option("--fd", hidden=True, help="A socket that listens already.")] = -1,
) -> None:
    """Run the web server on the address of the settings `host` and `port`."""
    settings = environment()
    if descriptor >= 0:
        WebServer(settings, f"fd://{descriptor}").run()
        return
    own = settings.cluster if settings.embedded else None
    if own is not None:
        own.start()
    try:
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        WebServer(settings, f"{host}:{settings.port}").run()
    finally:
        if own is not None:
            own.stop()
