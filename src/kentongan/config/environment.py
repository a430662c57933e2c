"""Settings of one installation: environment variables first, then one TOML file, then the defaults here.

The file is `KENTONGAN_CONFIG`, or `kentongan.toml` in the data directory. Its keys are the names of the fields below;
the variables are the same names in capitals with `KENTONGAN_` in front (`DATABASE_URL` and `DATABASE_OWNER_URL` also
work without it). `environment()` gives the settings of this process, read once.
"""

import os
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_type_hints
from urllib.parse import parse_qsl, unquote, urlsplit

from kentongan.core.postgres import Cluster

PREFIX = "KENTONGAN_"
CONFIG_NAME = "kentongan.toml"
UNPREFIXED = {"database_url": "DATABASE_URL", "database_owner_url": "DATABASE_OWNER_URL"}
# Read by tools and tests, not by the product.
FOREIGN = frozenset({"KENTONGAN_CONFIG", "KENTONGAN_SHARED_DATA"})
TRUE, FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off", ""})


class SettingsError(Exception):
    """A setting that cannot be used: one sentence that says what is wrong, one that says what to do."""

    def __init__(self, message: str, remedy: str) -> None:
        self.message, self.remedy = message, remedy
        super().__init__(f"{message} {remedy}")


@dataclass(frozen=True)
class Environment:
    """The settings of one installation."""

    home: Annotated[Path, "The data directory: everything this installation keeps."] = Path()
    host: Annotated[str, "The address the web server binds to."] = "127.0.0.1"
    port: Annotated[int, "The port the web server binds to."] = 8000
    public_url: Annotated[str, "The address people use, with https://; by default http://HOST:PORT."] = ""
    allowed_hosts: Annotated[tuple[str, ...], "Host names that are answered besides that of public_url."] = ()
    behind_proxy: Annotated[bool, "Whether a proxy of yours sets X-Forwarded-Proto and X-Forwarded-For."] = False
    database_url: Annotated[str, "An external PostgreSQL 15 or newer; empty: our own, in the data directory."] = ""
    database_owner_url: Annotated[str, "The role that owns the tables and migrates; by default database_url."] = ""
    pg_bin: Annotated[str, "The folder with PostgreSQL's programs; empty: those installed with Kentongan."] = ""
    secret_dir: Annotated[Path, "The folder of the key files; by default HOME/keys. Not part of a backup."] = Path()
    email_url: Annotated[str, "smtp://USER:PASSWORD@HOST:PORT?tls=starttls; empty: messages are only logged."] = ""
    email_from: Annotated[str, "The sender of e-mail."] = "Kentongan <kentongan@localhost>"
    bluesky_url: Annotated[str, "Where public profiles of Bluesky are read: an app view, or an account server."] = (
        "https://public.api.bsky.app"
    )
    telegram_url: Annotated[str, "Where public names of Telegram are read; another address where t.me is blocked."] = (
        "https://t.me"
    )
    visit_accounts: Annotated[bool, "Whether the public posts of official accounts are read once a day."] = True
    allow_local_network: Annotated[bool, "Whether sources and servers on private addresses may be called."] = False
    ffmpeg: Annotated[str, "The program that converts videos; empty: ffmpeg where it is on the PATH, else none."] = ""
    web_workers: Annotated[int, "Processes of the web server."] = 1
    web_threads: Annotated[int, "Threads of each process of the web server."] = 8
    worker_concurrency: Annotated[int, "Jobs that one worker runs at the same time."] = 2
    keep_days: Annotated[int, "Days that ended jobs and rejected rows of imports are kept; 0: for ever."] = 90
    unconfirmed_days: Annotated[int, "Days after which people of lists who have not confirmed are removed."] = 30
    log_level: Annotated[str, "DEBUG, INFO, WARNING or ERROR."] = "INFO"
    debug: Annotated[bool, "Django's debug mode: for developing only."] = False

    @property
    def embedded(self) -> bool:
        """Whether PostgreSQL is our own, under our supervisor."""
        return not self.database_url

    @property
    def cluster(self) -> Cluster:
        """The PostgreSQL of the data directory."""
        return Cluster(self.home, bin_dir=Path(self.pg_bin) if self.pg_bin else None)

    def database(self, role: str = "app") -> dict[str, Any]:
        """Return Django's connection settings for `role` ("app" or "owner"): ENGINE, NAME, USER, HOST, ..."""
        engine = {"ENGINE": "django.db.backends.postgresql"}
        if self.embedded:
            return {**engine, **self.cluster.params(role)}
        owner_url = self.database_owner_url or self.database_url
        return {**engine, **database_params(owner_url if role == "owner" else self.database_url)}


def database_params(url: str) -> dict[str, Any]:
    """Return NAME, USER, PASSWORD, HOST, PORT and OPTIONS of a `postgresql://` address."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", "") or unquote(parts.hostname or "")
    return {
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or options.pop("user", "")),
        "PASSWORD": unquote(parts.password or options.pop("password", "")),
        "HOST": host,
        "PORT": str(parts.port or options.pop("port", "")),
        "OPTIONS": options,
    }


def default_home() -> Path:
    """Return the data directory of a user who has set none."""
    if os.geteuid() == 0:
        return Path("/var/lib/kentongan")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Kentongan"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "kentongan"


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text")
    return value.strip()


def _boolean(value: Any) -> bool:
    word = str(value).strip().lower()
    if word not in TRUE | FALSE:
        raise ValueError("yes or no")
    return word in TRUE


def _number(value: Any) -> int:
    try:
        number = int(str(value).strip())
    except ValueError:
        raise ValueError("a whole number") from None
    if isinstance(value, bool) or number < 0:
        raise ValueError("a whole number, 0 or more")
    return number


def _path(value: Any) -> Path:
    return Path(_text(value)).expanduser().absolute()


def _texts(value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        raise ValueError("a list of texts")
    return tuple(text for part in parts if (text := _text(part)))


PARSERS: Mapping[Any, Callable[[Any], Any]] = {
    str: _text,
    bool: _boolean,
    int: _number,
    Path: _path,
    tuple[str, ...]: _texts,
}
TYPES = get_type_hints(Environment)
HELP = {name: hint.__metadata__[0] for name, hint in get_type_hints(Environment, include_extras=True).items()}


def _parse(name: str, value: Any, source: str) -> Any:
    try:
        return PARSERS[TYPES[name]](value)
    except ValueError as wanted:
        raise SettingsError(
            f"{source}: {name} must be {wanted}, not {value!r}.", "Correct it and start again."
        ) from None


def _from_variables(variables: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in TYPES:
        for variable in (UNPREFIXED.get(name, ""), _variable(name)):
            if variables.get(variable):  # an empty variable is one that is not set
                found[name] = _parse(name, variables[variable], variable)
    return found


def _from_file(path: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(
            f"The settings file {path} cannot be read: {error}.", "Correct it and start again."
        ) from None
    for name in content:
        if name not in TYPES:
            near = get_close_matches(name, TYPES, n=1)
            remedy = f"Did you mean {near[0]}?" if near else f"The settings are: {', '.join(sorted(TYPES))}."
            raise SettingsError(f"{path}: there is no setting {name}.", remedy)
    return {name: _parse(name, value, str(path)) for name, value in content.items()}


def _check(values: Mapping[str, Any]) -> None:
    def refuse(name: str, wanted: str) -> None:
        raise SettingsError(
            f"The setting {name} must be {wanted}, not {values[name]!r}.",
            f"Correct {_variable(name)} or the file.",
        )

    if not 0 < values["port"] < 65536:
        refuse("port", "a port between 1 and 65535")
    if values["public_url"] and urlsplit(values["public_url"]).scheme not in {"http", "https"}:
        refuse("public_url", "an address that begins with https:// or http://")
    for name in ("bluesky_url", "telegram_url"):
        if urlsplit(values[name]).scheme not in {"http", "https"}:
            refuse(name, "an address that begins with https:// or http://")
    for name in ("web_workers", "web_threads", "worker_concurrency", "unconfirmed_days"):
        if values[name] < 1:
            refuse(name, "1 or more")
    if values["log_level"] not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        refuse("log_level", "DEBUG, INFO, WARNING or ERROR")
    _check_databases(values, refuse)


def _check_databases(values: Mapping[str, Any], refuse: Callable[[str, str], None]) -> None:
    for name in ("database_url", "database_owner_url"):
        if not values[name]:
            continue
        try:
            params = database_params(values[name])
        except ValueError:
            params = {}
        if urlsplit(values[name]).scheme not in {"postgres", "postgresql"} or not params.get("NAME"):
            # The address holds a password: it is not repeated.
            raise SettingsError(
                f"The setting {name} is not an address of PostgreSQL.",
                "Write it as postgresql://USER:PASSWORD@HOST:5432/DATABASE.",
            )


def load(variables: Mapping[str, str] | None = None) -> Environment:
    """Read the settings from `variables` (default: the process's) and the file; raise SettingsError on a bad one."""
    variables = os.environ if variables is None else variables
    given = _from_variables(variables)
    home = given.get("home") or default_home()
    named = variables.get(f"{PREFIX}CONFIG", "")
    path = Path(named).expanduser() if named else home / CONFIG_NAME
    from_file = _from_file(path) if named or path.is_file() else {}
    values: dict[str, Any] = {item.name: item.default for item in fields(Environment)}
    values |= {"home": home} | from_file | given
    if values["secret_dir"] == Path():
        values["secret_dir"] = values["home"] / "keys"
    values["public_url"] = values["public_url"].rstrip("/") or _local_url(values["host"], values["port"])
    values["bluesky_url"], values["telegram_url"] = (values[f"{at}_url"].rstrip("/") for at in ("bluesky", "telegram"))
    values["log_level"] = values["log_level"].upper()
    _check(values)
    return Environment(**values)


def _local_url(host: str, port: int) -> str:
    name = {"0.0.0.0": "localhost", "::": "localhost", "": "localhost"}.get(host, host)  # noqa: S104
    return f"http://{f'[{name}]' if ':' in name else name}:{port}"


def unknown_variables(variables: Mapping[str, str] | None = None) -> list[str]:
    """Return the variables that begin with KENTONGAN_ and mean nothing: spelling mistakes, as a rule."""
    variables = os.environ if variables is None else variables
    known = {_variable(name) for name in TYPES} | FOREIGN
    return sorted(name for name in variables if name.startswith(PREFIX) and name not in known)


@cache
def environment() -> Environment:
    """Return the settings of this process, read once."""
    return load()
