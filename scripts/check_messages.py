"""Find texts without an Indonesian translation: in Python sources and templates, against each app's .po file.

Also wrong: a translation that is empty or fuzzy, that names other placeholders than its text, or that nothing uses.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from django.conf import settings
from django.utils.translation.template import templatize

SOURCE = Path(__file__).resolve().parent.parent / "src" / "kentongan"
CALLS = {
    "_": 0,
    "gettext": 0,
    "gettext_lazy": 0,
    "gettext_noop": 0,
    "ngettext": 0,
    "ngettext_lazy": 0,
    "pgettext": 1,
    "pgettext_lazy": 1,
    "npgettext": 1,
    "npgettext_lazy": 1,
}
LITERAL = r"""u?(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
IN_TEMPLATE = re.compile(rf"\b(_|n?p?gettext)\(\s*({LITERAL})(?:\s*,\s*({LITERAL}))?(?:\s*,\s*({LITERAL}))?", re.S)
PLACEHOLDER = re.compile(r"%\((\w+)\)[sdif]|%[sdif]|\{(\w*)\}")


@dataclass(frozen=True, slots=True)
class Text:
    """A text to translate: its context, or an empty one, and its English wording."""

    context: str
    message: str


Used = dict[Text, str]
"""Each text with the first place that uses it."""


def apps() -> list[Path]:
    """Return the folders that have translations of their own."""
    return sorted(folder.parent for folder in SOURCE.glob("**/locale") if (folder / "id").is_dir())


def files_of(app: Path, every: list[Path], pattern: str) -> Iterator[Path]:
    """Yield the app's files, without those of an app inside it."""
    inner = [other for other in every if other != app and other.is_relative_to(app)]
    for path in sorted(app.glob(pattern)):
        if not any(path.is_relative_to(other) for other in inner):
            yield path


def in_python(path: Path) -> Iterator[tuple[Text, int]]:
    """Yield the texts of a Python file with their lines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in CALLS:
            words = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            with_context = CALLS[name]
            if len(words) > with_context:
                yield Text(words[0] if with_context else "", words[with_context]), node.lineno


def in_template(path: Path) -> Iterator[tuple[Text, int]]:
    """Yield the texts of a template with their lines."""
    code = templatize(path.read_text(encoding="utf-8"), origin=str(path))
    for found in IN_TEMPLATE.finditer(code):
        words = [ast.literal_eval(word) for word in found.groups()[1:] if word]
        with_context = "p" in found[1]
        if len(words) > with_context:
            line = code.count("\n", 0, found.start()) + 1
            yield Text(words[0] if with_context else "", words[with_context]), line


def used_by(app: Path, every: list[Path]) -> Used:
    """Return every text of an app."""
    used: Used = {}
    for pattern, read in (("**/*.py", in_python), ("**/templates/**/*.*", in_template)):
        for path in files_of(app, every, pattern):
            if path.is_file() and "migrations" not in path.parts:
                for text, line in read(path):
                    used.setdefault(text, f"{path.relative_to(SOURCE.parent.parent)}:{line}")
    return used


def placeholders(text: str) -> set[str]:
    """Return the placeholders of a text."""
    return {found.group() for found in PLACEHOLDER.finditer(text.replace("%%", ""))}


def faults(app: Path, used: Used) -> Iterator[str]:
    """Yield what is wrong with the translations of one app."""
    path = app / "locale" / "id" / "LC_MESSAGES" / "django.po"
    name = path.relative_to(SOURCE.parent.parent)
    try:
        entries = polib.pofile(str(path), encoding="utf-8")
    except OSError as error:
        yield f"{name}: cannot be read: {error}"
        return
    known = {Text(entry.msgctxt or "", entry.msgid): entry for entry in entries if not entry.obsolete}
    for text, place in used.items():
        if text.message and text not in known:
            yield f"{place}: {text.message!r} is not in {name}"
    for text, entry in known.items():
        yield from (f"{name}:{entry.linenum}: {text.message!r} {fault}" for fault in _entry_faults(entry))
        if text not in used:
            yield f"{name}:{entry.linenum}: {text.message!r} is used nowhere"


def _entry_faults(entry: polib.POEntry) -> Iterator[str]:
    wordings = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
    if entry.fuzzy:
        yield "is marked fuzzy"
    if not all(wordings):
        yield "has no translation"
        return
    allowed = placeholders(entry.msgid) | placeholders(entry.msgid_plural or "")
    for wording in wordings:
        extra = placeholders(wording) ^ placeholders(entry.msgid)
        if extra - (allowed if entry.msgid_plural else set()):
            yield f"and its translation differ in {', '.join(sorted(extra))}"


def main() -> int:
    """Print every fault; return 1 when there is one."""
    settings.configure(USE_I18N=False)
    every = apps()
    found = [fault for app in every for fault in faults(app, used_by(app, every))]
    without = [
        f"{app.relative_to(SOURCE.parent.parent)}: texts, but no locale/id"
        for app in sorted(folder.parent for folder in SOURCE.glob("*/apps.py"))
        if app not in every and used_by(app, every)
    ]
    for fault in (*without, *found):
        print(fault, file=sys.stderr)
    if not found and not without:
        print(f"Translations are complete: {len(every)} apps.")
    return bool(found or without)


if __name__ == "__main__":
    raise SystemExit(main())
