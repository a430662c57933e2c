"""Compile every translation (.po) to what Django reads (.mo); GNU gettext is not needed."""

import sys
from pathlib import Path

import polib

SOURCE = Path(__file__).resolve().parent.parent / "src" / "kentongan"


def main() -> int:
    """Compile those that changed; return 1 when one is broken."""
    broken = 0
    for po in sorted(SOURCE.glob("**/locale/*/LC_MESSAGES/*.po")):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime_ns >= po.stat().st_mtime_ns:
            continue
        try:
            entries = polib.pofile(str(po), encoding="utf-8", check_for_duplicates=True)
        except (OSError, ValueError) as error:
            print(f"{po}: {error}", file=sys.stderr)
            broken = 1
        else:
            # Written beside it and renamed: a server that starts meanwhile never reads half a file.
            partial = mo.with_suffix(".partial")
            entries.save_as_mofile(str(partial))
            partial.replace(mo)
    return broken


if __name__ == "__main__":
    raise SystemExit(main())
