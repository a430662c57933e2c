"""All reads of the registry, one file a noun."""

from kentongan.registry.queries.accounts import account, accounts, connected_accounts, public_accounts, stated_limits
from kentongan.registry.queries.custody import custodian_candidates
from kentongan.registry.queries.people import consented, grants, has_consent, people
from kentongan.registry.queries.units import (
    Holdings,
    TierPreview,
    ancestors,
    changes,
    children,
    holdings,
    home_unit,
    organisation,
    root,
    tree_preview,
    unit_by_code,
    units,
)

__all__ = [
    "Holdings",
    "TierPreview",
    "account",
    "accounts",
    "ancestors",
    "changes",
    "children",
    "connected_accounts",
    "consented",
    "custodian_candidates",
    "grants",
    "has_consent",
    "holdings",
    "home_unit",
    "organisation",
    "people",
    "public_accounts",
    "root",
    "stated_limits",
    "tree_preview",
    "unit_by_code",
    "units",
]
