"""What people with a screen reader, a keyboard or weak eyes would stumble over: axe-core's rules, and the width."""

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).resolve().parent.parent / "build" / "axe" / "axe.min.js"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
# Hands over the width too: a page that is wider than a phone is read through a keyhole.
RUN = """async (rules) => {
  const said = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
  const found = said.violations.flatMap(({ id, help, nodes }) => nodes.map(
    ({ html, any }) => `${id}: ${help}: ${html.replace(/\\s+/g, " ").slice(0, 110)} ${any.map((one) => one.message)}`
  ));
  if (document.documentElement.scrollWidth > innerWidth + 1) found.push(`wider than the window of ${innerWidth} px`);
  return found;
}"""


@cache
def _axe() -> str:
    return AXE.read_text(encoding="utf-8")


def stumbles(page: Page) -> list[str]:
    """Return what is wrong with the page that is open, in words with the place."""
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(_axe())
    found: list[str] = page.evaluate(RUN, list(RULES))
    return found
