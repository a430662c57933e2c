"""Every page about one's own way in, walked in Indonesian: no sentence of allauth is left in English."""

import calendar
import re
from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import translation
from django.utils.translation import trans_real

from named_cast import PASSWORD, Cast

# The same word in both languages, a month, or a date's pattern.
MONTHS = "|".join(calendar.month_name[1:])
ALIKE = re.compile(
    rf"^({MONTHS}|[a-z]{{3}}|Email|E-mail|Kode|PIN|WIB.*|[^A-Za-z]*|[A-Z]{{2,}}|.*%[a-z].*|[DjFYHiNMPsut.,: \\/-]+)$"
)


@pytest.fixture
def english(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Collect each text that is asked for in Indonesian and comes back as it was."""
    found: set[str] = set()

    def listen(name: str) -> None:
        original: Callable[..., str] = getattr(trans_real, name)

        def asked(*words: str) -> str:
            answer = original(*words)
            if translation.get_language() == "id" and answer in words and not ALIKE.match(answer):
                found.add(answer)
            return answer

        monkeypatch.setattr(translation._trans, name, asked, raising=False)

    for name in ("gettext", "pgettext", "ngettext"):
        getattr(translation._trans, name)
        listen(name)
    return found


def _ways_in(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _ways_in(entry, route)
        elif isinstance(entry, URLPattern) and route.startswith("akun/") and not re.search(r"[<(^]", route):
            yield f"/{route}"


def _visit(client: Client, english: set[str]) -> dict[str, set[str]]:
    left: dict[str, set[str]] = {}
    for path in sorted(set(_ways_in(get_resolver()))):
        if "logout" in path:
            continue
        english.clear()
        client.get(path, follow=True)
        client.post(path, {}, follow=True)
        if english:
            left[path] = set(english)
    return left


def test_visitors_read_indonesian(cast: Cast, client: Client, english: set[str]) -> None:
    assert not _visit(client, english)


def test_users_read_indonesian(cast: Cast, client: Client, english: set[str]) -> None:
    wulan = cast.user("wulan")
    wulan.set_password(PASSWORD)
    wulan.save()
    client.post("/akun/login/", {"login": wulan.email, "password": PASSWORD})
    before = _visit(client, english)
    client.post("/akun/reauthenticate/?next=/akun/email/", {"password": PASSWORD, "next": "/akun/email/"})
    assert not before | _visit(client, english)
