"""trust.txt: the organisation's own word on which accounts and sites are its own (journallist.net, version 1.7)."""

import zlib
from collections.abc import Container, Iterable, Iterator
from urllib.parse import urljoin

from django.core.cache import cache
from django.urls import reverse

from kentongan.channels import registry as channels
from kentongan.channels.newsroom import queries as newsroom
from kentongan.registry import queries as registry
from kentongan.registry.models import Account

# What the organisation controls is its sites; all else is social media.
KEPT_SECONDS = 120
SITES = frozenset({"website", "wordpress", "newsroom"})


def _address(account: Account) -> str:
    """Return where an account is found; empty when that is not known."""
    if account.url or account.platform not in channels.kinds():
        return account.url
    return channels.get(account.platform).manifest.profile_url.format(handle=account.handle)


def _lines(accounts: Iterable[Account], sites: Container[str]) -> Iterator[str]:
    """Yield a line for each account and site, below a note whose it is and what it rests on."""
    noted = ""
    for account in accounts:
        address = _address(account)
        if not address or address in sites:
            continue
        letter = f"; {account.letter.number}, {account.letter.dated:%Y-%m-%d}" if account.letter else ""
        note = f"# {' '.join((account.unit.name + letter).split())}"
        if note != noted:
            yield note
        noted = note
        yield f"{'control' if account.platform in SITES else 'social'}={address}"


def cached(root: str) -> bytes:
    """Return the file as it was at most KEPT_SECONDS ago, packed in the cache: a national one has 130,000 lines."""
    key = f"trust.txt:{root}"
    packed = cache.get(key)
    if packed is None:
        packed = zlib.compress(document(root).encode())
        cache.set(key, packed, KEPT_SECONDS)
    return zlib.decompress(packed)


def document(root: str) -> str:
    """Return the file for the installation at the address `root`: a line for each site and each account."""
    organisation = registry.organisation()
    name = " ".join(str(organisation or "").split())
    lines = [f"# {name}", "# Official sites and accounts. What is not listed here is not ours."]
    if organisation is not None and organisation.simulated:
        lines.append("# Simulation: all people, posts and accounts here are made up.")
    sites = [urljoin(root, site.get_absolute_url()) for site in newsroom.sites()]
    lines += [f"contact={urljoin(root, reverse('check:report'))}", *(f"control={site}" for site in sites)]
    return "\n".join([*lines, *_lines(registry.public_accounts(), sites)]) + "\n"
