"""Benches: each channel with an account on a real server, a fault proxy in between."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Protocol

import httpx

from kentongan.channels import oauth, registry
from kentongan.channels.contract import App, Credentials
from kentongan.channels.testing import DELAY, Bench, Failure
from kentongan.core import http
from servers.proxy import Fault

MALFORMED = b"<html><h1>It works!</h1>"


def fault(failure: Failure, where: str) -> Fault:
    """Return what the proxy does to the deciding request for a failure."""
    limited = b'{"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}'
    delay = (("Retry-After", str(int(DELAY.total_seconds()))),)
    return {
        Failure.CUT_BEFORE: Fault(where, accept=False),
        Failure.CUT_AFTER: Fault(where, accept=True),
        Failure.HALF_AFTER: Fault(where, accept=True, half=True),
        Failure.MALFORMED_AFTER: Fault(where, accept=True, status=200, body=MALFORMED),
        Failure.ERROR_500_AFTER: Fault(where, accept=True, status=500),
        Failure.REFUSED_400_AFTER: Fault(where, accept=True, status=400),
        Failure.ERROR_500_BEFORE: Fault(where, accept=False, status=500),
        Failure.LIMITED_WITH_DELAY: Fault(where, accept=False, status=429, body=limited, headers=delay),
        Failure.LIMITED_WITHOUT_DELAY: Fault(where, accept=False, status=429, body=limited),
    }[failure]


class SigningIn(Protocol):
    """A stub at which people sign in: where they come back to, and what a person does on the platform's page."""

    redirect: str

    def allow(self, page: str) -> dict[str, str]:
        """Allow the app there, and return what the person comes back with."""
        ...


def enter(kind: str, server: SigningIn, app: App, client: httpx.Client) -> Credentials:
    """Sign in as a person does: allow it on the platform's page, come back with a code."""
    sign_in, verifier = registry.get(kind).sign_in, oauth.new_secret()
    assert sign_in is not None
    asked = {"redirect": server.redirect, "state": oauth.new_secret(), "challenge": oauth.challenge_of(verifier)}
    code = server.allow(sign_in.page(app, **asked))["code"]
    return sign_in.exchange(app, code=code, verifier=verifier, redirect=server.redirect, client=client)


@contextmanager
def signed_in(kind: str, server: SigningIn, app: App, *, handle: str = "", **given: Any) -> Iterator[Bench]:
    """Give a bench of an account that signed in there, of that name where the platform has several.

    `given` is what else a bench has; `expired` are the same credentials, their access token being over.
    """
    with http.client() as client:
        credentials = enter(kind, server, app, client)
        if handle:
            credentials = registry.get(kind).sign_in.pick(credentials, handle, "", client)
        expired = replace(credentials, values={**credentials.values, "access": "sudah-lewat"})
        yield Bench(registry.get(kind), credentials, client, **{"expired": expired, **given})
