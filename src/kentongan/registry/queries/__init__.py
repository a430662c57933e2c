"""All reads of the registry, one file a noun."""

from kentongan.registry.queries import impostors
from kentongan.registry.queries.accounts import account, accounts, connected_accounts, public_accounts, stated_limits
from kentongan.registry.queries.checks import (
    Answer,
    Verdict,
    check,
    place,
    public_unit,
    resembled,
    unit_accounts,
)
from kentongan.registry.queries.custody import custodian_candidates
from kentongan.registry.queries.people import Likeness, consented, grants, has_consent, likenesses, people, person
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
    "Answer",
    "Holdings",
    "Likeness",
    "TierPreview",
    "Verdict",
    "account",
    "accounts",
    "ancestors",
    "changes",
    "check",
    "children",
    "connected_accounts",
    "consented",
    "custodian_candidates",
    "grants",
    "has_consent",
    "holdings",
    "home_unit",
    "impostors",
    "likenesses",
    "organisation",
    "people",
    "person",
    "place",
    "public_accounts",
    "public_unit",
    "resembled",
    "root",
    "stated_limits",
    "tree_preview",
    "unit_accounts",
    "unit_by_code",
    "units",
]
