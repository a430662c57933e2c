"""Answering an audit's rules for accounts: from the registry, from public profiles, else left for a person."""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

import httpx
from django.utils.translation import gettext as _

from kentongan.channels.contract import ChannelError, Profile
from kentongan.core import http
from kentongan.registry.actions.proofs import prover
from kentongan.registry.models import Account, Audit, AuditResult
from kentongan.registry.proving import DEADLINE_SECONDS, LARGEST_PAGE, TIMEOUT_SECONDS
from kentongan.registry.rules import Check, Rule, shipped
from kentongan.registry.rules.data import Answer, Context, answer

Verdict = AuditResult.Verdict
LINK = re.compile(r"\b(?:https?://|www\.)\S+|\b[\w-]+(?:\.[\w-]+)*\.(?:go\.id|or\.id|id|org|com|net)\b", re.I)


def client() -> httpx.Client:
    """Return a client for reading public profiles."""
    return http.client(timeout=TIMEOUT_SECONDS, deadline=DEADLINE_SECONDS, max_bytes=LARGEST_PAGE)


def profile_of(account: Account, calls: httpx.Client) -> Profile | None:
    """Return what the account's profile shows to everybody; None where the platform shows it to nobody.

    Raises ChannelError where it could not be read.
    """
    reader = prover(account.platform)
    return reader.look(account.identity, calls) if reader else None


def _host(link: str) -> str:
    return (urlsplit(link if "://" in link else f"https://{link}").hostname or "").removeprefix("www.")


def bio_answer(profile: Profile, sites: Sequence[str]) -> Answer:
    """Return whether a bio is filled in and links to one of the organisation's sites; without known sites, to any."""
    bio = " ".join(profile.texts).strip()
    if not bio:
        return Answer(Verdict.FAILED, _("The bio is empty."))
    found = {host for host in map(_host, [*LINK.findall(bio), *profile.links]) if host}
    known = {_host(site) for site in sites}
    good = (
        {host for host in found if host in known or any(host.endswith(f".{one}") for one in known)} if known else found
    )
    if not good:
        return Answer(Verdict.FAILED, _("No link to an official site: “%(bio)s”") % {"bio": bio[:200]})
    return Answer(Verdict.PASSED, ", ".join(sorted(good)))


def _profile_answer(account: Account, rule: Rule, sites: Sequence[str], calls: httpx.Client) -> Answer:
    try:
        profile = profile_of(account, calls)
    except ChannelError as error:
        return Answer(Verdict.OPEN, _("The profile could not be read: %(why)s") % {"why": error.message})
    if profile is None:
        return Answer(Verdict.OPEN)
    return bio_answer(profile, sites)


def answers(
    account: Account, wanted: Iterable[Rule], context: Context, sites: Sequence[str], calls: httpx.Client
) -> list[tuple[Rule, Answer]]:
    """Return what every rule gives for an account; may call its platform, so never inside a transaction."""
    given = []
    for rule in wanted:
        by_profile = rule.check == Check.PROFILE and rule.applies(account)
        found = _profile_answer(account, rule, sites, calls) if by_profile else answer(account, rule, context)
        given.append((rule, found))
    return given


def row(audit: Audit, account: Account, rule: Rule, found: Answer, context: Context) -> AuditResult:
    """Return the row of one answer, not saved yet."""
    return AuditResult(
        audit=audit,
        account=account,
        rule=rule.id,
        verdict=found.verdict,
        evidence=found.evidence[:500],
        checked_at=context.now,
    )


def is_unread(result: AuditResult) -> bool:
    """Whether a profile should have been read and could not."""
    return result.verdict == Verdict.OPEN and bool(result.evidence) and shipped()[result.rule].check == Check.PROFILE
