"""How people read what was done: each app names the verbs of its actions in `<app>/audit_names.py`."""

from collections.abc import Mapping

from django.utils.functional import Promise

_names: dict[str, str | Promise] = {}


def name(names: Mapping[str, str | Promise]) -> None:
    """Add names: what somebody did, as it follows their own name in a sentence."""
    _names.update(names)


def describe(verb: str) -> str:
    """Return what a verb is called in the reader's language; the verb itself when nobody named it."""
    return str(_names.get(verb, verb))
