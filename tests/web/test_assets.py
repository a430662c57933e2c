"""Front-end parts: every icon exists, public pages stay small, AA contrast holds in both appearances."""

import re
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "src" / "kentongan" / "web"
STATIC = WEB / "static"
USED = re.compile(r"""(?:\{% icon |\bicon(?:: str ?)? ?= ?)["']([a-z0-9-]+)["']""")

PAIRS = [
    ("ink", "paper"),
    ("ink", "card"),
    ("ink-2", "paper"),
    ("ink-2", "card"),
    ("ink-2", "line-2"),
    ("ink-3", "card"),
    ("ink-3", "paper"),
    ("teak", "card"),
    ("teak-dark", "teak-soft"),
    ("on-teak", "teak-dark"),
    ("leaf", "leaf-soft"),
    ("leaf", "card"),
    ("amber", "amber-soft"),
    ("amber", "card"),
    ("signal", "signal-soft"),
    ("signal", "card"),
    ("sky", "sky-soft"),
]


def test_every_icon_that_is_named_is_in_the_sprite() -> None:
    sprite = (STATIC / "vendor" / "icons.svg").read_text()
    have = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    sources = [*WEB.parent.glob("*/templates/**/*.html"), *WEB.parent.glob("**/*.py")]
    wanted = {name: path for path in sources for name in USED.findall(path.read_text(encoding="utf-8"))}
    missing = {name: str(path) for name, path in wanted.items() if name not in have}
    assert not missing, "run scripts/build_assets.py"


def test_the_public_style_sheet_is_small() -> None:
    assert (STATIC / "kentongan" / "public.css").stat().st_size < 10_000


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _tokens(sheet: str, dark: bool) -> dict[str, str]:
    source = (STATIC / "kentongan" / sheet).read_text()
    blocks = re.findall(r"--paper:.*?(?=\})", source, re.S)
    return dict(re.findall(r"--([a-z0-9-]+):\s*(#[0-9a-f]{3,6})", blocks[1 if dark else 0]))


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("sheet", ["tokens.css", "public.css"])
def test_text_is_readable_on_what_lies_behind_it(sheet: str, dark: bool) -> None:
    tokens = _tokens(sheet, dark)
    pairs = [(one, other) for one, other in PAIRS if one in tokens and other in tokens]
    assert len(pairs) > 10
    weak = {pair: round(_contrast(tokens[pair[0]], tokens[pair[1]]), 2) for pair in pairs}
    assert not {pair: ratio for pair, ratio in weak.items() if ratio < 4.5}
