"""The command line: one module a command group, no domain logic.

`main` finds the module of the first word and imports only that one, after Django is set up where it needs models.
"""

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

import django

from kentongan import __version__
from kentongan.cli.terminal import fail, speak_the_users_language
from kentongan.config.environment import SettingsError
from kentongan.core.errors import KentonganError
from kentongan.core.keyring import KeyFileDamaged


@dataclass(frozen=True, slots=True)
class Group:
    """A command group: its module in this package, one line of help, and whether it needs Django's models."""

    module: str
    help: str
    models: bool = True


GROUPS = {
    "up": Group("up", "Start everything: database, web server, worker.", models=False),
    "web": Group("web", "Run the web server alone.", models=False),
    "worker": Group("worker", "Run a worker alone: jobs, and all that is due."),
    "doctor": Group("doctor", "Say what is well, what is not, and what to do about it.", models=False),
    "settings": Group("settings", "Show every setting, what it means and where to set it.", models=False),
    "migrate": Group("migrate", "Bring the database up to date."),
    "prepare": Group("prepare", "", models=True),
    "demo": Group("demo", "The demo organisation: load, status, reset, a network of its own."),
    "organisation": Group("organisation", "Make your organisation, instead of the demo."),
    "units": Group("units", "The tree: load a template, list, rename, move, merge, split, close."),
    "mandates": Group("mandates", "Who must have which accounts by when, and who has them."),
    "people": Group("people", "People: import a list, show, merge, invite to their own page."),
    "contacts": Group("contacts", "Contacts outside the tree: list, import, export, invite, merge."),
    "users": Group("users", "Make user accounts and give them roles."),
    "tokens": Group("tokens", "Make tokens for the API."),
    "keys": Group("keys", "The keys of stored secrets: status, rotate."),
    "listen": Group("listen", "Bring posts in, and see what people talk about."),
    "lab": Group("lab", "The steps of listening on a file, for analysts: classify, cluster, normalise, train."),
    "plan": Group("plan", "Briefs and content items: make, submit, approve."),
    "publish": Group("publish", "Schedule approved content, recall it, resolve what is unknown."),
    "ledger": Group("ledger", "What was planned to go out, and what became of it."),
    "instruct": Group("missions", "Instructions with receipts, and share missions."),
    "gather": Group("gather", "Meetings: plan, list, record."),
    "train": Group("train", "Training in waves: list, who lacks it, fill, remind."),
    "measure": Group("measure", "What the published content reached."),
    "check": Group("check", "Say whether an account is ours, as the public page does."),
    "accounts": Group("accounts", "Official accounts: list, declare, connect, test."),
    "manage": Group("manage", "Run a management command of Django."),
}


def _overview() -> str:
    width = max(map(len, GROUPS)) + 2
    lines = [f"  {name:<{width}}{group.help}" for name, group in GROUPS.items() if group.help]
    return "\n".join(
        [
            "Usage: kentongan COMMAND [OPTIONS]",
            "",
            "Kentongan, the social-media command centre.",
            "",
            "Commands:",
            *lines,
            "",
            "`kentongan COMMAND --help` explains each. `kentongan --version` prints the version.",
        ]
    )


def _run(name: str, arguments: Sequence[str]) -> None:
    group = GROUPS[name]
    if group.models:
        django.setup()
        speak_the_users_language()
    module = import_module(f"kentongan.cli.{group.module}")
    module.app(args=list(arguments), prog_name=f"kentongan {name}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command: exit 0 when it is done, 1 with a sentence and a remedy when not, 2 when it was misspelt."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kentongan.config.settings")
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] in (["--version"], ["-V"]):
        print(__version__)
    elif not words or words[0] in {"--help", "-h", "help"}:
        print(_overview())
    elif words[0] not in GROUPS:
        fail(f"There is no command {words[0]!r}.", "`kentongan --help` lists them.", code=2)
    else:
        _guarded(words[0], words[1:])


def _guarded(name: str, arguments: Sequence[str]) -> None:
    # A command that is told to end must still stop the database that it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _run(name, arguments)
    except (KentonganError, SettingsError) as error:
        fail(str(error.message), str(error.remedy))
    except KeyFileDamaged as error:
        fail(str(error))
    except PermissionError as error:
        fail(
            f"This user may not use {error.filename}.", "Give it the right, or set KENTONGAN_HOME to another directory."
        )
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader (`| head`) has what it wanted; the interpreter must not complain when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
