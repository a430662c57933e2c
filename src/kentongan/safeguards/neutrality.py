"""Which organisations may campaign at all: neutral bodies have no campaign-for-candidate features.

The registry stores an organisation's kind; here is what follows from it. The same table is in the database trigger
that refuses a campaign item of a neutral organisation (planning's migrations), and a test holds the two together.
"""

from typing import Final

CAMPAIGNING_KINDS: Final = frozenset({"party"})


def allows_campaign(kind: str) -> bool:
    """Whether an organisation of that kind may have campaign content; an unknown kind may not."""
    return kind.lower() in CAMPAIGNING_KINDS
