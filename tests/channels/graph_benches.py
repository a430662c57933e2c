"""What the contract tests of Meta's platforms share."""

import json
from dataclasses import replace

import httpx

from channels.benches import fault
from kentongan.channels import oauth, registry
from kentongan.channels.contract import App, Credentials
from kentongan.channels.testing import Failure
from servers.graph import REDIRECT, GraphServer
from servers.proxy import Fault

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def enter(kind: str, server: GraphServer, app: App, client: httpx.Client) -> Credentials:
    """Sign in as a person does: allow it on the platform's page, come back with a code."""
    sign_in, verifier = registry.get(kind).sign_in, oauth.new_secret()
    assert sign_in is not None
    page = sign_in.page(app, redirect=REDIRECT, state=oauth.new_secret(), challenge=oauth.challenge_of(verifier))
    back = server.allow(page)
    return sign_in.exchange(app, code=back["code"], verifier=verifier, redirect=REDIRECT, client=client)


def error(code: int, message: str = "Ada masalah", **more: object) -> bytes:
    """Return the body of an error in Graph's form."""
    return json.dumps({"error": {"message": message, "type": "OAuthException", "code": code, **more}}).encode()


def fault_of(failure: Failure, where: str) -> Fault:
    """Return the fault; Graph refuses too many calls with an error of its own."""
    made = fault(failure, where)
    return replace(made, body=error(4, "Application request limit reached")) if made.status == 429 else made
