"""`kentongan doctor`: what is well, what is not, and what to do about it."""

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import django

from kentongan.cli.terminal import AsJson, group, print_json
from kentongan.cli.up import health
from kentongan.config import environment as environments
from kentongan.config.environment import CONFIG_NAME, Environment, SettingsError
from kentongan.core import database, supervisor
from kentongan.core.diagnosis import Finding, Level, examine_database, well
from kentongan.core.errors import KentonganError

app = group("Say what is well, what is not, and what to do about it. Exits with 1 when there is a problem.")

PACKAGE = Path(environments.__file__).resolve().parent.parent
BUILT = {
    "styles and scripts": PACKAGE / "web" / "collected" / "staticfiles.json",
    "areas": PACKAGE / "registry" / "data" / "areas.parquet",
    "Indonesian": PACKAGE / "web" / "locale" / "id" / "LC_MESSAGES" / "django.mo",
}
MARKS = {Level.WELL: "ok", Level.NOTE: "--", Level.WARNING: "! ", Level.PROBLEM: "XX"}
TIGHT_BYTES, FULL_BYTES = 2 * 1024**3, 200 * 1024**2


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Look at settings, files, database, web server and worker."""
    findings = list(_examine())
    if as_json:
        print_json(
            [{"subject": f.subject, "level": f.level, "message": f.message, "remedy": f.remedy} for f in findings]
        )
    else:
        _print(findings)
    if any(finding.level is Level.PROBLEM for finding in findings):
        sys.exit(1)


def _print(findings: list[Finding]) -> None:
    width = max(len(finding.subject) for finding in findings)
    for finding in findings:
        print(f"{MARKS[finding.level]}  {finding.subject:<{width}}  {finding.message}")
        if finding.remedy:
            print(f"    {'':<{width}}  -> {finding.remedy}")


def _examine() -> Iterator[Finding]:
    try:
        settings = environments.environment()
    except SettingsError as error:
        yield Finding("settings", Level.PROBLEM, error.message, error.remedy)
        return
    yield _settings(settings)
    yield from _built()
    yield from _addresses(settings)
    yield _videos(settings)
    if not settings.home.is_dir():
        yield Finding("data directory", Level.NOTE, f"{settings.home} does not exist yet.", "`kentongan up` makes it.")
        return
    yield from _home(settings)
    yield from _running(settings)


def _settings(settings: Environment) -> Finding:
    unknown = environments.unknown_variables()
    if unknown:
        return Finding(
            "settings",
            Level.WARNING,
            f"Nothing reads {', '.join(unknown)}.",
            "Correct the spelling; `kentongan settings` lists what there is.",
        )
    file = Path(os.environ.get("KENTONGAN_CONFIG") or settings.home / CONFIG_NAME)
    return well("settings", f"From the environment and {file}." if file.is_file() else "From the environment.")


def _built() -> Iterator[Finding]:
    missing = [name for name, path in BUILT.items() if not path.is_file()]
    if missing:
        yield Finding("build", Level.PROBLEM, f"Not built: {', '.join(missing)}.", "Run `make install`.")
    else:
        yield well("build", f"{', '.join(BUILT)} are in place.")


def _addresses(settings: Environment) -> Iterator[Finding]:
    address = urlsplit(settings.public_url)
    if address.scheme == "https" or address.hostname in {"localhost", "127.0.0.1", "::1"}:
        yield well("address", settings.public_url)
    else:
        yield Finding(
            "address",
            Level.WARNING,
            f"{settings.public_url} is not encrypted: passwords can be read, sharing from phones does not work.",
            "Put a TLS proxy in front (deploy/README.md) and set KENTONGAN_PUBLIC_URL=https://...",
        )
    if settings.email_url:
        yield well("e-mail", f"Sent through {urlsplit(settings.email_url).hostname}.")
    else:
        where = settings.home / "outbox"
        yield Finding("e-mail", Level.NOTE, f"Not sent, but written to {where}.", "Set KENTONGAN_EMAIL_URL.")


def _videos(settings: Environment) -> Finding:
    program = shutil.which(settings.ffmpeg or "ffmpeg")
    if program:
        return well("videos", f"Converted by {program}.")
    level = Level.WARNING if settings.ffmpeg else Level.NOTE
    remedy = "Install ffmpeg (4.4 or newer, with libx264), or name it in KENTONGAN_FFMPEG."
    return Finding("videos", level, "Not converted: there is no ffmpeg.", remedy)


def _home(settings: Environment) -> Iterator[Finding]:
    home = settings.home
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        yield Finding("data directory", Level.PROBLEM, f"{home} may not be written.", "Give this user the right to it.")
        return
    free = shutil.disk_usage(home).free
    message = f"{home}, {free / 1024**3:.1f} GB free."
    if free < TIGHT_BYTES:
        level = Level.PROBLEM if free < FULL_BYTES else Level.WARNING
        yield Finding("data directory", level, message, "Free some space, or move it to a larger disk.")
    else:
        yield well("data directory", message)
    yield _keys(settings)


def _keys(settings: Environment) -> Finding:
    folder = settings.secret_dir
    files = [path for path in folder.glob("*") if path.is_file()] if folder.is_dir() else []
    if not files:
        return Finding("keys", Level.NOTE, f"None in {folder} yet.", "The first start makes them: keep a copy apart.")
    opened = [path.name for path in [folder, *files] if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if opened:
        return Finding("keys", Level.PROBLEM, "Others may read the keys.", f"chmod -R go-rwx {folder}")
    return well("keys", f"In {folder}, for this user alone. Keep a copy apart from the backup.")


def _running(settings: Environment) -> Iterator[Finding]:
    serving = health(settings) == HTTPStatus.OK
    state = supervisor.running(settings.home)
    if serving:
        yield well("web server", f"Answers at {settings.public_url}.")
    elif state:
        yield Finding("web server", Level.PROBLEM, "It runs, but does not answer.", "Look at what `kentongan up` says.")
    else:
        yield Finding("web server", Level.NOTE, "It is not running.", "`kentongan up` starts everything.")
    yield from _database(settings, serving=serving)


def _database(settings: Environment, *, serving: bool) -> Iterator[Finding]:
    try:
        if settings.embedded:
            programs = settings.cluster.programs
            yield well("PostgreSQL", f"Version {programs.major} from {programs.folder}.")
        django.setup()
        with database.running_database(migrated=False):
            yield from examine_database(serving=serving)
    except KentonganError as error:
        yield Finding("database", Level.PROBLEM, str(error.message), str(error.remedy))
