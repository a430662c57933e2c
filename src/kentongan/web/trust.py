"""trust.txt: the organisation's own word on which accounts and sites are its own (journallist.net, version 1.7)."""

from collections.abc import Iterable, Iterator
from urllib.parse import urljoin

from kentongan.channels import registry as channels
from kentongan.channels.newsroom import queries as newsroom
from kentongan.registry import queries as registry
from kentongan.registry.models import Account


def _address(account: Account) -> str:
    """Return where an account is found; empty when that is not known."""
    if account.url or account.platform not in channels.kinds():
        return account.url
    return channels.get(account.platform).manifest.profile_url.format(handle=account.handle)


def _social(accounts: Iterable[Account]) -> Iterator[str]:
    for account in accounts:
        if address := _address(account):
            yield f"social={address}"


def document(root: str) -> str:
    """Return the file for the installation at the address `root`: a line for each site and each account."""
    organisation = registry.organisation()
    name = " ".join(str(organisation or "").split())
    lines = [f"# {name}", "# Official sites and accounts. What is not listed here is not ours."]
    if organisation is not None and organisation.simulated:
        lines.append("# Simulation: all people, posts and accounts here are made up.")
    sites = [urljoin(root, site.get_absolute_url()) for site in newsroom.sites()]
    known = [f"control={site}" for site in sites]
    social = [line for line in _social(registry.public_accounts()) if line.removeprefix("social=") not in sites]
    return "\n".join([*lines, *known, *dict.fromkeys(social)]) + "\n"
