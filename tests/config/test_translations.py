"""Django puts the translations of all apps into one catalogue: where two differ, one app speaks the other's."""

from collections import defaultdict
from pathlib import Path

import polib

import kentongan

SOURCE = Path(kentongan.__file__).parent


def test_one_text_has_one_translation_in_all_apps() -> None:
    """Where a word means two things, `pgettext` tells them apart; else the apps agree on one translation."""
    said: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for path in SOURCE.glob("**/locale/id/LC_MESSAGES/django.po"):
        app = path.relative_to(SOURCE).parts[0]
        for entry in polib.pofile(str(path)):
            if entry.translated() and not entry.obsolete:
                text = entry.msgstr_plural.get(0, "") if entry.msgid_plural else entry.msgstr
                said[entry.msgctxt or "", entry.msgid][text].add(app)
    assert len(said) > 1000
    clashes = {message: dict(texts) for (_context, message), texts in said.items() if len(texts) > 1}
    assert not clashes
