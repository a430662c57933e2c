"""Looking at a profile for the code: the network call, outside any transaction, between two short actions."""

from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.urls import reverse

from kentongan.channels.contract import ChannelError, NoSuchAccount, Profile, Prover, RetryLater
from kentongan.core import http
from kentongan.core.actor import Actor
from kentongan.registry import actions
from kentongan.registry.actions.proofs import prover
from kentongan.registry.models import Account, Challenge

Finding = Challenge.Finding
TIMEOUT_SECONDS = 6.0
DEADLINE_SECONDS = 12.0
LARGEST_PAGE = 4 << 20
LIMITED = 429


def address(code: str) -> str:
    """Return the address that a profile may link to (rel=me) instead of showing the code."""
    return settings.PUBLIC_URL + reverse("phone:proof", args=(code,))


def shows(profile: Profile, code: str) -> str:
    """Return by which proof the profile shows the code, empty where it does not."""
    if any(code.casefold() in text.casefold() for text in profile.texts):
        return Account.Proof.CODE
    wanted = _bare(address(code))
    return Account.Proof.LINK if any(_bare(link) == wanted for link in profile.links) else ""


def _bare(link: str) -> tuple[str, str]:
    try:
        parts = urlsplit(link)
    except ValueError:  # what people write into profiles need not be an address
        return "", ""
    return (parts.netloc.lower(), parts.path.rstrip("/").lower())


def check(actor: Actor, account_id: int) -> Finding:
    """Look for the code now and write down what was found; at most some twelve seconds for each request.

    Raises NotFound, NotAllowed, Conflict (no live code, no consent) or TooMany (looked just now).
    """
    challenge = actions.begin_check(actor, account_id)
    reader = prover(challenge.account.platform)
    if reader is None:
        return actions.settle_check(actor, challenge, Finding.UNREACHABLE)
    with http.client(
        timeout=TIMEOUT_SECONDS, deadline=DEADLINE_SECONDS, max_bytes=LARGEST_PAGE, unpacked=True
    ) as client:
        finding, said, profile = _look(reader, challenge, client)
    proof = shows(profile, challenge.code) if profile else ""
    if profile is not None:
        finding = Finding.FOUND if proof else Finding.NOT_YET
    return actions.settle_check(actor, challenge, finding, proof=proof, said=said, profile=profile)


def _look(reader: Prover, challenge: Challenge, client: httpx.Client) -> tuple[Finding, str, Profile | None]:
    try:
        return Finding.NOT_YET, "", reader.look(challenge.account.identity, client)
    except NoSuchAccount as error:
        return Finding.ABSENT, error.message, None
    except RetryLater as error:
        limited = error.after is not None or error.response.get("status") == LIMITED
        return Finding.LIMITED if limited else Finding.UNREACHABLE, error.message, None
    except ChannelError as error:
        return Finding.UNREACHABLE, error.message, None
