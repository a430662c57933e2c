"""Every act has a name that people understand, in both languages."""

import ast
from pathlib import Path

import pytest
from django.utils import translation

import kentongan
from kentongan.core import verbs

SOURCE = Path(kentongan.__file__).parent


def _verbs() -> list[str]:
    """Return the verb of every `@action` and every `audit.record(..., verb=...)` in the code."""
    found = {"core.user.sign_in"}
    for path in SOURCE.rglob("*.py"):
        for call in (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)):
            given = [word.value for word in call.keywords if word.arg == "verb"]
            if isinstance(call.func, ast.Name) and call.func.id == "action":
                given.append(call.args[0])
            found.update(str(value.value) for value in given if isinstance(value, ast.Constant))
    return sorted(found)


def test_the_verbs_are_found() -> None:
    assert {"planning.item.approve", "publishing.delivery.recall", "web.profile.change"} <= set(_verbs())


@pytest.mark.parametrize("verb", _verbs())
def test_a_verb_has_a_name_in_both_languages(verb: str) -> None:
    with translation.override("en"):
        english = verbs.describe(verb)
    with translation.override("id"):
        indonesian = verbs.describe(verb)
    assert english != verb
    assert indonesian not in {verb, english}


def test_a_verb_that_nobody_named_is_shown_as_it_is() -> None:
    assert verbs.describe("tests.nobody.named") == "tests.nobody.named"
