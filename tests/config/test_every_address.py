"""Every address of the product, opened by every role and by nobody: no failure, and nothing of a stranger's unit."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from kentongan.core.models import User

# Open to everybody by their nature.
PUBLIC = (
    "healthz",
    "akun/",
    "kabar/",
    "cek/",
    "trust.txt",
    ".well-known/trust.txt",
    "m/",
    "api/",
    "t/",
    "temu/h/",
    "luring",
    "sw.js",
    "manifest",
    "bahasa",
    "i18n",
    "offline",
)


def _patterns(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _patterns(entry, route)
        elif isinstance(entry, URLPattern):
            yield route


def _plain() -> list[str]:
    """The addresses that take no argument."""
    return sorted(
        {route for route in _patterns(get_resolver()) if "<" not in route and "(" not in route and "^" not in route}
    )


@pytest.mark.parametrize("who", ["wulan", "arif", "dewi", "hendra", "sari", "maman", "tono", "euis"])
def test_no_address_fails_for_any_role(cast, sign_in: Callable[[User], Client], who: str) -> None:
    client = sign_in(cast.user(who))
    client.raise_request_exception = False
    failed = {}
    for route in _plain():
        if "logout" in route:
            continue
        status = client.get(f"/{route}").status_code
        if status >= 500:
            failed[route] = status
    assert not failed


def test_a_stranger_sees_no_staff_screen(cast, client: Client) -> None:
    opened = {
        route: status
        for route in _plain()
        if route and not route.startswith(PUBLIC) and (status := client.get(f"/{route}").status_code) == 200
    }
    assert not opened
