"""Take a picture of every screen of the running product, so that somebody looks at each: `make screens`.

Signs in as the demo cast, follows links until no new screen turns up, then photographs each screen at 360 and 1440 px
in Indonesian and English, light, and some in the dark. Says what the browser complained about (content security policy,
errors in the console) and what people would stumble over (accessibility.py), and ends with 1 when there was anything.

Uses the product at KENTONGAN_URL, which must hold the demo, else starts one of its own.
"""

import argparse
import os
import re
import runpy
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urljoin, urlsplit

from accessibility import stumbles
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
WIDTHS = {360: 780, 1440: 900}
STARTS = ("/", "/dinding/", "/cari/?q=jalan", "/pengaturan/profil/", "/impor/", "/pekerjaan/", "/pesan/")
VISITOR = ("/akun/login/", "/akun/login/code/", "/akun/password/reset/", "/luring/", "/tidak-ada/")
DARK = ("/simak/", "/sebar/", "/rancang/", "/pengaturan/profil/", "/gerak/")
SKIP = re.compile(
    r"/(akun/logout|static|api|berkas|status|sw\.js|manifest)|/(ekspor|unduh|export)|\.(csv|xlsx|xml|json)$"
)
MEMBER_LINK = re.compile(r"/m/[A-Za-z0-9_-]{16,}/?")
EXPECTED = re.compile(r"Service Worker registration blocked|status of 404")
# Bytes over the wire of a page for visitors and members, on first load.
WEIGHT = """() => document.querySelector('link[rel=stylesheet][href*="kentongan/public"]') ? [
  ...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource"),
].reduce((sum, one) => sum + one.transferSize, 0) : 0"""
HEAVIEST = 60_000
READY_SECONDS = 300


class Login(Protocol):
    """One of the cast of the demo."""

    email: str
    password: str


def cast() -> list[Login]:
    """Return who can sign in, read from the demo's own file without starting Django."""
    logins: list[Login] = runpy.run_path(str(ROOT / "src/kentongan/web/demo/cast.py"))["cast"]()
    return logins


@dataclass
class Product:
    """The product that is photographed: its address, who can sign in, and what was wrong."""

    url: str
    logins: list[Login]
    problems: dict[str, set[str]] = field(default_factory=dict)

    def complain(self, path: str, text: str) -> None:
        """Note a problem of a page, once."""
        self.problems.setdefault(path, set()).add(text[:240])


def shape(path: str) -> str:
    """Return what kind of screen an address is: numbers, tokens and slugs do not make a new one."""
    clean = urlsplit(path).path
    clean = re.sub(r"/\d+(?=/|$)", "/N", clean)
    clean = re.sub(r"/m/[^/]+", "/m/TOKEN", clean)
    return re.sub(r"/kabar/[^/]+(/[^/]+)?", lambda found: "/kabar/UNIT" + ("/POST" if found[1] else ""), clean)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until the product answers.

    Raises:
        SystemExit: it ended, or took too long.
    """
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - our own address
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise SystemExit("The product did not start; run `kentongan up` to see why.")


@contextmanager
def running() -> Iterator[Product]:
    """Yield the product at KENTONGAN_URL, or one that is started for the pictures."""
    given = os.environ.get("KENTONGAN_URL", "").rstrip("/")
    if given:
        yield Product(given, cast())
        return
    home = tempfile.mkdtemp(prefix="kentongan-screens-")
    port = free_port()
    environment = os.environ | {"KENTONGAN_HOME": home, "KENTONGAN_PORT": str(port)}
    process = subprocess.Popen([sys.executable, "-m", "kentongan.cli", "up"], env=environment, stdout=sys.stderr)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(f"{url}/akun/login/", process)
        yield Product(url, cast())
    finally:
        process.terminate()
        process.wait(timeout=60)
        shutil.rmtree(home, ignore_errors=True)


def context_for(browser: Browser, product: Product, login: Login | None) -> BrowserContext:
    """Return a browser of its own, signed in as `login`."""
    context = browser.new_context(base_url=product.url, reduced_motion="reduce", service_workers="block")
    if login is not None:
        page = context.new_page()
        page.goto("/akun/login/")
        page.get_by_label(re.compile("surel|email|e-mail", re.I)).fill(login.email)
        page.locator("input[type=password]").fill(login.password)
        page.locator("main button[type=submit].btn-primary").click()
        page.wait_for_load_state()
        page.close()
    return context


def links_of(page: Page, product: Product) -> list[str]:
    """Return the addresses of our own pages that a page links to, member links in share texts included."""
    hrefs = page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)")
    ours = [href.removeprefix(product.url) for href in hrefs if href.startswith(product.url)]
    members = MEMBER_LINK.findall(unquote(unquote(page.content())))
    return [link.split("#")[0] for link in [*ours, *members] if link and not SKIP.search(link)]


def discover(
    context: BrowserContext, product: Product, starts: tuple[str, ...], known: dict[str, str]
) -> dict[str, str]:
    """Follow links from `starts`; return a path for each new kind of screen, and add them to `known`."""
    found: dict[str, str] = {}
    page = context.new_page()
    queue, asked = list(starts), set[str]()
    while queue:
        path = queue.pop(0)
        kind = shape(path)
        if kind in asked or kind in known:
            continue
        asked.add(kind)
        answer = context.request.get(urljoin(product.url, path), max_redirects=5)
        landed = urlsplit(answer.url).path
        if answer.status >= 500:
            product.complain(path, f"answered {answer.status}")
        if (answer.status >= 400 and path not in VISITOR) or "text/html" not in answer.headers.get("content-type", ""):
            continue
        if shape(landed) in known or (shape(landed) != kind and shape(landed) in asked):
            continue
        asked.add(shape(landed))
        page.goto(path)
        found[shape(landed)] = known[shape(landed)] = answer.url.removeprefix(product.url)
        queue.extend(links_of(page, product))
    page.close()
    return found


def prefer(context: BrowserContext, **choices: str) -> None:
    """Choose language and appearance, as the switches in the top bar do."""
    page = context.new_page()
    page.goto("/luring/")
    token = next((one["value"] for one in context.cookies() if one["name"] == "csrftoken"), "")
    if not token:
        page.goto("/akun/login/")
        token = next((one["value"] for one in context.cookies() if one["name"] == "csrftoken"), "")
    context.request.post("/tampilan/", form={"csrfmiddlewaretoken": token, "next": "/luring/", **choices})
    page.close()


def watch(page: Page, product: Product) -> None:
    """Write down what the browser complains about."""

    def said(kind: str, text: str) -> None:
        if kind in ("error", "warning") and not EXPECTED.search(text):
            product.complain(urlsplit(page.url).path, f"{kind}: {text}")

    page.on("console", lambda message: said(message.type, message.text))
    page.on("pageerror", lambda error: said("error", str(error)))


def photograph(context: BrowserContext, product: Product, paths: dict[str, str], folder: Path) -> int:
    """Take a picture of each path at each width; return how many."""
    taken = 0
    for width, height in WIDTHS.items():
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": height})
        watch(page, product)
        for kind, path in paths.items():
            target = folder / str(width) / f"{kind.strip('/').replace('/', '_') or 'front'}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            page.goto(path)
            page.wait_for_timeout(500)
            weight = page.evaluate(WEIGHT)
            if weight > HEAVIEST:
                product.complain(path, f"weighs {weight:,} bytes on first load")
            for text in stumbles(page):
                product.complain(path, text)
            page.screenshot(path=target, full_page=True)
            taken += 1
        page.close()
    return taken


def shoot(product: Product, browser: Browser, out: Path, only: str, languages: list[str]) -> int:
    """Discover and photograph as each of the cast, then as a visitor; return the number of pictures."""
    taken, known = 0, dict[str, str]()
    wanted = re.compile(only)
    for login in [*product.logins, None]:
        context = context_for(browser, product, login)
        found = discover(context, product, VISITOR if login is None else STARTS, known)
        paths = {kind: path for kind, path in found.items() if wanted.search(kind)}
        for language in languages:
            prefer(context, language=language, theme="light")
            taken += photograph(context, product, paths, out / language)
        dark = {kind: path for kind, path in paths.items() if kind in DARK}
        if dark:
            prefer(context, language=languages[0], theme="dark")
            taken += photograph(context, product, dark, out / "dark")
        prefer(context, language="id", theme="auto")
        context.close()
    return taken


def main() -> int:
    """Take the pictures and say what was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=ROOT / "screens")
    parser.add_argument("--only", default="", help="a regular expression on addresses, such as ^/simak")
    parser.add_argument("--languages", default="id,en")
    arguments = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with running() as product, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        taken = shoot(product, browser, arguments.out, arguments.only, arguments.languages.split(","))
        browser.close()
    print(f"{taken} pictures in {arguments.out}")
    for path, texts in sorted(product.problems.items()):
        for text in sorted(texts):
            print(f"  {path}: {text}", file=sys.stderr)
    return 1 if product.problems or not taken else 0


if __name__ == "__main__":
    raise SystemExit(main())
